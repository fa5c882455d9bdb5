#include "cleanup/alias.h"

#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "mail/addr_map.h"
#include "mail/cleanup_client.h"

static struct addr_map *aliases; /* NULL: there are none */

void cleanup_alias_init(void)
{
    aliases = addr_map_open("virtual_alias_maps", conf.virtual_alias_maps, "virtual");
}

/* One expansion under way. */
struct expansion {
    struct message *message;
    const struct envelope_recipient *from;
    struct vec addresses;      /* const char *: found so far; those not yet looked up are at the end */
    struct hash final;         /* in lower case: what is not looked up again. Aliases may name themselves */
    bool has_failed;
};

/* The operator's mistake, or an attempt to use our memory up. */
static void unreasonable(struct expansion *x, const char *what)
{
    x->has_failed = true;
    log_warn("%s: unreasonable %s %s -- message not accepted, try again later", x->message->queue_id,
        addr_map_name(aliases), what);
    cleanup_message_refuse(x->message, CLEANUP_STAT_DEFER, "4.6.0 Alias expansion error");
}

static void table_failed(struct expansion *x)
{
    x->has_failed = true;
    log_warn("%s: %s map lookup problem for %s -- message not accepted, try again later", x->message->queue_id,
        addr_map_name(aliases), x->from->address);
    cleanup_message_refuse(x->message, CLEANUP_STAT_WRITE, "");
}

/* Addresses are the same whatever their case. */
static const char *fold(struct str *key, const char *address)
{
    str_set(key, address);
    str_lower(key);
    return str_text(key);
}

static void mark_final(struct expansion *x, const char *address)
{
    struct str key = {0};

    hash_put(&x->final, fold(&key, address), x);
    str_done(&key);
}

static bool is_final(const struct expansion *x, const char *address)
{
    struct str key = {0};
    bool is_found = hash_get(&x->final, fold(&key, address)) != NULL;

    str_done(&key);
    return is_found;
}

/* What an address is an alias for: the first takes its place, the others come behind all. */
static void take_results(struct expansion *x, size_t index, const struct vec *results)
{
    const char *alias = x->addresses.items[index];

    for (size_t i = 0; i < results->count && !x->has_failed; i++) {
        const char *result = results->items[i];
        if (strlen(result) > (size_t) conf.virtual_alias_address_length_limit)
            unreasonable(x, arena_printf(&x->message->arena, "result %.300s...", result));
        if (i == 0)
            x->addresses.items[index] = (void *) result;
        else
            vec_add(&x->addresses, (void *) result);
        if (strcasecmp(result, alias) == 0)
            mark_final(x, alias);
    }
}

/* Look one address up; false: it has no alias. */
static bool look_up(struct expansion *x, size_t index)
{
    struct vec results = {0};
    bool is_found = false;

    switch (addr_map_find(aliases, &x->message->arena, x->addresses.items[index], &results)) {
    case TABLE_FOUND:
        is_found = results.count > 0;
        take_results(x, index, &results);
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        table_failed(x);
        break;
    }
    vec_done(&results, NULL);
    return is_found;
}

/* Until the address at index is nobody's alias. */
static void follow(struct expansion *x, size_t index)
{
    struct arena *a = &x->message->arena;

    for (int depth = 0; !x->has_failed && !is_final(x, x->addresses.items[index]); depth++) {
        if (depth >= conf.virtual_alias_recursion_limit)
            unreasonable(x, arena_printf(a, "map nesting for %s", x->from->address));
        else if (!look_up(x, index))
            return;
    }
}

static void expand(struct expansion *x)
{
    struct arena *a = &x->message->arena;

    for (size_t i = 0; i < x->addresses.count && !x->has_failed; i++) {
        if (x->addresses.count > (size_t) conf.virtual_alias_expansion_limit)
            unreasonable(x, arena_printf(a, "map expansion size for %s", x->from->address));
        else
            follow(x, i);
    }
}

void cleanup_alias_expand(struct message *m, const struct envelope_recipient *r,
    void (*each)(void *context, const char *address, const struct envelope_recipient *from), void *context)
{
    struct expansion x = {.message = m, .from = r};

    if (aliases == NULL || *r->address == 0) {
        each(context, r->address, r);
        return;
    }
    vec_add(&x.addresses, (void *) r->address);
    expand(&x);
    for (size_t i = 0; i < x.addresses.count && !x.has_failed; i++)
        each(context, x.addresses.items[i], r);
    vec_done(&x.addresses, NULL);
    hash_done(&x.final, NULL);
}
