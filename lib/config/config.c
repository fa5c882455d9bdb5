#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/idna.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/check.h"
#include "config/compat.h"
#include "config/eval.h"
#include "config/level.h"
#include "config/macro.h"
#include "config/main_cf.h"
#include "config/params.h"
#include "config/values.h"
#include "places.h"

struct conf conf;

/* What the process was told at start, and what it then read: there is one configuration a process. */
static struct {
    char *dir;
    struct main_cf overrides;
    char *program, *service_name;
    struct main_cf file; /* this and the others grow with each reload: texts of before stay valid */
    struct eval eval;
    struct arena arena; /* values that are in neither */
} config;

void config_set_dir(const char *dir)
{
    check_dir(dir);
    mem_free(config.dir);
    config.dir = mem_strdup(dir);
    if (setenv("MAIL_CONFIG", dir, 1) < 0)
        fatal("setenv: %m");
}

const char *config_dir(void)
{
    if (config.dir == NULL) {
        const char *dir = getenv("MAIL_CONFIG");
        config.dir = mem_strdup(dir == NULL ? CONFIG_DIR : dir);
        check_dir(config.dir);
    }
    return config.dir;
}

void config_override(const char *name, const char *value)
{
    main_cf_set(&config.overrides, name, value);
}

bool config_parse_override(char *text, const char **why)
{
    char *name, *value;

    *why = words_name_value(text, &name, &value);
    if (*why == NULL)
        config_override(name, value);
    return *why == NULL;
}

/* Values are worked out anew; texts that were handed out stay. */
static void forget_values(void)
{
    hash_done(&config.eval.values, NULL);
    config.eval.file = &config.file;
    config.eval.program = config.program;
    config.eval.service_name = config.service_name;
    config.eval.config_dir = config_dir();
}

static void read_file(const char *path)
{
    struct str why = {0};

    hash_done(&config.file.entries, NULL);
    if (!main_cf_read(&config.file, path, &why))
        fatal("%s", str_text(&why));
    for (struct hash_entry *o = NULL; (o = hash_next(&config.overrides.entries, o)) != NULL;)
        main_cf_set(&config.file, o->key, o->value);
    forget_values();
}

/* Debian's way: a myorigin that is a path stands for the first line of that file, also in $myorigin. */
static void read_myorigin(void)
{
    struct str text = {0}, why = {0};
    const char *path = eval_get(&config.eval, "myorigin");

    str_clear(&config.eval.why); /* comes again where the value is needed */
    if (path == NULL || *path != '/')
        return;
    if (!file_read(path, &text, &why))
        fatal("%s: cannot open file: %m", path);
    str_cut(&text, strcspn(str_text(&text), "\r\n"));
    str_trim(&text);
    main_cf_set(&config.file, "myorigin", str_text(&text));
    forget_values();
    str_done(&text);
}

/* The text of a parameter as its class wants it; NULL and *why: it has none. */
static const char *text_of(const struct param *p, struct str *why)
{
    const char *text = p->class == PARAM_RAW ? eval_raw(&config.eval, p->name) : eval_get(&config.eval, p->name);

    if (config.eval.why.len > 0) {
        str_set(why, str_text(&config.eval.why));
        str_clear(&config.eval.why);
        return NULL;
    }
    return text;
}

/* A program is not stopped by what it does not use: there the default stands in for a bad value. It may
 * be out of bounds itself, as that of virtual_mailbox_base is, which virtual must not be started without. */
static void store_default(const struct param *p, void *field)
{
    struct param unbounded = *p;
    struct eval defaults = {.program = config.program, .service_name = config.service_name, .config_dir = config_dir()};
    struct str why = {0};
    const char *text = eval_get(&defaults, p->name);

    unbounded.min = unbounded.max = 0;
    if (text == NULL || !values_store(&unbounded, arena_strdup(&config.arena, text), field, &why))
        panic("params.def: %s: %s", p->name, str_text(&why));
    str_done(&why);
    eval_done(&defaults);
}

static bool is_used(const struct param *p)
{
    bool is_lmtp = strcmp(config.program, "lmtp") == 0;

    /* smtp is one program under two names, and each name has its own half of the parameters. */
    if (strncmp(p->name, "lmtp_", 5) == 0 && strcmp(config.program, "smtp") == 0)
        return false;
    if (strncmp(p->name, "smtp_", 5) == 0 && is_lmtp)
        return false;
    return params_used_by(p, is_lmtp ? "smtp" : config.program);
}

static void fill_in(const struct param *p)
{
    void *field = (char *) &conf + p->offset;
    struct str why = {0};
    const char *text = text_of(p, &why);

    if (text == NULL && is_used(p)) {
        log_warn("%s", str_text(&why));
        fatal("dictionary mail_dict: macro processing error");
    }
    if (text == NULL || !values_store(p, text, field, &why)) {
        if (is_used(p))
            fatal("%s", str_text(&why));
        store_default(p, field);
    }
    str_done(&why);
}

/* Names differ in one place: HELO is LHLO in LMTP (RFC 2033). */
static const struct param *lmtp_twin(const struct param *smtp)
{
    struct str name = {0};

    str_addf(&name, "lmtp_%s", smtp->name + strlen("smtp_"));
    char *helo = strstr(name.data, "helo");
    if (helo == NULL)
        helo = strstr(name.data, "ehlo");
    if (helo != NULL)
        memcpy(helo, "lhlo", 4);
    const struct param *lmtp = params_find(str_text(&name));
    str_done(&name);
    return lmtp != NULL && lmtp->class == smtp->class ? lmtp : NULL;
}

static size_t field_size(enum param_class class)
{
    switch (class) {
    case PARAM_STR:
    case PARAM_RAW:
        return sizeof(const char *);
    case PARAM_BOOL:
    case PARAM_NBOOL:
        return sizeof(bool);
    case PARAM_INT:
    case PARAM_NINT:
    case PARAM_TIME:
        return sizeof(int);
    case PARAM_LONG:
        return sizeof(long);
    }
    panic("parameter class %d", (int) class);
}

/* lmtp is smtp with other parameters: its code reads conf.smtp_x either way. */
static void become_lmtp(void)
{
    for (size_t i = 0; i < params_count; i++) {
        if (strncmp(params[i].name, "smtp_", 5) != 0)
            continue;
        const struct param *twin = lmtp_twin(&params[i]);
        if (twin != NULL)
            memcpy((char *) &conf + params[i].offset, (char *) &conf + twin->offset, field_size(twin->class));
    }
}

static void load(void)
{
    struct str path = {0};

    str_addf(&path, "%s/main.cf", config_dir());
    read_file(str_text(&path));
    check_level(config_get("compatibility_level"));
    idna_set_transitional(strcasecmp(config_get("enable_idna2003_compatibility"), "yes") == 0); /* macros convert */
    read_myorigin();
    for (size_t i = 0; i < params_count; i++)
        fill_in(&params[i]);
    if (strcmp(config.program, "lmtp") == 0)
        become_lmtp();
    compat_find();
    check_conf(str_text(&path));
    str_done(&path);
}

static void name_program(const char *program, const char *service_name)
{
    config.program = mem_strdup(program);
    config.service_name = mem_strdup(service_name == NULL ? "" : service_name);
}

void config_load(const char *program, const char *service_name)
{
    name_program(program, service_name);
    load();
}

void config_open(const char *program, const char *service_name)
{
    struct str path = {0};

    name_program(program, service_name);
    str_addf(&path, "%s/main.cf", config_dir());
    read_file(str_text(&path));
    str_done(&path);
}

void config_reload(void)
{
    load();
}

const char *config_get(const char *name)
{
    const char *value = eval_get(&config.eval, name);

    if (config.eval.why.len > 0) {
        log_warn("%s", str_text(&config.eval.why));
        fatal("dictionary mail_dict: macro processing error");
    }
    return value;
}

bool config_is_set(const char *name)
{
    return main_cf_get(&config.file, name) != NULL;
}

struct expand_context {
    const char *(*extra)(void *context, const char *name);
    void *context;
};

static const char *look_up(void *context, const char *name)
{
    const struct expand_context *x = context;
    const char *value = x->extra == NULL ? NULL : x->extra(x->context, name);

    return value != NULL ? value : eval_get(&config.eval, name);
}

bool config_expand(const char *text, const char *(*extra)(void *context, const char *name), void *context,
    struct str *out, struct str *why)
{
    struct expand_context x = {extra, context};
    bool ok = macro_expand(text, look_up, &x, out, why);

    if (config.eval.why.len > 0) {
        if (ok)
            str_set(why, str_text(&config.eval.why));
        str_clear(&config.eval.why);
        ok = false;
    }
    return ok;
}

bool config_level_below(const char *level)
{
    struct level ours, theirs;

    if (!level_parse(conf.compatibility_level, &ours) || !level_parse(level, &theirs))
        panic("config_level_below: \"%s\" or \"%s\" is not a level", conf.compatibility_level, level);
    return level_compare(&ours, &theirs) < 0;
}
