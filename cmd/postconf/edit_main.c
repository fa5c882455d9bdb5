#include "cmd/postconf/edit_main.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/vec.h"
#include "base/words.h"
#include "cmd/postconf/edit.h"
#include "config/main_cf.h"

struct setting {
    const char *name, *value; /* value: only with -e */
    int found;
};

/* What is asked for. */
struct job {
    enum postconf_change change;
    struct arena arena;
    struct hash settings; /* name -> struct setting */
    struct vec in_order;  /* struct setting *, as asked for */
};

static void parse_setting(struct job *j, const char *arg, char **name, char **value)
{
    char *copy = arena_strdup(&j->arena, arg + strspn(arg, WORDS_SPACE));

    if (strchr(arg, '\n') != NULL)
        fatal("-e, -X, or -# accepts no multi-line input");
    if (*copy == '#')
        fatal("-e, -X, or -# accepts no comment input");
    *value = NULL;
    if (j->change == POSTCONF_SET) {
        const char *problem = main_cf_split(copy, name, value);
        if (problem != NULL)
            fatal("%s: \"%s\"", problem, arg);
        return;
    }
    words_trim_end(copy);
    if (*copy == 0)
        fatal("-X or -# requires non-blank parameter names");
    *name = copy;
}

static void add_setting(struct job *j, const char *arg)
{
    struct setting *s = arena_new(&j->arena, struct setting);
    char *name, *value;

    parse_setting(j, arg, &name, &value);
    *s = (struct setting){.name = name, .value = value};
    struct setting *earlier = hash_get(&j->settings, name);
    if (earlier == NULL) {
        hash_put(&j->settings, name, s);
        vec_add(&j->in_order, s);
        return;
    }
    if (value != NULL)
        log_warn("ignoring earlier request: '%s = %s'", earlier->name, earlier->value);
    earlier->value = value;
}

static void put_setting(struct str *out, const struct setting *s)
{
    str_addf(out, "%s = %s\n", s->name, s->value);
}

/* The line that begins the setting of a parameter; NULL: of none that is asked for. */
static struct setting *changed_by(const struct job *j, const char *path, const char *line)
{
    struct setting *s = hash_getn(&j->settings, line, strcspn(line, "=" WORDS_SPACE));

    if (s != NULL && s->found++ == 1)
        log_warn("%s: multiple entries for \"%s\"", path, s->name);
    return s;
}

static void change_lines(const struct job *j, struct postconf_edit *e)
{
    struct str line = {0};
    struct setting *changed = NULL;

    for (enum postconf_line kind; postconf_edit_next_line(e, &line, &kind);) {
        if (kind == POSTCONF_START)
            changed = changed_by(j, e->path, str_text(&line));
        if (kind == POSTCONF_COMMENT || changed == NULL)
            str_add(&e->new_text, str_text(&line), line.len);
        else if (j->change == POSTCONF_COMMENT_OUT)
            str_addf(&e->new_text, "#%s", str_text(&line));
        else if (j->change == POSTCONF_SET && kind == POSTCONF_START)
            put_setting(&e->new_text, changed);
    }
    str_done(&line);
}

void postconf_edit_main(enum postconf_change change, const char *path, char **args, int count)
{
    struct job j = {.change = change};
    struct postconf_edit e;

    for (int i = 0; i < count; i++)
        add_setting(&j, args[i]);
    postconf_edit_begin(&e, path);
    change_lines(&j, &e);
    for (size_t i = 0; change == POSTCONF_SET && i < j.in_order.count; i++) {
        const struct setting *s = j.in_order.items[i];
        if (s->found == 0)
            put_setting(&e.new_text, s);
    }
    postconf_edit_commit(&e);
    hash_done(&j.settings, NULL);
    vec_done(&j.in_order, NULL);
    arena_done(&j.arena);
}
