/* postalias: make and ask alias databases. See postalias(1). */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/postalias/source.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "table/direct.h"
#include "table/tool.h"

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postalias [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...");
}

/* Sendmail takes a database without @:@ for one that is still being made; NIS wants to know how old it is,
 * and who made it, without NULs at the end. */
static enum table_put sign(struct table *t)
{
    char seconds[32];

    snprintf(seconds, sizeof(seconds), "%010ld", (long) clock_wall().tv_sec);
    if (table_can_delete(t))
        table_delete(t, "@"); /* a database that gets more entries has it */
    enum table_put result = table_put(t, "@", "@");
    if (result < TABLE_FAILED)
        result = table_put_bare(t, "YP_LAST_MODIFIED", seconds);
    if (result < TABLE_FAILED)
        result = table_put_bare(t, "YP_MASTER_NAME", conf.myhostname);
    return result;
}

static enum table_put fill(struct table *t, const char *name, const char *text, size_t len, int flags)
{
    struct postalias_source s = {.is_utf8 = (flags & TABLE_UTF8) != 0};
    enum table_put result = TABLE_STORED;
    const char *key, *value;

    reader_open_text(&s.reader, name, text, len);
    while (result < TABLE_FAILED && postalias_source_next(&s, &key, &value))
        result = table_put(t, key, value);
    postalias_source_done(&s);
    if (result < TABLE_FAILED)
        result = sign(t);
    return result < TABLE_FAILED ? TABLE_STORED : result;
}

int main(int argc, char **argv)
{
    struct tool_options o = {0};
    struct tool tool = {.separator = ":\t"};
    int c;

    argv[0] = "postalias"; /* as getopt(3) calls us */
    log_set_tag("postalias");
    while ((c = getopt(argc, argv, TOOL_OPTIONS)) > 0)
        if (!tool_option(&o, c))
            usage();
    config_load("postalias", "postalias");
    direct_use();
    logging_open("postalias", LOGGING_COMMAND);
    conf.daemon_table_open_error_is_fatal = true;
    if (optind == argc)
        usage();
    tool.flags = o.build.flags | (o.has_no_fold ? 0 : TABLE_FOLD) |
                 (conf.smtputf8_enable && !o.has_no_utf8 ? TABLE_UTF8 : 0);
    tool_start(&tool, argc - optind, argv + optind);
    bool ok = tool_run(&tool, &o, fill, tool_query_input);
    tool_done(&tool);
    return ok ? 0 : 1;
}
