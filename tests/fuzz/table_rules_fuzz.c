/* Tables of regular expressions: the first line of the input is the key, the rest the table. */
#include "tests/fuzz/table_file.h"

/* The C library's regcomp() takes any amount of memory for nested repetitions: not ours to find. */
static bool has_repetition(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (strchr("*+{", data[i]) != NULL && data[i] != 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!has_repetition(data, size))
        table_file_ask("regexp", data, size);
    table_file_ask("pcre", data, size);
    return 0;
}
