/* postalias: make and ask alias databases. See postalias(1). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/postalias/source.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "table/build.h"
#include "table/tool.h"

struct options {
    const char *query, *delete;
    bool is_list, has_no_fold, has_no_utf8;
    int flags; /* enum table_flag */
    struct build build;
};

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postalias [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...");
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
    case 'c': config_set_dir(optarg); break;
    case 'd': one_action(o); o->delete = optarg; break;
    case 'f': o->has_no_fold = true; break;
    case 'i': o->build.is_incremental = true; break;
    case 'n': choose(&o->flags, TABLE_WITHOUT_NUL, TABLE_WITH_NUL); break;
    case 'N': choose(&o->flags, TABLE_WITH_NUL, TABLE_WITHOUT_NUL); break;
    case 'o': o->build.keeps_privileges = true; break;
    case 'p': o->build.has_default_mode = true; break;
    case 'q': one_action(o); o->query = optarg; break;
    case 'r': choose(&o->flags, TABLE_DUP_REPLACE, TABLE_DUP_IGNORE); break;
    case 's': one_action(o); o->is_list = true; break;
    case 'u': o->has_no_utf8 = true; break;
    case 'v': log_verbose++; break;
    case 'w': choose(&o->flags, TABLE_DUP_IGNORE, TABLE_DUP_REPLACE); break;
    default: usage();
    }
}

/* Sendmail takes a database without @:@ for one that is still being made; NIS wants to know how old it is,
 * and who made it, without NULs at the end. */
static enum table_put sign(struct table *t)
{
    char seconds[32];

    snprintf(seconds, sizeof(seconds), "%010ld", (long) clock_wall().tv_sec);
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

static void create(struct options *o, const struct vec *names)
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

static bool run(struct options *o, struct tool *tool)
{
    if (o->delete != NULL)
        return strcmp(o->delete, "-") == 0 ? tool_delete_stdin(tool) : tool_delete(tool, o->delete);
    if (o->query != NULL)
        return strcmp(o->query, "-") == 0 ? tool_query_stdin(tool) : tool_query(tool, o->query);
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

    argv[0] = "postalias"; /* as getopt(3) calls us */
    log_set_tag("postalias");
    while ((c = getopt(argc, argv, "Nc:d:finopq:rsuvw")) > 0)
        take_option(&o, c);
    config_load("postalias", "postalias");
    logging_open("postalias", LOGGING_COMMAND);
    conf.daemon_table_open_error_is_fatal = true;
    if (optind == argc)
        usage();
    o.flags |= (o.has_no_fold ? 0 : TABLE_FOLD) | (conf.smtputf8_enable && !o.has_no_utf8 ? TABLE_UTF8 : 0);
    struct tool tool = {.flags = o.flags, .separator = ":\t"};
    for (int i = optind; i < argc; i++)
        vec_add(&tool.names, strchr(argv[i], ':') != NULL
                                 ? mem_strdup(argv[i])
                                 : mem_printf("%s:%s", conf.default_database_type, argv[i]));
    bool ok = run(&o, &tool);
    tool_done(&tool);
    return ok ? 0 : 1;
}
