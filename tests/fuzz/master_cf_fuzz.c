/* master.cf: lines, columns, arguments and the -o settings among them. */

#include "base/log.h"
#include "config/master_cf.h"

static void drop(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct master_cf_defaults d = {.is_chroot = true, .process_limit = 100};
    struct master_cf m = {0};
    struct str name = {0}, why = {0};
    const char *value;

    log_remove_sinks();
    log_add_sink(drop, NULL);
    master_cf_parse(&m, "master.cf", (const char *) data, size, &d, &why);
    for (size_t i = 0; i < m.services.count; i++)
        for (size_t next = 0; master_cf_next_override(m.services.items[i], &next, &name, &value);)
            continue;
    master_cf_done(&m);
    str_done(&name);
    str_done(&why);
    return 0;
}
