/* Match lists proper (lib/mail/match.h) are made of tables, so tables cannot be made of them. */
#include "table/dbms_domain.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"
#include "config/lines.h"
#include "table/key.h"

struct dbms_domain {
    struct hash names;  /* folded -> something */
    struct vec tables;  /* struct table * */
};

static bool add_list(struct dbms_domain *d, const char *list, bool is_in_file, struct str *why);

static bool add_file(struct dbms_domain *d, const char *path, struct str *why)
{
    struct lines lines;
    struct str text = {0};
    bool ok = file_read(path, &text, why);

    lines_init(&lines, str_text(&text), text.len);
    for (char *line; ok && (line = lines_next(&lines)) != NULL;)
        ok = add_list(d, line, true, why);
    lines_done(&lines);
    str_done(&text);
    return ok;
}

static void add_name(struct dbms_domain *d, const char *name)
{
    struct str folded = {0};

    key_fold(name, strlen(name), true, &folded);
    hash_putn(&d->names, str_text(&folded), folded.len, d);
    str_done(&folded);
}

static bool add_list(struct dbms_domain *d, const char *list, bool is_in_file, struct str *why)
{
    char *copy = mem_strdup(list), *cursor = copy;
    bool ok = true;

    for (char *word; ok && (word = words_next_braced(&cursor, WORDS_LIST)) != NULL;) {
        if (*word == '/' && !is_in_file)
            ok = add_file(d, word, why);
        else if (strchr(word, ':') != NULL)
            vec_add(&d->tables, table_open(word, TABLE_FOLD | TABLE_UTF8));
        else
            add_name(d, word);
    }
    mem_free(copy);
    return ok;
}

struct dbms_domain *dbms_domain_open(const char *list, struct str *why)
{
    struct dbms_domain *d = mem_zalloc(sizeof(*d));

    if (add_list(d, list, false, why) && d->names.count + d->tables.count > 0)
        return d;
    dbms_domain_close(d);
    return NULL;
}

static void close_table(void *t)
{
    table_close(t);
}

void dbms_domain_close(struct dbms_domain *d)
{
    if (d == NULL)
        return;
    hash_done(&d->names, NULL);
    vec_done(&d->tables, close_table);
    mem_free(d);
}

static enum table_result find_in_tables(const struct dbms_domain *d, const char *domain)
{
    enum table_result result = TABLE_ABSENT;
    struct str value = {0};

    for (size_t i = 0; i < d->tables.count && result == TABLE_ABSENT; i++)
        result = table_find(d->tables.items[i], domain, &value);
    str_done(&value);
    return result;
}

enum table_result dbms_domain_find(const struct dbms_domain *d, const char *key)
{
    const char *at = strrchr(key, '@');
    struct str folded = {0};

    if (d == NULL)
        return TABLE_FOUND;
    if (at == NULL || at == key || at[1] == 0)
        return TABLE_ABSENT;
    key_fold(at + 1, strlen(at + 1), true, &folded);
    bool is_there = hash_getn(&d->names, str_text(&folded), folded.len) != NULL;
    str_done(&folded);
    return is_there ? TABLE_FOUND : find_in_tables(d, at + 1);
}
