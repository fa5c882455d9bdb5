/* message.h: a message in memory, for tests of what is done with one; and a folder to do it in.
 */
#ifndef TESTS_DELIVER_MESSAGE_H
#define TESTS_DELIVER_MESSAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "deliver/copy.h"
#include "queue/record.h"
#include "tests/unit/test.h"

static char folder[] = "/tmp/deliver-test.XXXXXX";

static inline int make_folder(void **state)
{
    (void) state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    conf.stale_lock_time = 500;
    conf.deliver_lock_attempts = 1;
    return mkdtemp(folder) == NULL || chdir(folder) < 0 ? -1 : 0;
}

static inline int remove_folder(void **state)
{
    char command[100];

    (void) state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") < 0 || system(command) != 0 ? -1 : 0;
}

/* Records of a content: a line each; one that ends in '\\' goes on in the next record. */
static inline void add_content(struct str *bytes, const char *const *lines)
{
    for (; *lines != NULL; lines++) {
        size_t n = strlen(*lines);
        bool is_part = n > 0 && (*lines)[n - 1] == '\\';
        record_add(bytes, is_part ? REC_PART : REC_LINE, *lines, is_part ? n - 1 : n);
    }
    record_add(bytes, REC_EXTRACTED, "", 0);
    record_add(bytes, REC_END, "", 0);
}

static inline struct copy copy_of(const struct str *bytes, unsigned flags)
{
    return (struct copy){.flags = flags, .sender = "a b@x.example", .original = "o@x.example",
        .delivered = "d@x.example", .message = {.bytes = bytes->data, .n = bytes->len}, .default_status = "5.2.0"};
}

#endif
