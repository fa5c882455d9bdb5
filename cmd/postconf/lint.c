#include "cmd/postconf/lint.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "cmd/postconf/dbms.h"
#include "cmd/postconf/files.h"
#include "config/config.h"
#include "config/macro.h"

/* The -o settings of one service: names that it does not find here it looks for in main.cf. */
struct postconf_local {
    struct main_cf settings;
    struct hash used; /* the user's own names among them -> non-NULL */
};

/* Where a reference stands. */
struct scope {
    struct postconf_lint *l;
    struct postconf_local *local; /* NULL: in main.cf */
    const char *where;            /* for warnings about braces */
    bool is_default;              /* which may name what nobody set */
    struct eval eval;
};

static bool is_set_here(const struct scope *s, const char *name)
{
    return s->local != NULL && main_cf_get(&s->local->settings, name) != NULL;
}

static void refer(struct scope *s, const char *name)
{
    struct postconf_lint *l = s->l;

    if (postconf_catalog_find(l->catalog, name) != NULL)
        return;
    if (s->local == NULL)
        hash_put(&l->referred, name, l);
    if (is_set_here(s, name))
        hash_put(&s->local->used, name, s->local);
    else if (main_cf_get(l->main_cf, name) != NULL)
        postconf_catalog_add_users(l->catalog, name);
    else if (s->is_default)
        hash_put(&l->of_old, name, l);
    else if (hash_get(&l->of_old, name) == NULL)
        log_warn("%s: undefined parameter: %s", s->local == NULL ? l->main_path : l->master_path, name);
}

/* Nothing wrong if it is not there. */
static void refer_if_set(void *context, const char *name)
{
    struct scope *s = context;

    if (is_set_here(s, name) || main_cf_get(s->l->main_cf, name) != NULL)
        refer(s, name);
}

/* Every $name in the text, also in branches that would not be taken. */
static void refer_macros(struct scope *s, const char *text)
{
    struct str name = {0};

    for (const char *at = text; (at = strchr(at, '$')) != NULL;) {
        at++;
        if (*at == '$') {
            at++;
            continue;
        }
        if (*at == '{' || *at == '(')
            at += 1 + strspn(at + 1, WORDS_SPACE);
        str_clear(&name);
        for (; isalnum((unsigned char) *at) || *at == '_'; at++)
            str_addc(&name, *at);
        if (name.len > 0 && *at != '{') /* ${function{text}} */
            refer(s, str_text(&name));
    }
    str_done(&name);
}

/* Not empty, a number, and a compatibility level: nothing to stumble over. */
static const char *any_value(void *context, const char *name)
{
    (void) context;
    (void) name;
    return "0";
}

static bool is_well_formed(const char *value)
{
    struct str out = {0}, why = {0};
    bool ok = macro_expand(value, any_value, NULL, &out, &why);

    if (!ok)
        log_warn("%s", str_text(&why));
    str_done(&out);
    str_done(&why);
    return ok;
}

static bool is_raw(const char *name)
{
    const struct param *p = params_find(name);

    return p != NULL && p->class == PARAM_RAW;
}


static void scan_table(void *context, const struct postconf_dbms *d, const char *source)
{
    struct scope *s = context;

    if (*source != '/') {
        postconf_dbms_names(d, source, refer_if_set, s);
        return;
    }
    const char *table = arena_printf(&s->l->arena, "%s:%s", d->type, source);
    if (hash_put(&s->l->files, table, s->l) == NULL)
        postconf_dbms_check_file(d, source, s->l->is_quiet);
}

/* A value that will not be expanded refers to nothing, and tables are only in those of parameters that exist. */
static void scan_setting(struct scope *s, const char *name, const char *raw)
{
    struct str value = {0};

    if (is_raw(name))
        return;
    if (is_well_formed(raw))
        refer_macros(s, raw);
    if (postconf_catalog_find(s->l->catalog, name) == NULL)
        return;
    postconf_expand(&s->eval, raw, &value);
    postconf_dbms_find(str_text(&value), s->where, scan_table, s);
    str_done(&value);
}

static void scan_settings(struct scope *s, const struct main_cf *settings)
{
    struct vec names = {0};

    for (struct hash_entry *e = NULL; (e = hash_next(&settings->entries, e)) != NULL;)
        vec_add(&names, e->key);
    vec_sort_texts(&names);
    for (size_t i = 0; i < names.count; i++)
        scan_setting(s, names.items[i], main_cf_get(settings, names.items[i]));
    vec_done(&names, NULL);
}

/* Some service has a setting of that name, which is not main.cf's then. */
static bool is_override(const struct postconf_lint *l, const char *wanted)
{
    struct str name = {0};
    const char *value;
    bool is_found = false;

    for (size_t i = 0; !is_found && i < l->master_cf->services.count; i++) {
        const struct master_service *service = l->master_cf->services.items[i];
        for (size_t next = 0; !is_found && master_cf_next_override(service, &next, &name, &value);)
            is_found = strcmp(str_text(&name), wanted) == 0;
    }
    str_done(&name);
    return is_found;
}

/* What smtpd_restriction_classes names is used. */
static void scan_classes(struct scope *s, struct hash *classes, const struct main_cf *settings)
{
    const char *list = main_cf_get(settings, "smtpd_restriction_classes");
    struct str value = {0};
    struct arena arena = {0};
    struct vec words = {0};

    if (list == NULL || !is_well_formed(list))
        return;
    postconf_expand(&s->eval, list, &value);
    words_split(&arena, str_text(&value), WORDS_LIST, &words);
    for (size_t i = 0; i < words.count; i++) {
        const char *name = words.items[i];
        hash_put(classes, name, s);
        if (s->local != NULL || main_cf_get(s->l->main_cf, name) != NULL || !is_override(s->l, name))
            refer(s, name);
    }
    vec_done(&words, NULL);
    str_done(&value);
    arena_done(&arena);
}

static struct eval eval_main(const struct postconf_lint *l)
{
    return (struct eval){.file = l->main_cf, .program = "postconf", .service_name = "", .config_dir = config_dir()};
}

/* Calls visit for each default that has macros in it. */
static void each_default(struct scope *s, void (*visit)(struct scope *s, const struct postconf_name *n))
{
    struct vec names = {0};

    postconf_catalog_sorted(s->l->catalog, &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct postconf_name *n = names.items[i];
        if (n->default_value != NULL && strchr(n->default_value, '$') != NULL && !is_raw(n->name))
            visit(s, n);
    }
    vec_done(&names, NULL);
}

static void refer_default(struct scope *s, const struct postconf_name *n)
{
    refer_macros(s, n->default_value);
}

/* What a default depends on may be wrong. */
static void expand_default(struct scope *s, const struct postconf_name *n)
{
    struct str value = {0};

    if (main_cf_get(s->l->main_cf, n->name) == NULL)
        postconf_expand(&s->eval, n->default_value, &value);
    str_done(&value);
}

static void scan_main(struct postconf_lint *l)
{
    struct scope s = {.l = l, .where = "main.cf", .eval = eval_main(l)};

    s.is_default = true;
    each_default(&s, refer_default);
    s.is_default = false;
    scan_classes(&s, &l->classes, l->main_cf);
    scan_settings(&s, l->main_cf);
    each_default(&s, expand_default);
    eval_done(&s.eval);
}

static void scan_service(struct postconf_lint *l, const struct master_service *service)
{
    struct postconf_local *local = arena_new(&l->arena, struct postconf_local);
    struct main_cf all = {0};
    struct scope s = {.l = l, .local = local, .eval = {.file = &all, .program = service->command,
        .service_name = service->name, .config_dir = config_dir()}};

    s.where = arena_printf(&l->arena, "master.cf:%s/%s", service->name, service->columns[MASTER_TYPE]);
    vec_add(&l->locals, local);
    postconf_files_settings(&local->settings, NULL, service);
    postconf_files_settings(&all, l->main_cf, service);
    scan_classes(&s, &local->used, &local->settings);
    scan_settings(&s, &local->settings);
    eval_done(&s.eval);
    main_cf_done(&all);
}

void postconf_lint_find_users(struct postconf_lint *l)
{
    scan_main(l);
    for (size_t i = 0; i < l->master_cf->services.count; i++)
        scan_service(l, l->master_cf->services.items[i]);
}

static void warn_unused(
    const struct postconf_lint *l, const struct main_cf *settings, const struct hash *used, const char *path)
{
    struct vec names = {0};

    for (struct hash_entry *e = NULL; (e = hash_next(&settings->entries, e)) != NULL;)
        if (postconf_catalog_find(l->catalog, e->key) == NULL && hash_get(used, e->key) == NULL &&
            hash_get(&l->referred, e->key) == NULL && hash_get(&l->classes, e->key) == NULL)
            vec_add(&names, e->key);
    vec_sort_texts(&names);
    for (size_t i = 0; i < names.count; i++)
        log_warn("%s: unused parameter: %s=%s", path, (const char *) names.items[i],
            main_cf_get(settings, names.items[i]));
    vec_done(&names, NULL);
}

void postconf_lint_unused_main(const struct postconf_lint *l)
{
    const struct hash none = {0}; /* those that are used are in the catalog by now */

    warn_unused(l, l->main_cf, &none, l->main_path);
}

void postconf_lint_unused_master(const struct postconf_lint *l)
{
    for (size_t i = 0; i < l->locals.count; i++) {
        const struct postconf_local *local = l->locals.items[i];
        warn_unused(l, &local->settings, &local->used, l->master_path);
    }
}

void postconf_lint_done(struct postconf_lint *l)
{
    for (size_t i = 0; i < l->locals.count; i++) {
        struct postconf_local *local = l->locals.items[i];
        main_cf_done(&local->settings);
        hash_done(&local->used, NULL);
    }
    vec_done(&l->locals, NULL);
    hash_done(&l->referred, NULL);
    hash_done(&l->classes, NULL);
    hash_done(&l->of_old, NULL);
    hash_done(&l->files, NULL);
    arena_done(&l->arena);
}
