#include "cmd/postconf/catalog.h"

#include <string.h>

#include "config/params.h"
#include "config/service.h"

static void add(struct postconf_catalog *c, const char *name, const char *default_value, enum postconf_class class)
{
    struct hash_entry *slot = hash_slot(&c->names, name, strlen(name));

    if (slot->value != NULL)
        return;
    struct postconf_name *n = arena_new(&c->arena, struct postconf_name);
    *n = (struct postconf_name){slot->key, default_value, class};
    slot->value = n;
}

static void add_service(struct postconf_catalog *c, const struct main_cf *main_cf, const struct master_service *s)
{
    struct str name = {0};

    for (size_t i = 0; i < service_params_count; i++) {
        const struct service_param *p = &service_params[i];
        str_setf(&name, "%s%s", s->name, p->suffix);
        if (p->applies(s) && (p->default_value != NULL || main_cf_get(main_cf, str_text(&name)) != NULL))
            add(c, str_text(&name), p->default_value == NULL ? "0" : p->default_value, POSTCONF_SERVICE);
    }
    str_done(&name);
}

void postconf_catalog_init(struct postconf_catalog *c, const struct main_cf *main_cf, const struct master_cf *master_cf)
{
    *c = (struct postconf_catalog){0};
    for (size_t i = 0; i < params_count; i++)
        add(c, params[i].name, params[i].default_value, POSTCONF_BUILTIN);
    for (size_t i = 0; i < service_specials_count; i++)
        add(c, service_specials[i].name, service_specials[i].default_value, POSTCONF_BUILTIN);
    for (size_t i = 0; i < master_cf->services.count; i++)
        add_service(c, main_cf, master_cf->services.items[i]);
}

void postconf_catalog_add_users(struct postconf_catalog *c, const char *name)
{
    add(c, name, NULL, POSTCONF_USER);
}

const struct postconf_name *postconf_catalog_find(const struct postconf_catalog *c, const char *name)
{
    return hash_get(&c->names, name);
}

static int by_name(const void *a, const void *b)
{
    const struct postconf_name *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

void postconf_catalog_sorted(const struct postconf_catalog *c, struct vec *names)
{
    for (struct hash_entry *e = NULL; (e = hash_next(&c->names, e)) != NULL;)
        vec_add(names, e->value);
    vec_sort(names, by_name);
}

void postconf_catalog_done(struct postconf_catalog *c)
{
    hash_done(&c->names, NULL);
    arena_done(&c->arena);
}
