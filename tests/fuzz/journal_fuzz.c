/* Journal segments: the input is what follows the header; entries get the marks of good ones, so that
 * their contents are reached, unless their first byte says otherwise. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "queue/entry.h"
#include "queue/recover.h"

enum { LEAVE_ALONE = 0xff };

/* Into a directory of our own; what is returned leads back, where the fuzzer has its files. */
static int enter_own_directory(void)
{
    static char dir[] = "/tmp/journal-fuzz.XXXXXX";
    static int is_made;
    int before = open(".", O_RDONLY | O_DIRECTORY);

    if (!is_made)
        assert(mkdtemp(dir) != NULL && chdir(dir) == 0 && mkdir("journal", 0700) == 0 && mkdir("journal/1", 0700) == 0);
    is_made = 1;
    assert(before >= 0 && chdir(dir) == 0);
    return before;
}

static void seal_entries(struct str *segment, uint64_t stamp)
{
    struct entry_header e;

    for (uint64_t at = ENTRY_BLOCK; at + sizeof(e) <= segment->len; at = entry_end(at, e.length)) {
        memcpy(&e, segment->data + at, sizeof(e));
        uint64_t room = segment->len - at - sizeof(e);
        e.length = (uint32_t) (room == 0 ? 0 : e.length % room);
        e.stamp = stamp;
        e.type = e.type % 2 + ENTRY_MESSAGE;
        if ((unsigned char) segment->data[at] == LEAVE_ALONE)
            continue;
        entry_seal(&e, segment->data + at + sizeof(e));
        memcpy(segment->data + at, &e, sizeof(e));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segment_header h;
    struct str segment = {0}, why = {0};
    struct recovery r;

    int before = enter_own_directory();
    entry_begin_segment(&h, 1, 1, 1, true);
    memset(str_grow(&segment, ENTRY_BLOCK), 0, ENTRY_BLOCK);
    memcpy(segment.data, &h, sizeof(h));
    str_add(&segment, (const char *) data, size);
    seal_entries(&segment, h.stamp);
    int fd = open("journal/1/000001", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert(write(fd, segment.data, segment.len) == (ssize_t) segment.len);
    close(fd);
    for (int verify = 0; verify < 2; verify++) {
        assert(recover_slot(&r, 1, verify, &why));
        for (size_t i = 0; i < r.message_count; i++)
            assert(r.messages[i].where.offset + r.messages[i].where.length <= segment.len);
        recover_done(&r);
    }
    assert(fchdir(before) == 0);
    close(before);
    str_done(&segment);
    str_done(&why);
    return 0;
}
