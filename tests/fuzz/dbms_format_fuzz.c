/* Templates of database tables: "template NUL key NUL value". */
#include <stdint.h>

#include "table/dbms_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = {0}, out = {0}, why = {0};
    struct dbms_needs needs = {0};
    const char *parts[3];

    str_add(&text, (const char *) data, n);
    str_add(&text, "\0\0", 3);
    parts[0] = text.data;
    for (int i = 1; i < 3; i++)
        parts[i] = parts[i - 1] + strlen(parts[i - 1]) + 1;
    if (dbms_format_check("t", parts[0], false, &needs, &why)) {
        struct dbms_expansion e = {.type = "t", .name = "n", .needs = &needs, .format = parts[0], .key = parts[1],
            .value = parts[2]};
        dbms_format_expand(&e, &out);
    }
    str_done(&text);
    str_done(&out);
    str_done(&why);
    return 0;
}
