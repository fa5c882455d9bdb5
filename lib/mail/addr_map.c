#include "mail/addr_map.h"

#include <strings.h>

#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/addr_find.h"
#include "mail/local_domain.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"

struct addr_map {
    const char *parameter;
    struct addr_find search;
    bool is_extension_kept;
};

static bool is_extension_kept_in(const char *class)
{
    char *words = mem_strdup(conf.propagate_unmatched_extensions), *cursor = words;
    bool is_found = false;

    for (const char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;)
        is_found = is_found || strcasecmp(word, class) == 0;
    mem_free(words);
    return is_found;
}

struct addr_map *addr_map_open(const char *parameter, const char *tables, const char *class)
{
    if (*tables == 0)
        return NULL;
    struct addr_map *m = mem_zalloc(sizeof(*m));
    local_domain_open();
    m->parameter = parameter;
    m->is_extension_kept = is_extension_kept_in(class);
    m->search = (struct addr_find){
        .tables = table_list_open(tables, TABLE_FOLD | (conf.smtputf8_enable ? TABLE_UTF8 : 0)),
        .steps = ADDR_FIND_ADDRESS,
        .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender,
        .is_local = local_domain_for_lookup,
    };
    table_list_set_title(m->search.tables, parameter);
    return m;
}

void addr_map_close(struct addr_map *m)
{
    if (m == NULL)
        return;
    table_list_close(m->search.tables);
    mem_free(m);
}

const char *addr_map_name(const struct addr_map *m)
{
    return m->parameter;
}

/* NULL: trivial-rewrite did not answer. */
static const char *standard_form(struct arena *a, const char *address)
{
    struct str quoted = {0}, standard = {0}, internal = {0};
    const char *result = NULL;

    if (rewrite_address("local", quote_822(address, &quoted), &standard)) {
        quote_remove(&internal, str_text(&standard));
        result = arena_strdup(a, str_text(&internal));
    }
    str_done(&quoted);
    str_done(&standard);
    str_done(&internal);
    return result;
}

static bool add_standard_forms(struct arena *a, const struct vec *from, struct vec *results)
{
    for (size_t i = 0; i < from->count; i++) {
        const char *address = standard_form(a, from->items[i]);
        if (address == NULL)
            return false;
        vec_add(results, (void *) address);
    }
    return true;
}

enum table_result addr_map_find(struct addr_map *m, struct arena *a, const char *address, struct vec *results)
{
    struct str value = {0}, extension = {0};
    struct vec found = {0};
    enum table_result result = addr_find(&m->search, address, &value, &extension);

    if (result == TABLE_FOUND) {
        addr_find_expand(a, address, str_text(&value), str_text(&extension), m->is_extension_kept, &found);
        if (!add_standard_forms(a, &found, results))
            result = TABLE_ERROR;
    }
    vec_done(&found, NULL);
    str_done(&value);
    str_done(&extension);
    return result;
}
