/* Queue files: the envelope, in one go and in portions, must come to the same. */
#include <assert.h>
#include <stdint.h>

#include "queue/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct str why = {0};
    struct envelope whole, part;
    struct envelope_recipient *more;
    const char *bytes = (const char *) data;
    uint64_t next;
    size_t count;

    if (envelope_read(&a, bytes, size, 0, &whole, NULL, &why)) {
        assert(envelope_read(&a, bytes, size, 2, &part, &next, &why));
        size_t total = part.recipient_count;
        while (next != 0 && envelope_more(&a, bytes, size, &part, &next, 2, &more, &count, &why))
            total += count;
        /* A file whose pointers lead back over its recipients has more of them from some places. */
        assert(total >= whole.recipient_count || next == 0);
    }
    envelope_read_submission(&a, bytes, size, &whole, &why);
    arena_done(&a);
    str_done(&why);
    return 0;
}
