#include "config/master_cf.h"

#include <ctype.h>
#include <limits.h>

#include "base/compiler.h"
#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "config/compat.h"
#include "config/config.h"
#include "config/lines.h"

static const char *const type_names[] = {"inet", "unix", "unix-dgram", "fifo", "pass"};

static const char *const column_names[] = {
    "service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command"};

/* One line while it is read. */
struct entry {
    struct master_cf *m;
    const struct master_cf_defaults *defaults;
    struct master_service *s;
    struct str *why;
};

const char *master_cf_type_name(enum master_type type)
{
    return type_names[type];
}

static bool bad_value(struct entry *e, enum master_column column)
{
    str_setf(e->why, "field \"%s\": bad value: \"%s\"", column_names[column], e->s->columns[column]);
    return false;
}

static bool is_default(const struct entry *e, enum master_column column)
{
    return strcmp(e->s->columns[column], "-") == 0;
}

static bool read_type(struct entry *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
        if (strcmp(type_names[i], e->s->columns[MASTER_TYPE]) == 0) {
            e->s->type = (enum master_type) i;
            return true;
        }
    str_setf(e->why, "bad transport type: %s", e->s->columns[MASTER_TYPE]);
    return false;
}

static bool read_bool(struct entry *e, enum master_column column, bool default_value, bool *value)
{
    const char *text = e->s->columns[column];

    *value = is_default(e, column) ? default_value : strcmp(text, "y") == 0;
    return is_default(e, column) || *value || strcmp(text, "n") == 0 ? true : bad_value(e, column);
}

static bool read_count(struct entry *e, enum master_column column, const char *text, int default_value, int *value)
{
    long n = default_value;

    if (strcmp(text, "-") != 0 && (!isdigit((unsigned char) *text) || !words_to_long(text, &n) || n > INT_MAX))
        return bad_value(e, column);
    *value = (int) n;
    return true;
}

static bool read_wakeup(struct entry *e)
{
    char *text = arena_strdup(&e->m->arena, e->s->columns[MASTER_WAKEUP]);
    size_t len = strlen(text);

    if (text[len - 1] == '?') {
        e->s->is_wakeup_postponed = true;
        text[len - 1] = 0;
    }
    return read_count(e, MASTER_WAKEUP, text, 0, &e->s->wakeup_seconds);
}

/* { name = value } behind -o is name=value; elsewhere braces only hold blanks together. */
static bool add_braced(struct entry *e, char *word, bool is_override)
{
    const char *problem = NULL;
    char *inside = words_unbrace(word, &problem), *name, *value;

    if (problem == NULL && is_override) {
        problem = words_name_value(inside, &name, &value);
        if (problem == NULL)
            inside = arena_printf(&e->m->arena, "%s=%s", name, value);
    }
    if (problem != NULL) {
        str_setf(e->why, "%s in \"%s\"", problem, word);
        return false;
    }
    vec_add(&e->s->argv, inside);
    return true;
}

static bool read_argv(struct entry *e, char *cursor)
{
    bool is_override = false;

    for (char *word; (word = words_next_braced(&cursor, WORDS_SPACE)) != NULL;) {
        bool follows_o = is_override;
        is_override = !follows_o && strcmp(word, "-o") == 0;
        if (*word != '{')
            vec_add(&e->s->argv, word);
        else if (!add_braced(e, word, follows_o))
            return false;
    }
    return true;
}

static bool read_columns(struct entry *e, char *cursor)
{
    struct master_service *s = e->s;

    for (int i = 0; i < MASTER_COLUMNS; i++)
        if ((s->columns[i] = words_next_braced(&cursor, WORDS_SPACE)) == NULL) {
            str_setf(e->why, "missing \"%s\" field", column_names[i]);
            return false;
        }
    s->name = s->columns[MASTER_NAME];
    s->command = s->columns[MASTER_COMMAND];
    if (!read_type(e) || !read_bool(e, MASTER_PRIVATE, true, &s->is_private) ||
        !read_bool(e, MASTER_UNPRIVILEGED, true, &s->is_unprivileged) ||
        !read_bool(e, MASTER_CHROOT, e->defaults->is_chroot, &s->is_chroot) || !read_wakeup(e) ||
        !read_count(
            e, MASTER_PROCESS_LIMIT, s->columns[MASTER_PROCESS_LIMIT], e->defaults->process_limit, &s->process_limit) ||
        !read_argv(e, cursor))
        return false;
    if (s->type == MASTER_INET && s->is_private) {
        str_setf(e->why, "inet service cannot be private");
        return false;
    }
    return true;
}

static size_t index_of(const struct master_cf *m, const char *name, enum master_type type)
{
    size_t i = 0;

    for (; i < m->services.count; i++) {
        const struct master_service *s = m->services.items[i];
        if (s->type == type && strcmp(s->name, name) == 0)
            break;
    }
    return i;
}

void master_cf_warn_of_duplicate(const char *path, const struct master_service *s)
{
    log_warn("%s: line %d: duplicate master.cf entry for service \"%s\" type \"%s\" -- using the last entry", path,
        s->line, s->name, type_names[s->type]);
}

static void add_service(struct master_cf *m, const char *path, struct master_service *s)
{
    size_t i = index_of(m, s->name, s->type);

    if (i == m->services.count) {
        vec_add(&m->services, s);
        return;
    }
    struct master_service *earlier = m->services.items[i];
    master_cf_warn_of_duplicate(path, s);
    vec_done(&earlier->argv, NULL);
    m->services.items[i] = s;
}

static bool parse_line(
    struct master_cf *m, const char *path, struct lines *l, const struct master_cf_defaults *d, struct str *why)
{
    struct str problem = {0};
    struct entry e = {m, d, arena_new(&m->arena, struct master_service), &problem};

    if (isspace((unsigned char) l->text.data[0])) {
        log_warn("%s: logical line must not start with whitespace: \"%.30s\"", path, l->text.data);
        return true;
    }
    e.s->line = l->first_line;
    bool ok = read_columns(&e, arena_strdup(&m->arena, l->text.data));
    if (ok)
        add_service(m, path, e.s);
    else {
        str_setf(why, "%s: line %d: %s", path, l->first_line, str_text(&problem));
        vec_done(&e.s->argv, NULL);
    }
    str_done(&problem);
    return ok;
}

bool master_cf_parse(struct master_cf *m, const char *path, const char *bytes, size_t n,
    const struct master_cf_defaults *d, struct str *why)
{
    struct lines l;
    bool ok = true;

    lines_init(&l, bytes, n);
    while (ok && lines_next(&l) != NULL)
        ok = parse_line(m, path, &l, d, why);
    lines_done(&l);
    return ok;
}

bool master_cf_read(struct master_cf *m, const char *path, const struct master_cf_defaults *d, struct str *why)
{
    struct str text = {0};
    bool ok = file_read(path, &text, why) && master_cf_parse(m, path, str_text(&text), text.len, d, why);

    str_done(&text);
    return ok;
}

bool master_cf_load(struct master_cf *m, struct str *why)
{
    const struct master_cf_defaults d = {compat.chroot, conf.default_process_limit};
    struct str path = {0};

    str_addf(&path, "%s/master.cf", config_dir());
    bool ok = master_cf_read(m, str_text(&path), &d, why);
    str_done(&path);
    return ok;
}

const struct master_service *master_cf_find(const struct master_cf *m, const char *name, enum master_type type)
{
    size_t i = index_of(m, name, type);

    return i == m->services.count ? NULL : m->services.items[i];
}

bool master_cf_next_override(const struct master_service *s, size_t *next, struct str *name, const char **value)
{
    while (*next < s->argv.count) {
        const char *arg = s->argv.items[(*next)++];
        if (*arg != '-' || strcmp(arg, "--") == 0) {
            *next = s->argv.count; /* what follows is for the program itself: "pipe ... argv=prog -o x=y" */
            break;
        }
        if (strncmp(arg, "-o", 2) != 0)
            continue;
        arg += 2;
        if (*arg == 0 && *next < s->argv.count)
            arg = s->argv.items[(*next)++];
        const char *equals = strchr(arg, '=');
        if (equals == NULL || equals == arg)
            continue;
        str_clear(name);
        str_add(name, arg, (size_t) (equals - arg));
        *value = equals + 1;
        return true;
    }
    return false;
}

void master_cf_done(struct master_cf *m)
{
    for (size_t i = 0; i < m->services.count; i++) {
        struct master_service *s = m->services.items[i];
        vec_done(&s->argv, NULL);
    }
    vec_done(&m->services, NULL);
    arena_done(&m->arena);
}
