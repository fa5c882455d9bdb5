#include "cmd/postconf/files.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/postconf/entry.h"
#include "config/config.h"
#include "config/defaults.h"
#include "config/lines.h"
#include "places.h"

void postconf_files_name(struct postconf_files *f)
{
    str_addf(&f->main_path, "%s/main.cf", config_dir());
    str_addf(&f->master_path, "%s/master.cf", config_dir());
}

/* What only the process itself can say. */
static const char *const read_only[] = {"process_id", "process_name", "service_name"};

static bool is_read_only(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(read_only); i++)
        if (strcmp(read_only[i], name) == 0)
            return true;
    return false;
}

void postconf_files_settings(struct main_cf *all, const struct main_cf *main_cf, const struct master_service *s)
{
    struct str name = {0};
    const char *value;
    size_t next = 0;

    for (struct hash_entry *e = NULL; main_cf != NULL && (e = hash_next(&main_cf->entries, e)) != NULL;)
        main_cf_set(all, e->key, e->value);
    while (master_cf_next_override(s, &next, &name, &value))
        if (!is_read_only(str_text(&name)))
            main_cf_set(all, str_text(&name), value);
    str_done(&name);
}

static void warn_of_read_only(const char *path, const char *name, const char *value)
{
    log_warn("%s: read-only parameter assignment: %s=%s", path, name, value);
}

/* They go, from main.cf. */
static void refuse_read_only(struct postconf_files *f)
{
    struct str name = {0};
    const char *value;

    for (size_t i = 0; i < f->master_cf.services.count; i++)
        for (size_t next = 0; master_cf_next_override(f->master_cf.services.items[i], &next, &name, &value);)
            if (is_read_only(str_text(&name)))
                warn_of_read_only(str_text(&f->master_path), str_text(&name), value);
    for (size_t i = 0; i < ARRAY_SIZE(read_only); i++)
        if ((value = hash_remove(&f->main_cf.entries, read_only[i])) != NULL)
            warn_of_read_only(str_text(&f->main_path), read_only[i], value);
    str_done(&name);
}

static void read_main_cf(struct postconf_files *f, const struct postconf_options *o)
{
    struct str why = {0};

    if (getenv("MAIL_CONFIG") != NULL)
        main_cf_set(&f->main_cf, "config_directory", config_dir());
    if (!main_cf_read(&f->main_cf, str_text(&f->main_path), &why))
        fatal("%s", str_text(&why));
    for (struct hash_entry *e = NULL; (e = hash_next(&o->overrides.entries, e)) != NULL;)
        main_cf_set(&f->main_cf, e->key, e->value);
}

/* Entries as they stand there, also twice, and with arguments that master would refuse: we only show them. */
static void parse_master_cf(struct postconf_files *f, const struct str *text)
{
    struct lines l;

    lines_init(&l, str_text(text), text->len);
    while (lines_next(&l) != NULL) {
        struct master_service *s = arena_new(&f->master_cf.arena, struct master_service);
        if (isspace((unsigned char) l.text.data[0])) {
            log_warn("%s: logical line must not start with whitespace: \"%.30s\"", str_text(&f->master_path),
                l.text.data);
            continue;
        }
        if (!postconf_entry_parse(&f->master_cf.arena, l.text.data, s))
            fatal("file %s: line %d: bad field count", str_text(&f->master_path), l.first_line);
        s->line = l.first_line;
        if (master_cf_find(&f->master_cf, s->name, s->type) != NULL)
            master_cf_warn_of_duplicate(str_text(&f->master_path), s);
        vec_add(&f->master_cf.services, s);
    }
    lines_done(&l);
}

static void read_master_cf(struct postconf_files *f, bool is_needed)
{
    struct str text = {0}, why = {0};

    if (access(str_text(&f->master_path), F_OK) < 0 && !is_needed)
        log_warn("open %s: %m", str_text(&f->master_path));
    else if (!file_read(str_text(&f->master_path), &text, &why))
        fatal("%s", str_text(&why));
    parse_master_cf(f, &text);
    str_done(&text);
    str_done(&why);
}

/* One that is not set, and cannot be expanded all the same, depends on another that is wrong, which is found in its
 * turn. */
static bool check_basic(struct postconf_files *f, const char *name)
{
    if (eval_get(&f->eval, name) != NULL)
        return true;
    if (main_cf_get(&f->main_cf, name) != NULL) {
        log_warn("%s", str_text(&f->eval.why));
        fatal("dictionary mail_dict: macro processing error");
    }
    str_clear(&f->eval.why);
    return false;
}

/* Whatever is asked for: these are the parameters that others have their defaults from. */
static void check_basics(struct postconf_files *f)
{
    static const char *const of_mynetworks[] = {"inet_protocols", "mynetworks_style", "inet_interfaces"};
    struct str networks = {0};
    bool ok = check_basic(f, "myhostname") && check_basic(f, "mydomain");

    if (main_cf_get(&f->main_cf, "mynetworks") != NULL)
        return;
    for (size_t i = 0; ok && i < ARRAY_SIZE(of_mynetworks); i++)
        ok = check_basic(f, of_mynetworks[i]);
    if (ok)
        defaults_compute(&f->eval, "mynetworks", &networks); /* wrong values are fatal there */
    str_done(&networks);
}

void postconf_files_read(struct postconf_files *f, const struct postconf_options *o)
{
    bool are_defaults = postconf_options_has(o, 'd'), is_master_shown = postconf_options_mode(o) != 'p';

    postconf_files_name(f);
    if (is_master_shown)
        read_master_cf(f, true);
    if (!are_defaults)
        read_main_cf(f, o);
    if (!is_master_shown)
        read_master_cf(f, false);
    f->eval = (struct eval){.file = are_defaults ? NULL : &f->main_cf,
        .program = "postconf",
        .service_name = "",
        .config_dir = are_defaults ? CONFIG_DIR : config_dir()};
    if (!are_defaults) {
        refuse_read_only(f);
        check_basics(f);
    }
    postconf_catalog_init(&f->catalog, &f->main_cf, &f->master_cf);
}

void postconf_expand(struct eval *e, const char *text, struct str *out)
{
    if (eval_text(e, text, out))
        return;
    log_warn("%s", str_text(&e->why));
    fatal("macro processing error");
}
