/* Private keys in all the forms that are taken; one that parses must sign. */
#include <assert.h>
#include <stdint.h>

#include "dkim/dkim_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char hash[32];
    struct str out = {0}, why = {0};
    struct dkim_key *key = dkim_key_parse((const char *) data, size, &why);

    assert(key != NULL || why.len > 0);
    if (key != NULL) {
        dkim_key_public(key, &out);
        dkim_key_sign(key, hash, &out, &why);
    }
    dkim_key_release(key);
    str_done(&out);
    str_done(&why);
    return 0;
}
