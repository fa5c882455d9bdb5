/* postmap: make and ask lookup tables. See postmap(1). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "cmd/postmap/keys.h"
#include "table/source.h"
#include "table/direct.h"
#include "table/tool.h"

static struct tool_options options;
static bool forces_utf8;
static int keys; /* enum postmap_keys */

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...");
}

static void take_option(int c)
{
    switch (c) {
    case 'b': keys |= POSTMAP_BODY; break;
    case 'F': options.build.flags |= TABLE_SRC_RHS_IS_FILE; break;
    case 'h': keys |= POSTMAP_HEADERS; break;
    case 'm': keys |= POSTMAP_MIME; break;
    case 'U': forces_utf8 = true; break;
    default:
        if (!tool_option(&options, c))
            usage();
    }
}

static bool has_message_keys(void)
{
    return (keys & (POSTMAP_HEADERS | POSTMAP_BODY)) != 0;
}

/* Messages are not UTF-8 by nature: their keys are checked only if that is asked for. */
static int flags(void)
{
    bool is_utf8 = conf.smtputf8_enable && !options.has_no_utf8 && (!has_message_keys() || forces_utf8);

    return options.build.flags | (options.has_no_fold ? 0 : TABLE_FOLD) | (is_utf8 ? TABLE_UTF8 : 0);
}

static bool query_input(struct tool *t)
{
    return has_message_keys() ? postmap_query_message(t, keys) : tool_query_input(t);
}

static enum table_put fill(struct table *t, const char *name, const char *text, size_t len, int table_flags)
{
    struct source s = {.flags = table_flags, .suffix = ""};
    enum table_put result = TABLE_STORED;

    reader_open_text(&s.reader, name, text, len);
    for (char *key, *value; result < TABLE_FAILED && source_next(&s, &key, &value);)
        result = table_put(t, key, value);
    source_done(&s);
    return result < TABLE_FAILED ? TABLE_STORED : result;
}

int main(int argc, char **argv)
{
    struct tool tool = {.separator = "\t"};
    int c;

    log_set_tag("postmap");
    while ((c = getopt(argc, argv, TOOL_OPTIONS "bFhmU")) > 0)
        take_option(c);
    config_load("postmap", "postmap");
    direct_use();
    logging_open("postmap", LOGGING_COMMAND);
    conf.daemon_table_open_error_is_fatal = true;
    if (keys != 0 && (options.query == NULL || strcmp(options.query, "-") != 0))
        fatal("specify -b -h or -m only with \"-q -\"");
    if (optind == argc)
        usage();
    tool.flags = flags();
    tool_start(&tool, argc - optind, argv + optind);
    bool ok = tool_run(&tool, &options, fill, query_input);
    tool_done(&tool);
    return ok ? 0 : 1;
}
