#include "table/tool.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "table/file_value.h"

/* --- options --- */

/* Of flags that exclude each other the last counts. */
static void choose(struct tool_options *o, int flag, int other)
{
    o->build.flags = (o->build.flags & ~other) | flag;
}

/* Not a second action. */
static void one_action(const struct tool_options *o, const char *message)
{
    if (o->query != NULL || o->delete != NULL || o->is_list)
        fatal("%s", message);
}

static const char one_only[] = "specify only one of -s -q or -d";

bool tool_option(struct tool_options *o, int c)
{
    switch (c) {
    case 'c': config_set_dir(optarg); break;
    case 'd': one_action(o, one_only); o->delete = optarg; break;
    case 'f': o->has_no_fold = true; break;
    case 'i': o->build.is_incremental = true; break;
    case 'n': choose(o, TABLE_WITHOUT_NUL, TABLE_WITH_NUL); break;
    case 'N': choose(o, TABLE_WITH_NUL, TABLE_WITHOUT_NUL); break;
    case 'o': o->build.keeps_privileges = true; break;
    case 'p': o->build.has_default_mode = true; break;
    case 'q': one_action(o, one_only); o->query = optarg; break;
    case 'r': choose(o, TABLE_DUP_REPLACE, TABLE_DUP_IGNORE); break;
    case 's': one_action(o, "specify only one of -s or -q or -d"); o->is_list = true; break;
    case 'u': o->has_no_utf8 = true; break;
    case 'v': log_verbose++; break;
    case 'w': choose(o, TABLE_DUP_IGNORE, TABLE_DUP_REPLACE); break;
    default: return false;
    }
    return true;
}

/* --- asking --- */

/* Tables are opened when they are needed: one behind the table that answers may be unfit. */
static struct table *table_at(struct tool *t, size_t index, int more_flags)
{
    while (t->tables.count <= index)
        vec_add(&t->tables, table_open(t->names.items[t->tables.count], t->flags | more_flags));
    return t->tables.items[index];
}

/* The value as it is shown. False: it is not one, which was warned of. */
static bool decode(const struct tool *t, const struct table *table, const char *key, struct str *value)
{
    struct str content = {0};

    if (value->len == 0) {
        log_warn("table %s: key %s: empty string result is not allowed", table_name(table), key);
        log_warn("table %s should return NO RESULT in case of NOT FOUND", table_name(table));
    }
    if ((t->flags & TABLE_SRC_RHS_IS_FILE) == 0)
        return true;
    bool ok = file_value_decode(str_text(value), &content);
    if (ok) {
        str_clear(value);
        str_add(value, str_text(&content), content.len);
    } else {
        log_warn("table %s: key %s: malformed BASE64 value: %s", table_label(table), key, str_text(value));
    }
    str_done(&content);
    return ok;
}

/* key: NULL, or in front of the value. */
static void show(const struct tool *t, const char *key, const struct str *value)
{
    if (key != NULL) {
        fputs(key, stdout);
        fputs(t->separator, stdout);
    }
    fwrite(str_text(value), 1, value->len, stdout);
    putchar('\n');
}

static bool find(struct tool *t, const char *key, struct str *value)
{
    for (size_t i = 0; i < t->names.count; i++) {
        struct table *table = table_at(t, i, 0);
        switch (table_find(table, key, value)) {
        case TABLE_FOUND:
            if (!decode(t, table, key, value))
                fatal("table %s: query error", table_label(table));
            return true;
        case TABLE_ABSENT:
            break;
        case TABLE_ERROR:
            fatal("table %s: query error%s", table_label(table), table_cause(table));
        }
    }
    return false;
}

static bool query(struct tool *t, const char *key, bool shows_key)
{
    struct str value = {0};
    bool is_found = find(t, key, &value);

    if (is_found)
        show(t, shows_key ? key : NULL, &value);
    str_done(&value);
    return is_found;
}

bool tool_query_line(struct tool *t, const char *key)
{
    return query(t, key, true);
}

/* Do something with every line of standard input; has it worked with one? Who asks line by line, and
 * waits for each answer, gets it; of many lines at once the answers leave at once, too. */
static bool each_line(struct tool *t, bool (*act)(struct tool *t, const char *key))
{
    enum { CHUNK = 64 * 1024 };
    struct str text = {0};
    bool any = false;
    ssize_t n;

    do {
        str_reserve(&text, CHUNK);
        n = read(STDIN_FILENO, text.data + text.len, CHUNK);
        clock_tick();
        if (n > 0)
            str_grow(&text, (size_t) n);
        else if (text.len > 0)
            str_addc(&text, '\n'); /* the last line may lack it */
        char *line = text.data, *end = text.data + text.len, *newline;
        for (; line < end && (newline = memchr(line, '\n', (size_t) (end - line))) != NULL; line = newline + 1) {
            *newline = 0;
            any |= act(t, line);
        }
        str_drop(&text, (size_t) (line - text.data));
        fflush(stdout);
    } while (n > 0);
    str_done(&text);
    return any;
}

bool tool_query_input(struct tool *t)
{
    return each_line(t, tool_query_line);
}

/* The key in every table; false: none had it. */
static bool delete(struct tool *t, const char *key)
{
    bool any = false;

    for (size_t i = 0; i < t->names.count; i++) {
        struct table *table = table_at(t, i, TABLE_WRITE);
        if (!table_can_delete(table))
            fatal("table %s: delete operation is not supported", table_label(table));
        switch (table_delete(table, key)) {
        case TABLE_FOUND:
            any = true;
            break;
        case TABLE_ABSENT:
            break;
        case TABLE_ERROR:
            fatal("table %s: delete error%s", table_label(table), table_cause(table));
        }
    }
    return any;
}

/* All entries of the first table. */
static void list(struct tool *t)
{
    struct table *table = table_at(t, 0, 0);
    struct str key = {0}, value = {0};
    enum table_result result;

    if (!table_can_list(table))
        fatal("table %s: sequence operation is not supported", table_label(table));
    for (bool first = true; (result = table_next(table, first, &key, &value)) == TABLE_FOUND; first = false)
        if (decode(t, table, str_text(&key), &value))
            show(t, str_text(&key), &value);
    if (result == TABLE_ERROR)
        fatal("table %s: sequence error%s", table_label(table), table_cause(table));
    str_done(&key);
    str_done(&value);
}

/* --- a run --- */

static void create(const struct tool *t, const struct tool_options *o, build_fill *fill)
{
    struct build b = o->build;

    b.flags = t->flags;
    for (size_t i = 0; i < t->names.count; i++) {
        char *type = t->names.items[i], *colon = strchr(type, ':');
        *colon = 0;
        b.type = type;
        b.path = colon + 1;
        build_table(&b, fill);
    }
}

bool tool_run(struct tool *t, const struct tool_options *o, build_fill *fill, bool (*query_input)(struct tool *))
{
    if (o->delete != NULL)
        return strcmp(o->delete, "-") == 0 ? each_line(t, delete) : delete(t, o->delete);
    if (o->query != NULL)
        return strcmp(o->query, "-") == 0 ? query_input(t) : query(t, o->query, false);
    if (o->is_list)
        list(t);
    else
        create(t, o, fill);
    return true;
}

void tool_start(struct tool *t, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        vec_add(&t->names, strchr(argv[i], ':') != NULL ? mem_strdup(argv[i])
                                                        : mem_printf("%s:%s", conf.default_database_type, argv[i]));
}

void tool_done(struct tool *t)
{
    for (size_t i = 0; i < t->tables.count; i++)
        table_close(t->tables.items[i]);
    vec_done(&t->tables, NULL);
    vec_done(&t->names, mem_free);
}
