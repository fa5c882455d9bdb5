#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"
#include "table/table.h"

struct table_list {
    char *title;
    struct vec tables; /* struct table * */
};

struct table_list *table_list_open(const char *parameter_value, int flags)
{
    struct table_list *l = mem_zalloc(sizeof(*l));
    struct arena a = {0};
    struct vec names = {0};

    l->title = mem_strdup(parameter_value);
    words_split_braced(&a, parameter_value, WORDS_LIST, &names);
    for (size_t i = 0; i < names.count; i++)
        vec_add(&l->tables, table_open(names.items[i], flags));
    vec_done(&names, NULL);
    arena_done(&a);
    return l;
}

void table_list_close(struct table_list *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->tables.count; i++)
        table_close(l->tables.items[i]);
    vec_done(&l->tables, NULL);
    mem_free(l->title);
    mem_free(l);
}

void table_list_set_title(struct table_list *l, const char *parameter)
{
    mem_free(l->title);
    l->title = mem_strdup(parameter);
}

size_t table_list_count(const struct table_list *l)
{
    return l->tables.count;
}

struct table *table_list_at(const struct table_list *l, size_t index)
{
    return l->tables.items[index];
}

/* An empty result is a mistake in the table: taken for an answer it could, say, make mail go nowhere. */
static enum table_result find_in(const struct table_list *l, struct table *t, const char *key, struct str *value)
{
    enum table_result result = table_find(t, key, value);

    if (result == TABLE_ERROR)
        log_warn("%s lookup error for \"%s\"", table_label(t), key);
    if (result != TABLE_FOUND || value->len > 0)
        return result;
    log_warn("%s lookup of %s returns an empty string result", l->title, key);
    log_warn("%s should return NO RESULT in case of NOT FOUND", l->title);
    return TABLE_ERROR;
}

static enum table_result find(struct table_list *l, const char *key, struct str *value, bool is_part)
{
    str_clear(value);
    if (*key == 0)
        return TABLE_ABSENT;
    for (size_t i = 0; i < l->tables.count; i++) {
        struct table *t = l->tables.items[i];
        if (is_part && table_is_pattern(t))
            continue;
        enum table_result result = find_in(l, t, key, value);
        if (result != TABLE_ABSENT)
            return result;
    }
    return TABLE_ABSENT;
}

enum table_result table_list_find(struct table_list *l, const char *key, struct str *value)
{
    return find(l, key, value, false);
}

enum table_result table_list_find_part(struct table_list *l, const char *key, struct str *value)
{
    return find(l, key, value, true);
}
