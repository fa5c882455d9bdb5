/* What showq makes of a queue file and of its log: lists of names and values that a reader can take apart again. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "services/showq/message.h"

static void no_log(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

/* The second half is the defer log, too. Seeds are read between runs, from where we were: so the queue is entered and left. */
static int enter_queue(const uint8_t *data, size_t size)
{
    static char folder[] = "/tmp/showq_fuzz.XXXXXX";
    static bool is_made;
    struct str why = {0};
    int home = open(".", O_PATH | O_CLOEXEC);

    if (home < 0 || (!is_made && mkdtemp(folder) == NULL) || chdir(folder) < 0 || (!is_made && mkdir("defer", 0700) < 0))
        abort();
    is_made = true;
    if (!file_replace("defer/4b2Wq05X1Gz9", (const char *) data + size / 2, size - size / 2, 0600, &why))
        abort();
    return home;
}

static void leave_queue(int home)
{
    if (fchdir(home) < 0)
        abort();
    close(home);
}

/* Names come in their order, each with a value; the last list is ended. */
static void check(const struct str *out)
{
    const char *at = str_text(out), *end = at + out->len;

    while (at < end) {
        size_t name = strlen(at) + 1;
        at += name;
        if (name > 1) {
            assert(at < end);
            at += strlen(at) + 1;
        }
        assert(at <= end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct showq_message m = {.queue = "deferred", .id = "4b2Wq05X1Gz9"};
    struct stream s;
    struct str why = {0};

    log_remove_sinks();
    log_add_sink(no_log, NULL);
    int home = enter_queue(data, size);
    conf.empty_address_recipient = "MAILER-DAEMON";
    conf.hash_queue_names = "";
    conf.duplicate_filter_limit = 3;
    stream_init(&s, -1, 1000);
    m.reader = (struct record_reader){.bytes = (const char *) data, .n = size};
    showq_message_has_recipient(&m);
    showq_message_put(&s, &m);
    check(&s.out);
    record_explain((const char *) data, size, size / 2, &why);
    str_done(&why);
    stream_done(&s);
    leave_queue(home);
    return 0;
}
