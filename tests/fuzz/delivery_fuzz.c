/* What daemons tell each other: a delivery request, its result, notes and marks. */
#include <stdint.h>

#include "mail/delivery.h"
#include "mail/qmgr_notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *) data, *cursor = bytes;
    struct arena a = {0};
    struct delivery d;
    struct qmgr_note note;
    struct qmgr_mark mark;

    if (delivery_get(&a, bytes, size, &d))
        delivery_get_result(bytes, size, &d);
    while (qmgr_notes_next(&cursor, bytes + size, &note))
        continue;
    for (cursor = bytes; qmgr_notes_next_mark(&cursor, bytes + size, &mark);)
        continue;
    arena_done(&a);
    return 0;
}
