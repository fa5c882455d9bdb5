/* cidr tables: the first line of the input is the key, the rest the table. */
#include "tests/fuzz/table_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    table_file_ask("cidr", data, size);
    return 0;
}
