/* services.c: services of master.cf, their columns and their -o settings, shown. */

#include "base/log.h"
#include "cmd/postconf/entry.h"
#include "cmd/postconf/files.h"
#include "cmd/postconf/request.h"
#include "config/config.h"

struct view {
    struct postconf_files *files;
    const struct postconf_options *options;
    struct postconf_style style;
    struct arena arena;
    struct vec requests; /* struct postconf_request *; empty: everything */
    struct str *out;
};

/* Values of -o settings; other arguments are for the program to expand. */
static void expand(struct view *v, struct master_service *s)
{
    struct main_cf all = {0};
    struct eval eval = {.file = &all, .program = s->command, .service_name = s->name, .config_dir = config_dir()};
    struct str name = {0}, expanded = {0};
    const char *value;
    size_t next = 0;

    postconf_files_settings(&all, &v->files->main_cf, s);
    while (master_cf_next_override(s, &next, &name, &value)) {
        str_clear(&expanded);
        postconf_expand(&eval, value, &expanded);
        s->argv.items[next - 1] = arena_printf(&v->arena, "%s=%s", str_text(&name), str_text(&expanded));
    }
    eval_done(&eval);
    main_cf_done(&all);
    str_done(&name);
    str_done(&expanded);
}

static void show_entry(struct view *v, const struct master_service *s)
{
    if (v->style.is_json)
        postconf_print_service_json(v->out, s);
    else
        postconf_print_service(v->out, s, v->style.is_folded);
}

static void show_column(struct view *v, const struct master_service *s, enum master_column column)
{
    struct str name = {0};

    str_addf(&name, "%s/%s/%s", s->name, s->columns[MASTER_TYPE], postconf_entry_column_name(column));
    if (column == MASTER_COMMAND)
        postconf_print_command(v->out, str_text(&name), s, &v->style);
    else
        postconf_print_param(v->out, str_text(&name), s->columns[column], &v->style);
    str_done(&name);
}

static void show_columns(struct view *v, const struct master_service *s, const struct postconf_request *r)
{
    for (int i = 0; i < MASTER_COLUMNS; i++)
        if (r == NULL || r->column == MASTER_COLUMNS || (int) r->column == i)
            show_column(v, s, (enum master_column) i);
}

/* Its -o settings, sorted; how many of them were asked for. */
static size_t show_settings(struct view *v, const struct master_service *s, const struct postconf_request *r)
{
    struct main_cf settings = {0};
    struct vec names = {0};
    struct str label = {0};
    size_t count = 0;

    postconf_files_settings(&settings, NULL, s);
    for (struct hash_entry *e = NULL; (e = hash_next(&settings.entries, e)) != NULL;)
        if (r == NULL || postconf_request_item_is(r, e->key))
            vec_add(&names, e->key);
    vec_sort_texts(&names);
    for (; count < names.count; count++) {
        const char *name = names.items[count];
        str_setf(&label, "%s/%s/%s", s->name, s->columns[MASTER_TYPE], name);
        postconf_print_param(v->out, str_text(&label), main_cf_get(&settings, name), &v->style);
    }
    main_cf_done(&settings);
    vec_done(&names, NULL);
    str_done(&label);
    return count;
}

/* How much the request was met. */
static size_t show(struct view *v, char mode, const struct master_service *s, const struct postconf_request *r)
{
    if (mode == 'P')
        return show_settings(v, s, r);
    if (mode == 'F')
        show_columns(v, s, r);
    else
        show_entry(v, s);
    return 1;
}

static void show_service(struct view *v, char mode, struct master_service *s)
{
    if (postconf_options_has(v->options, 'x'))
        expand(v, s);
    if (v->requests.count == 0)
        show(v, mode, s, NULL);
    for (size_t i = 0; i < v->requests.count; i++) {
        struct postconf_request *r = v->requests.items[i];
        if (postconf_request_matches(r, s->name, s->columns[MASTER_TYPE]))
            r->found += show(v, mode, s, r);
    }
}

void postconf_show_services(struct postconf_files *f, const struct postconf_options *o, char mode, struct str *out)
{
    struct view v = {.files = f,
        .options = o,
        .style = {o->show, postconf_options_has(o, 'f'), postconf_options_has(o, 'j')},
        .out = out};

    postconf_request_parse(&v.arena, mode, o->args, o->count, &v.requests);
    for (size_t i = 0; i < f->master_cf.services.count; i++)
        show_service(&v, mode, f->master_cf.services.items[i]);
    for (size_t i = 0; i < v.requests.count; i++) {
        const struct postconf_request *r = v.requests.items[i];
        if (r->found == 0)
            log_warn("unmatched request: \"%s\"", r->text);
    }
    vec_done(&v.requests, NULL);
    arena_done(&v.arena);
}
