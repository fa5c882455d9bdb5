/* main.cf: logical lines, entries, and the macros in every value. */

#include "base/log.h"
#include "config/macro.h"
#include "config/main_cf.h"

static void drop(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

static const char *look_up(void *context, const char *name)
{
    return main_cf_get(context, name);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct main_cf m = {0};
    struct str out = {0}, why = {0};

    log_remove_sinks();
    log_add_sink(drop, NULL);
    main_cf_parse(&m, "main.cf", (const char *) data, size, &why);
    for (struct hash_entry *e = NULL; (e = hash_next(&m.entries, e)) != NULL;) {
        str_clear(&out);
        macro_expand(e->value, look_up, &m, &out, &why);
    }
    main_cf_done(&m);
    str_done(&out);
    str_done(&why);
    return 0;
}
