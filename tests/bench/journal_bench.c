/* journal_bench.c: how many messages a second one writer stores.
 *
 * journal_bench [DIR [SECONDS]]: messages of 4 KiB in batches of 1, 10, 100, each marked as done in the
 * turn after it was stored, in DIR/journal. For doc/store.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "queue/journal.h"

enum { MESSAGE = 4096, BATCH_MAX = 1000 };
static const int batches[] = {1, 10, 100, 1000};

static uint64_t stored[BATCH_MAX];
static int stored_count;

static void note(void *arg, uint64_t seq, const struct location *where, bool ok)
{
    (void) arg;
    (void) where;
    if (!ok)
        fatal("a message was not stored");
    stored[stored_count++] = seq;
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void run(struct journal *j, int batch, int seconds)
{
    static char image[MESSAGE];
    double cpu = cpu_seconds();
    msec begin = clock_now(), end = clock_after(seconds * 1000);
    long count = 0;

    while (clock_now() < end) {
        int done = stored_count;
        stored_count = 0;
        for (int i = 0; i < done; i++)
            journal_mark_done(j, stored[i]);
        for (int i = 0; i < batch; i++)
            journal_append(j, "12345ABC", image, sizeof(image), note, NULL);
        journal_commit(j);
        clock_tick();
        count += batch;
    }
    double took = (double) (clock_now() - begin) / 1000;
    printf("batches of %4d: %8.0f messages/s, %6.1f us each, %5.2f us CPU each\n", batch, (double) count / took,
        took / (double) count * 1e6, (cpu_seconds() - cpu) / (double) count * 1e6);
}

int main(int argc, char **argv)
{
    struct str why = {0};
    int seconds = argc > 2 ? atoi(argv[2]) : 3;

    if (argc > 1 && chdir(argv[1]) < 0)
        fatal("%s: %m", argv[1]);
    conf.queue_journal_segment_size = 16 * 1024 * 1024;
    conf.queue_journal_message_limit = 1024 * 1024;
    struct journal *j = journal_open(&why);
    if (j == NULL)
        fatal("%s", str_text(&why));
    run(j, 100, 1); /* segments are made */
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
        run(j, batches[i], seconds);
    for (int i = 0; i < stored_count; i++)
        journal_mark_done(j, stored[i]);
    journal_close(j);
    return 0;
}
