/* The source of an alias database, which may be anybody's. */
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "cmd/postalias/source.h"

static void be_silent(void *context, const struct log_line *lines, size_t count)
{
    (void) context, (void) lines, (void) count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct postalias_source s = {.is_utf8 = size % 2 != 0};
    const char *key, *value;

    log_remove_sinks();
    log_add_sink(be_silent, NULL);
    reader_open_text(&s.reader, "aliases", (const char *) data, size);
    while (postalias_source_next(&s, &key, &value))
        if (*key == 0 || strlen(value) == 0)
            __builtin_trap();
    postalias_source_done(&s);
    return 0;
}
