/* What servers of tables answer: the first byte of the input picks the protocol, the rest is the answer. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/net.h"
#include "config/config.h"
#include "table/table.h"

enum { MAX_ANSWER = 4000 };

static struct answer {
    int listener;
    uint8_t data[MAX_ANSWER]; /* the thread may still be at it when the input has gone */
    size_t size;
} answer;

static void drop(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

/* The far end: a question is taken, the answer sent, and that is the end of it. */
static void *serve(void *arg)
{
    char question[1024];

    (void) arg;
    for (;;) {
        int fd = accept(answer.listener, NULL, NULL);
        if (fd >= 0 && read(fd, question, sizeof(question)) > 0)
            (void) !write(fd, answer.data, answer.size);
        close(fd);
    }
    return NULL;
}

static const char *const tables[] = {"socketmap:unix:/tmp/table_servers_fuzz.socket:name",
    "memcache:/tmp/table_servers_fuzz.memcache", "redis:/tmp/table_servers_fuzz.redis"};

static void start(void)
{
    static const char parameters[] = "%s = unix:/tmp/table_servers_fuzz.socket\nmax_try = 1\n";
    static const char *const kinds[] = {"memcache", "redis"};
    struct net_addr a;
    struct str why = {0};
    pthread_t thread;

    log_remove_sinks();
    log_add_sink(drop, NULL);
    conf.socketmap_max_query_size = 10000;
    conf.socketmap_max_reply_size = 100000;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        char *text = mem_printf(parameters, kinds[i]), *path = mem_printf("/tmp/table_servers_fuzz.%s", kinds[i]);
        if (!file_replace(path, text, strlen(text), 0600, &why))
            abort();
        mem_free(text);
        mem_free(path);
    }
    unlink("/tmp/table_servers_fuzz.socket");
    if (!net_unix(&a, "/tmp/table_servers_fuzz.socket"))
        abort();
    answer.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(answer.listener, &a.sa, a.len) < 0 || listen(answer.listener, 16) < 0 ||
        pthread_create(&thread, NULL, serve, NULL) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str value = {0};

    if (answer.listener == 0)
        start();
    if (size < 1 || size > MAX_ANSWER)
        return 0;
    memcpy(answer.data, data + 1, size - 1);
    answer.size = size - 1;
    struct table *t = table_open(tables[data[0] % ARRAY_SIZE(tables)], TABLE_FOLD | TABLE_UTF8);
    table_find(t, "key", &value);
    table_close(t);
    str_done(&value);
    return 0;
}
