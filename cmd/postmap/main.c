/* postmap: make and ask lookup tables. See postmap(1). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "cmd/postmap/keys.h"
#include "table/build.h"
#include "table/source.h"
#include "table/tool.h"

struct options {
    const char *query, *delete;
    bool is_list, has_no_fold, has_no_utf8, forces_utf8;
    int keys;            /* enum postmap_keys */
    int flags;           /* enum table_flag */
    struct build build;
};

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...");
}

/* Of flags that exclude each other the last counts. */
static void choose(int *flags, int flag, int other)
{
    *flags = (*flags & ~other) | flag;
}

static void one_action(const struct options *o)
{
    if ((o->query != NULL) + (o->delete != NULL) + o->is_list > 0)
        fatal("specify only one of -s -q or -d");
}

static void take_option(struct options *o, int c)
{
    switch (c) {
    case 'b': o->keys |= POSTMAP_BODY; break;
    case 'c': config_set_dir(optarg); break;
    case 'd': one_action(o); o->delete = optarg; break;
    case 'f': o->has_no_fold = true; break;
    case 'F': o->flags |= TABLE_SRC_RHS_IS_FILE; break;
    case 'h': o->keys |= POSTMAP_HEADERS; break;
    case 'i': o->build.is_incremental = true; break;
    case 'm': o->keys |= POSTMAP_MIME; break;
    case 'n': choose(&o->flags, TABLE_WITHOUT_NUL, TABLE_WITH_NUL); break;
    case 'N': choose(&o->flags, TABLE_WITH_NUL, TABLE_WITHOUT_NUL); break;
    case 'o': o->build.keeps_privileges = true; break;
    case 'p': o->build.has_default_mode = true; break;
    case 'q': one_action(o); o->query = optarg; break;
    case 'r': choose(&o->flags, TABLE_DUP_REPLACE, TABLE_DUP_IGNORE); break;
    case 's': one_action(o); o->is_list = true; break;
    case 'u': o->has_no_utf8 = true; break;
    case 'U': o->forces_utf8 = true; break;
    case 'v': log_verbose++; break;
    case 'w': choose(&o->flags, TABLE_DUP_IGNORE, TABLE_DUP_REPLACE); break;
    default: usage();
    }
}

/* Messages are not UTF-8 by nature: their keys are checked only if that is asked for. */
static void settle_flags(struct options *o)
{
    bool is_message = (o->keys & (POSTMAP_HEADERS | POSTMAP_BODY)) != 0;

    if (!o->has_no_fold)
        o->flags |= TABLE_FOLD;
    if (conf.smtputf8_enable && !o->has_no_utf8 && (!is_message || o->forces_utf8))
        o->flags |= TABLE_UTF8;
}

static enum table_put fill(struct table *t, const char *name, const char *text, size_t len, int flags)
{
    struct source s = {.flags = flags, .suffix = ""};
    enum table_put result = TABLE_STORED;

    reader_open_text(&s.reader, name, text, len);
    for (char *key, *value; result < TABLE_FAILED && source_next(&s, &key, &value);)
        result = table_put(t, key, value);
    source_done(&s);
    return result < TABLE_FAILED ? TABLE_STORED : result;
}

static void create(struct options *o, struct vec *names)
{
    o->build.flags = o->flags;
    for (size_t i = 0; i < names->count; i++) {
        char *type = names->items[i], *colon = strchr(type, ':');
        *colon = 0;
        o->build.type = type;
        o->build.path = colon + 1;
        build_table(&o->build, fill);
    }
}

static bool query(const struct options *o, struct tool *tool)
{
    if (strcmp(o->query, "-") != 0)
        return tool_query(tool, o->query);
    if ((o->keys & (POSTMAP_HEADERS | POSTMAP_BODY)) != 0)
        return postmap_query_message(tool, o->keys);
    return tool_query_stdin(tool);
}

static bool run(struct options *o, struct tool *tool)
{
    if (o->delete != NULL)
        return strcmp(o->delete, "-") == 0 ? tool_delete_stdin(tool) : tool_delete(tool, o->delete);
    if (o->query != NULL)
        return query(o, tool);
    if (o->is_list)
        tool_list(tool);
    else
        create(o, &tool->names);
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    int c;

    log_set_tag("postmap");
    while ((c = getopt(argc, argv, "bc:d:fFhimnNopq:rsuUvw")) > 0)
        take_option(&o, c);
    config_load("postmap", "postmap");
    logging_open("postmap", LOGGING_COMMAND);
    conf.daemon_table_open_error_is_fatal = true;
    if (o.keys != 0 && (o.query == NULL || strcmp(o.query, "-") != 0))
        fatal("specify -b -h or -m only with \"-q -\"");
    if (optind == argc)
        usage();
    settle_flags(&o);
    struct tool tool = {.flags = o.flags, .separator = "\t"};
    for (int i = optind; i < argc; i++)
        vec_add(&tool.names, strchr(argv[i], ':') != NULL
                                 ? mem_strdup(argv[i])
                                 : mem_printf("%s:%s", conf.default_database_type, argv[i]));
    bool ok = run(&o, &tool);
    tool_done(&tool);
    return ok ? 0 : 1;
}
