/* postconf: show what main.cf and master.cf say, and what they leave at its default. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "cmd/postconf/catalog.h"
#include "cmd/postconf/lint.h"
#include "cmd/postconf/print.h"
#include "cmd/postconf/templates.h"
#include "config/config.h"
#include "table/table.h"

/* What the command line asks for. */
static struct {
    bool defaults, only_set, expand, fold, master, table_types, templates, expanded_templates, quiet;
    enum postconf_show show;
    struct main_cf overrides;
} wish;

/* What there is. */
static struct {
    struct str main_path, master_path;
    struct main_cf main_cf;
    struct master_cf master_cf;
    struct postconf_catalog catalog;
    struct eval eval;
} have;

static void usage(const char *self) NORETURN;
static void usage(const char *self)
{
    fatal("usage: %s [-b [file] (bounce texts)] [-c config_dir] [-d (defaults)] [-f (fold lines)] [-h (no names)] "
          "[-H (no values)] [-m (table types)] [-M (master.cf)] [-n (what main.cf sets)] [-o name=value] [-p (main.cf)] "
          "[-q (no warnings about unused or old names)] [-t [file] (bounce templates)] [-v] [-x (expand)] [name...]",
        self);
}

static void parse_override(char *text)
{
    char *name, *value, *copy = mem_strdup(text);
    const char *problem = words_name_value(copy, &name, &value);

    if (problem != NULL)
        fatal("invalid parameter override: %s: %s", text, problem);
    main_cf_set(&wish.overrides, name, value);
    mem_free(copy);
}

static void parse_options(int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "bc:dfhHmMno:pqtvx")) > 0;)
        switch (c) {
        case 'b':
            wish.expanded_templates = true;
            break;
        case 'c':
            config_set_dir(optarg);
            break;
        case 'd':
            wish.defaults = true;
            break;
        case 'f':
            wish.fold = true;
            break;
        case 'h':
            wish.show = POSTCONF_VALUE_ONLY;
            break;
        case 'H':
            wish.show = POSTCONF_NAME_ONLY;
            break;
        case 'm':
            wish.table_types = true;
            break;
        case 'M':
            wish.master = true;
            break;
        case 'n':
            wish.only_set = true;
            break;
        case 'o':
            parse_override(optarg);
            break;
        case 'p':
            break; /* main.cf is what we show anyway */
        case 'q':
            wish.quiet = true;
            break;
        case 't':
            wish.templates = true;
            break;
        case 'v':
            log_verbose++;
            break;
        case 'x':
            wish.expand = true;
            break;
        default:
            usage(argv[0]);
        }
}

static void refuse_contradictions(void)
{
    static const struct {
        const bool *one, *other;
        const char *names;
    } contradictions[] = {
        {&wish.defaults, &wish.only_set, "-d -n"},
        {&wish.defaults, &wish.master, "-d -M"},
        {&wish.only_set, &wish.master, "-M -n"},
        {&wish.expanded_templates, &wish.master, "-b -M"},
        {&wish.expanded_templates, &wish.table_types, "-b -m"},
        {&wish.templates, &wish.master, "-M -t"},
        {&wish.templates, &wish.table_types, "-m -t"},
        {&wish.table_types, &wish.defaults, "-d -m"},
        {&wish.table_types, &wish.master, "-M -m"},
        {&wish.table_types, &wish.only_set, "-m -n"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(contradictions); i++)
        if (*contradictions[i].one && *contradictions[i].other)
            fatal("specify one of %s", contradictions[i].names);
    if (wish.defaults && wish.overrides.entries.count > 0)
        fatal("specify one of -d -o");
}

/* What else may be said with -b and -t: nothing that is about parameters. */
static void refuse_with_templates(int files)
{
    const struct {
        bool is_given;
        char letter;
    } others[] = {{wish.defaults, 'd'}, {wish.fold, 'f'}, {wish.only_set, 'n'}, {wish.overrides.entries.count > 0, 'o'},
        {wish.show == POSTCONF_VALUE_ONLY, 'h'}, {wish.show == POSTCONF_NAME_ONLY, 'H'}, {wish.expand, 'x'}};

    if (wish.templates && wish.expanded_templates)
        fatal("specify one of -b and -t");
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (others[i].is_given)
            fatal("with option -%c, do not specify -%c", wish.templates ? 't' : 'b', others[i].letter);
    if (files > 1)
        fatal("options -b and -t require at most one template file");
}

static void read_main_cf(void)
{
    struct str why = {0};

    if (!main_cf_read(&have.main_cf, str_text(&have.main_path), &why))
        fatal("%s", str_text(&why));
    if (getenv("MAIL_CONFIG") != NULL)
        main_cf_set(&have.main_cf, "config_directory", config_dir());
    for (struct hash_entry *o = NULL; (o = hash_next(&wish.overrides.entries, o)) != NULL;)
        main_cf_set(&have.main_cf, o->key, o->value);
}

/* master.cf may be missing where only main.cf is asked for. */
static void read_master_cf(void)
{
    const struct master_cf_defaults columns_as_written = {0};
    struct str why = {0};

    if (access(str_text(&have.master_path), F_OK) < 0 && !wish.master)
        log_warn("open %s: %m", str_text(&have.master_path));
    else if (!master_cf_read(&have.master_cf, str_text(&have.master_path), &columns_as_written, &why))
        fatal("%s", str_text(&why));
    str_done(&why);
}

/* What to show: parameters of services are unknown to the evaluator, which has only the built-in ones. */
static void find_value(const struct postconf_name *n, struct str *value)
{
    const struct param *p = params_find(n->name);
    const char *raw = eval_raw(&have.eval, n->name);

    if (raw == NULL)
        raw = n->default_value;
    if (!wish.expand || (p != NULL && p->class == PARAM_RAW))
        str_adds(value, raw);
    else if (!eval_text(&have.eval, raw, value)) {
        log_warn("%s", str_text(&have.eval.why));
        fatal("macro processing error");
    }
}

static void show(struct str *out, const struct postconf_name *n)
{
    struct str value = {0};

    if (wish.only_set && main_cf_get(&have.main_cf, n->name) == NULL)
        return;
    find_value(n, &value);
    postconf_print_param(out, n->name, str_text(&value), wish.show, wish.fold);
    str_done(&value);
}

static void show_all(struct str *out)
{
    struct vec names = {0};

    postconf_catalog_sorted(&have.catalog, &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct postconf_name *n = names.items[i];
        if (!wish.defaults || !n->is_users)
            show(out, n);
    }
    vec_done(&names, NULL);
}

static void show_named(struct str *out, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const struct postconf_name *n = postconf_catalog_find(&have.catalog, argv[i]);
        if (n == NULL || (wish.defaults && n->is_users))
            log_warn("%s: unknown parameter", argv[i]);
        else
            show(out, n);
    }
}

/* "smtp/inet", "smtp", with '*' for any. */
static bool is_asked_for(const struct master_service *s, const char *pattern)
{
    size_t len = strcspn(pattern, "/");
    const char *type = pattern[len] == '/' ? pattern + len + 1 : "*";
    bool is_name = (len == 1 && *pattern == '*') || (strlen(s->name) == len && strncmp(s->name, pattern, len) == 0);

    return is_name && (strcmp(type, "*") == 0 || strcmp(type, master_cf_type_name(s->type)) == 0);
}

/* A service may have a '/' in its name, as "pass/smtpd"; so the whole pattern is tried as a name as well. */
static bool matches(const struct master_service *s, const char *pattern)
{
    return strcmp(s->name, pattern) == 0 || is_asked_for(s, pattern);
}

static void show_services(struct str *out, int argc, char **argv)
{
    bool found[argc + 1];

    memset(found, 0, sizeof(found));
    for (size_t i = 0; i < have.master_cf.services.count; i++) {
        const struct master_service *s = have.master_cf.services.items[i];
        bool is_wanted = argc == 0;
        for (int a = 0; a < argc; a++)
            if (matches(s, argv[a]))
                is_wanted = found[a] = true;
        if (is_wanted)
            postconf_print_service(out, s, wish.fold);
    }
    for (int a = 0; a < argc; a++)
        if (!found[a])
            log_warn("unmatched request: \"%s\"", argv[a]);
}

static void show_table_types(struct str *out)
{
    for (const char *const *type = table_types(); *type != NULL; type++)
        str_addf(out, "%s\n", *type);
}

static void put(struct str *out)
{
    if (fwrite(str_text(out), 1, out->len, stdout) != out->len || fflush(stdout) != 0)
        fatal("write output: %m");
    str_done(out);
}

int main(int argc, char **argv)
{
    struct str out = {0};

    log_set_tag(argv[0]);
    parse_options(argc, argv);
    argc -= optind;
    argv += optind;
    if (wish.templates || wish.expanded_templates)
        refuse_with_templates(argc);
    refuse_contradictions();
    if (wish.templates || wish.expanded_templates) {
        postconf_templates_show(argc > 0 ? argv[0] : NULL, wish.expanded_templates, &out);
        put(&out);
        return 0;
    }
    if (wish.table_types) {
        show_table_types(&out);
        put(&out);
        return 0;
    }

    str_addf(&have.main_path, "%s/main.cf", config_dir());
    str_addf(&have.master_path, "%s/master.cf", config_dir());
    if (!wish.defaults)
        read_main_cf();
    read_master_cf();
    have.eval = (struct eval){.file = wish.defaults ? NULL : &have.main_cf,
        .program = "postconf",
        .service_name = "",
        .config_dir = wish.defaults ? CONFIG_DIR : config_dir()};
    postconf_catalog_init(&have.catalog, &have.main_cf, &have.master_cf);

    struct postconf_lint lint = {.catalog = &have.catalog,
        .main_cf = &have.main_cf,
        .master_cf = &have.master_cf,
        .main_path = str_text(&have.main_path),
        .master_path = str_text(&have.master_path)};
    if (!wish.defaults)
        postconf_lint_find_users(&lint);
    if (wish.master)
        show_services(&out, argc, argv);
    else if (argc > 0)
        show_named(&out, argc, argv);
    else
        show_all(&out);
    put(&out);
    if (!wish.defaults && !wish.quiet) {
        if (!wish.master) {
            postconf_lint_unused_main(&lint);
            postconf_lint_old_names(&lint);
        }
        postconf_lint_unused_master(&lint);
    }
    postconf_lint_done(&lint);
    return 0;
}
