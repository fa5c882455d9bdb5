#include "table/tool.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "table/file_value.h"

/* Tables are opened when they are needed: one behind the table that answers may be unfit. */
static struct table *table_at(struct tool *t, size_t index, int more_flags)
{
    while (t->tables.count <= index)
        vec_add(&t->tables, table_open(t->names.items[t->tables.count], t->flags | more_flags));
    return t->tables.items[index];
}

static void show_value(const struct tool *t, const struct table *table, const char *key, const struct str *value)
{
    struct str content = {0};

    if ((t->flags & TABLE_SRC_RHS_IS_FILE) == 0) {
        puts(str_text(value));
        return;
    }
    if (!file_value_decode(str_text(value), &content)) {
        log_warn("table %s: key %s: malformed BASE64 value: %s", table_label(table), key, str_text(value));
        fatal("table %s: query error", table_label(table));
    }
    fwrite(str_text(&content), 1, content.len, stdout);
    putchar('\n');
    str_done(&content);
}

static bool find(struct tool *t, const char *key, struct table **where, struct str *value)
{
    for (size_t i = 0; i < t->names.count; i++) {
        *where = table_at(t, i, 0);
        switch (table_find(*where, key, value)) {
        case TABLE_FOUND:
            if (value->len == 0) {
                log_warn("table %s: key %s: empty string result is not allowed", table_label(*where), key);
                log_warn("table %s should return NO RESULT in case of NOT FOUND", table_label(*where));
            }
            return true;
        case TABLE_ABSENT:
            break;
        case TABLE_ERROR:
            fatal("table %s: query error", table_label(*where));
        }
    }
    return false;
}

bool tool_query(struct tool *t, const char *key)
{
    struct str value = {0};
    struct table *where;
    bool is_found = find(t, key, &where, &value);

    if (is_found)
        show_value(t, where, key, &value);
    str_done(&value);
    return is_found;
}

bool tool_query_line(struct tool *t, const char *key)
{
    struct str value = {0};
    struct table *where;
    bool is_found = find(t, key, &where, &value);

    if (is_found) {
        printf("%s%s", key, t->separator);
        show_value(t, where, key, &value);
    }
    str_done(&value);
    return is_found;
}

/* Do something with every line; has it worked with one? */
static bool each_line(struct tool *t, bool (*act)(struct tool *t, const char *key))
{
    char *line = NULL;
    size_t room = 0;
    bool any = false;

    for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
        if (line[n - 1] == '\n')
            line[n - 1] = 0;
        any |= act(t, line);
        fflush(stdout);
    }
    free(line);
    return any;
}

bool tool_query_stdin(struct tool *t)
{
    return each_line(t, tool_query_line);
}

bool tool_delete(struct tool *t, const char *key)
{
    bool any = false;

    for (size_t i = 0; i < t->names.count; i++) {
        struct table *table = table_at(t, i, TABLE_WRITE);
        switch (table_delete(table, key)) {
        case TABLE_FOUND:
            any = true;
            break;
        case TABLE_ABSENT:
            break;
        case TABLE_ERROR:
            fatal("table %s: delete error", table_label(table));
        }
    }
    return any;
}

bool tool_delete_stdin(struct tool *t)
{
    return each_line(t, tool_delete);
}

void tool_list(struct tool *t)
{
    struct table *table = table_at(t, 0, 0);
    struct str key = {0}, value = {0};
    enum table_result result;

    if (!table_can_list(table))
        fatal("table %s: sequence operation is not supported", table_label(table));
    for (bool first = true; (result = table_next(table, first, &key, &value)) == TABLE_FOUND; first = false) {
        printf("%s%s", str_text(&key), t->separator);
        show_value(t, table, str_text(&key), &value);
    }
    if (result == TABLE_ERROR)
        fatal("table %s: sequence error", table_label(table));
    str_done(&key);
    str_done(&value);
}

void tool_done(struct tool *t)
{
    for (size_t i = 0; i < t->tables.count; i++)
        table_close(t->tables.items[i]);
    vec_done(&t->tables, NULL);
    vec_done(&t->names, mem_free);
}
