/* Canonicalisation: the first byte is the size of the pieces; whole and in pieces must give the same hash. */
#include <assert.h>
#include <stdint.h>

#include "dkim/dkim_canon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str out = {0};

    if (size < 1)
        return 0;
    const char *text = (const char *) data + 1;
    size_t n = size - 1, piece = (size_t) data[0] + 1;
    for (int canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
        struct dkim_body *whole = dkim_canon_body_new((enum dkim_canon) canon);
        struct dkim_body *pieces = dkim_canon_body_new((enum dkim_canon) canon);

        dkim_canon_body_add(whole, text, n);
        for (size_t at = 0; at < n; at += piece)
            dkim_canon_body_add(pieces, text + at, n - at < piece ? n - at : piece);
        assert(memcmp(dkim_canon_body_hash(whole), dkim_canon_body_hash(pieces), DKIM_HASH_LEN) == 0);
        dkim_canon_header((enum dkim_canon) canon, text, n, &out);
        dkim_canon_body_free(whole);
        dkim_canon_body_free(pieces);
    }
    str_done(&out);
    return 0;
}
