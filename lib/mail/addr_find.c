#include "mail/addr_find.h"

#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/quote.h"

/* One search for one address. */
struct search {
    const struct addr_find *f;
    const char *address;
    size_t local_len, user_len; /* user_len == local_len: no extension */
    const char *domain;         /* NULL: none */
    struct str key, quoted;
    struct str *value;
    bool is_extension_left;     /* the key that was found is without it */
};

/* A key in internal form, here in s->key: in external form, and as it is where that differs. */
static enum table_result find_key(struct search *s, bool is_part)
{
    enum table_result (*find)(struct table_list *, const char *, struct str *) =
        is_part ? table_list_find_part : table_list_find;
    const char *key = str_text(&s->key), *external = quote_822(key, &s->quoted);
    enum table_result result = find(s->f->tables, external, s->value);

    return result == TABLE_ABSENT && external != key ? find(s->f->tables, key, s->value) : result;
}

/* A key of the local part up to len, and what follows it. */
static enum table_result find_user(struct search *s, size_t len, const char *rest)
{
    str_clear(&s->key);
    str_add(&s->key, s->address, len);
    str_adds(&s->key, rest);
    enum table_result result = find_key(s, true);
    s->is_extension_left = result == TABLE_FOUND && len != s->local_len;
    return result;
}

static enum table_result full(struct search *s)
{
    str_set(&s->key, s->address);
    return find_key(s, false);
}

static enum table_result no_extension(struct search *s)
{
    if (s->user_len == s->local_len)
        return TABLE_ABSENT;
    return find_user(s, s->user_len, s->address + s->local_len);
}

static enum table_result both_users(struct search *s, const char *at)
{
    enum table_result result = find_user(s, s->local_len, at);

    return result == TABLE_ABSENT && s->user_len != s->local_len ? find_user(s, s->user_len, at) : result;
}

static enum table_result if_local(struct search *s, const char *at)
{
    if (s->domain == NULL)
        return TABLE_ABSENT;
    switch (s->f->is_local(s->f->context, s->domain)) {
    case MATCH_YES:
        return both_users(s, at);
    case MATCH_NO:
        return TABLE_ABSENT;
    case MATCH_ERROR:
        break;
    }
    return TABLE_ERROR;
}

static enum table_result local_user(struct search *s)
{
    return if_local(s, "");
}

static enum table_result local_user_at(struct search *s)
{
    return if_local(s, "@");
}

static enum table_result at_domain(struct search *s)
{
    return s->domain == NULL ? TABLE_ABSENT : table_list_find_part(s->f->tables, s->domain - 1, s->value);
}

/* The parts of a domain from its whole on, which is a part itself to pattern tables or is not. */
static enum table_result find_domain(struct table_list *tables, const char *domain, unsigned steps, bool is_part,
    struct str *value)
{
    for (const char *part = domain; *part != 0; is_part = true) {
        enum table_result result = (is_part ? table_list_find_part : table_list_find)(tables, part, value);
        if (result != TABLE_ABSENT || (steps & (ADDR_FIND_PARENTS | ADDR_FIND_DOT_PARENTS)) == 0)
            return result;
        if ((part = strchr(part + 1, '.')) == NULL)
            break;
        part += (steps & ADDR_FIND_PARENTS) != 0;
    }
    return TABLE_ABSENT;
}

static enum table_result domain(struct search *s)
{
    return s->domain == NULL ? TABLE_ABSENT : find_domain(s->f->tables, s->domain, s->f->steps, true, s->value);
}

static enum table_result user_at(struct search *s)
{
    return s->domain == NULL ? TABLE_ABSENT : both_users(s, "@");
}

static const struct {
    enum addr_find_step step;
    enum table_result (*take)(struct search *s);
} steps[] = {
    {ADDR_FIND_FULL, full},
    {ADDR_FIND_NO_EXTENSION, no_extension},
    {ADDR_FIND_LOCAL_USER, local_user},
    {ADDR_FIND_LOCAL_USER_AT, local_user_at},
    {ADDR_FIND_AT_DOMAIN, at_domain},
    {ADDR_FIND_DOMAIN, domain},
    {ADDR_FIND_USER_AT, user_at},
};

enum table_result addr_find(const struct addr_find *f, const char *address, struct str *value, struct str *extension)
{
    struct search s = {.f = f,
        .address = address,
        .local_len = address_local_len(address),
        .domain = address_domain(address),
        .value = value};
    enum table_result result = TABLE_ABSENT;

    s.user_len = s.local_len;
    if ((f->steps & ADDR_FIND_NO_EXTENSION) != 0)
        s.user_len = address_user_len(address, s.local_len, f->delimiters, f->double_bounce);
    for (size_t i = 0; i < ARRAY_SIZE(steps) && result == TABLE_ABSENT; i++)
        if ((f->steps & steps[i].step) != 0)
            result = steps[i].take(&s);
    if (extension != NULL)
        str_clear(extension);
    if (extension != NULL && s.is_extension_left)
        str_add(extension, address + s.user_len, s.local_len - s.user_len);
    str_done(&s.key);
    str_done(&s.quoted);
    return result;
}

static char *with_extension(struct arena *a, const char *address, const char *extension)
{
    size_t len = address_local_len(address);

    return arena_printf(a, "%.*s%s%s", (int) len, address, extension, address + len);
}

void addr_find_expand(struct arena *a, const char *address, const char *result, const char *extension,
    bool is_propagated, struct vec *addresses)
{
    const char *added = is_propagated ? extension : "";

    if (*result == '@') {
        size_t user_len = address_local_len(address) - strlen(extension);
        vec_add(addresses, arena_printf(a, "%.*s%s%s", (int) user_len, address, added, result));
        return;
    }
    struct address_list *list = address_list_parse(a, result, 0);
    for (size_t i = 0; i < address_list_count(list); i++)
        vec_add(addresses, with_extension(a, address_list_internal(list, i), added));
}

enum table_result addr_find_domain(struct table_list *tables, const char *name, bool is_parent, struct str *value)
{
    return find_domain(tables, name, is_parent ? ADDR_FIND_PARENTS : ADDR_FIND_DOT_PARENTS, false, value);
}

enum table_result addr_find_network(struct table_list *tables, const char *address, struct str *value)
{
    struct str part = {0};
    char separator = strchr(address, ':') != NULL ? ':' : '.';
    enum table_result result = table_list_find(tables, address, value);

    str_set(&part, address);
    for (const char *cut; result == TABLE_ABSENT && (cut = strrchr(str_text(&part), separator)) != NULL;) {
        str_cut(&part, (size_t) (cut - part.data));
        result = table_list_find_part(tables, str_text(&part), value);
    }
    str_done(&part);
    return result;
}
