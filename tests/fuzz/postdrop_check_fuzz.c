/* Records that strangers give to postdrop. */
#include <stdint.h>

#include "cmd/postdrop/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct postdrop_check check = {0};
    struct str why = {0};
    struct record r;

    for (size_t next = 0; record_next((const char *) data, size, &next, &r) == RECORD_OK;)
        if (postdrop_check_record(&check, &r, &why) == POSTDROP_REFUSE)
            break;
    str_done(&why);
    return 0;
}
