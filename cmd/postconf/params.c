/* params.c: parameters of main.cf, shown. */

#include "base/log.h"
#include "cmd/postconf/files.h"
#include "config/params.h"

/* Unexpanded. Parameters of services are unknown to the evaluator, which has only the built-in ones. */
static const char *raw_value(struct postconf_files *f, const struct postconf_name *n)
{
    const char *raw = eval_raw(&f->eval, n->name);

    return raw != NULL ? raw : n->default_value;
}

static void show(struct postconf_files *f, const struct postconf_options *o, const struct postconf_name *n,
    const struct postconf_style *style, struct str *out)
{
    const struct param *p = params_find(n->name);
    const char *raw = raw_value(f, n);
    struct str value = {0};

    if (!postconf_options_has(o, 'x') || (p != NULL && p->class == PARAM_RAW))
        str_adds(&value, raw);
    else
        postconf_expand(&f->eval, raw, &value);
    postconf_print_param(out, n->name, str_text(&value), style);
    str_done(&value);
}

static bool is_set(const struct postconf_files *f, const struct postconf_name *n)
{
    return main_cf_get(&f->main_cf, n->name) != NULL;
}

static void show_all(struct postconf_files *f, const struct postconf_options *o, const struct postconf_style *style,
    struct str *out)
{
    int classes = o->classes & (postconf_options_has(o, 'd') ? POSTCONF_BUILTIN | POSTCONF_SERVICE : POSTCONF_ALL);
    struct vec names = {0};

    postconf_catalog_sorted(&f->catalog, &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct postconf_name *n = names.items[i];
        if ((n->class & classes) != 0 && (!postconf_options_has(o, 'n') || is_set(f, n)))
            show(f, o, n, style, out);
    }
    vec_done(&names, NULL);
}

static void show_named(struct postconf_files *f, const struct postconf_options *o, const struct postconf_style *style,
    struct str *out)
{
    for (int i = 0; i < o->count; i++) {
        const struct postconf_name *n = postconf_catalog_find(&f->catalog, o->args[i]);
        if (n == NULL || (postconf_options_has(o, 'd') && n->class == POSTCONF_USER))
            log_warn("%s: unknown parameter", o->args[i]);
        else if (!postconf_options_has(o, 'n') || is_set(f, n))
            show(f, o, n, style, out);
    }
}

void postconf_show_params(struct postconf_files *f, const struct postconf_options *o, struct str *out)
{
    const struct postconf_style style = {o->show, postconf_options_has(o, 'f'), postconf_options_has(o, 'j')};

    if (o->count == 0)
        show_all(f, o, &style, out);
    else
        show_named(f, o, &style, out);
}
