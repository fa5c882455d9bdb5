/* Aliases, .forward and :include: files: lines of destinations. */
#include <stdint.h>

#include "agents/local/destination.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    FILE *file = n == 0 ? NULL : fmemopen((void *) bytes, n, "r");
    struct arena memory = {0};
    struct str line = {0};
    size_t count;

    while (file != NULL && local_destination_read(file, 2048, &line)) {
        const struct destination *list = local_destination_parse(&memory, str_text(&line), &count);
        for (size_t i = 0; i < count; i++)
            if (list[i].text == NULL)
                __builtin_trap();
    }
    if (file != NULL)
        fclose(file);
    str_done(&line);
    arena_done(&memory);
    return 0;
}
