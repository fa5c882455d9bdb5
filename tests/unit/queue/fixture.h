/* fixture.h: a queue directory of its own for a test, and messages to put there.
 */
#ifndef QUEUE_FIXTURE_H
#define QUEUE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "config/config.h"
#include "queue/record.h"

static char fixture_dir[] = "/tmp/queue-test.XXXXXX";

static inline int fixture_begin(void **state)
{
    static const char *const queues[] = {"maildrop", "incoming", "active", "deferred", "hold", "corrupt", "saved"};

    (void) state;
    strcpy(fixture_dir + strlen(fixture_dir) - 6, "XXXXXX");
    if (mkdtemp(fixture_dir) == NULL || chdir(fixture_dir) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
        if (mkdir(queues[i], 0700) < 0)
            return -1;
    conf.queue_journal_segment_size = 65536;
    conf.queue_journal_message_limit = 16384;
    conf.queue_minfree = 0;
    conf.hash_queue_names = "deferred, defer";
    conf.hash_queue_depth = 1;
    return 0;
}

static inline int fixture_end(void **state)
{
    struct str command = {0};

    (void) state;
    str_setf(&command, "rm -rf %s", fixture_dir);
    int status = chdir("/") < 0 ? -1 : system(str_text(&command));
    str_done(&command);
    return status;
}

/* A message with so many recipients and bytes of text. */
static inline void fixture_message(struct str *out, int recipients, size_t text)
{
    struct str envelope = {0}, line = {0};
    enum { SIZE_PAYLOAD = 6 * 15 + 5 };

    str_clear(out);
    record_adds(&envelope, REC_TIME, "1700000000 123456");
    record_add_attr(&envelope, "create_time", "1700000000");
    record_adds(&envelope, REC_SENDER, "sender@example.com");
    for (int i = 0; i < recipients; i++) {
        record_addf(&envelope, REC_ORIGINAL, "r%d@example.org", i);
        record_addf(&envelope, REC_RECIPIENT, "r%d@example.org", i);
    }
    record_add(&envelope, REC_MESSAGE, "", 0);
    size_t before = envelope.len;
    for (size_t put = 0; put < text; put += 70) {
        str_clear(&line);
        str_addf(&line, "%-70zu", put);
        record_add(&envelope, REC_LINE, line.data, line.len);
    }
    size_t size = envelope.len - before;
    record_addf(out, REC_SIZE, "%15zu %15zu %15d %15d %15zu %15d", size, before + SIZE_PAYLOAD + 2, recipients, 0, size, 0);
    str_add(out, envelope.data, envelope.len);
    record_add(out, REC_EXTRACTED, "", 0);
    record_add(out, REC_END, "", 0);
    str_done(&envelope);
    str_done(&line);
}

#endif
