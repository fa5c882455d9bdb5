#include "config/main_cf.h"

#include <ctype.h>

#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "config/lines.h"

void main_cf_set(struct main_cf *m, const char *name, const char *value)
{
    hash_put(&m->entries, name, arena_strdup(&m->arena, value));
}

const char *main_cf_get(const struct main_cf *m, const char *name)
{
    return hash_get(&m->entries, name);
}

void main_cf_done(struct main_cf *m)
{
    hash_done(&m->entries, NULL);
    arena_done(&m->arena);
}

const char *main_cf_split(char *setting, char **name, char **value)
{
    char *at = setting + strspn(setting, WORDS_SPACE);

    *name = at;
    at += strcspn(at, "=" WORDS_SPACE);
    char *name_end = at;
    at += strspn(at, WORDS_SPACE);
    if (name_end == *name)
        return "missing attribute name";
    if (*at != '=')
        return "missing '=' after attribute name";
    *value = at + 1 + strspn(at + 1, WORDS_SPACE);
    *name_end = 0;
    words_trim_end(*value);
    return NULL;
}

static bool parse_line(struct main_cf *m, const char *path, struct lines *l, struct str *why)
{
    char *name, *value;

    if (isspace((unsigned char) l->text.data[0])) {
        log_warn("%s: logical line must not start with whitespace: \"%.30s\"", path, l->text.data);
        return true;
    }
    if (strlen(l->text.data) != l->text.len)
        log_warn("%s, line %d: NUL byte in text; the rest of the line is ignored", path, l->first_line);
    str_trim(&l->text);
    const char *problem = main_cf_split(l->text.data, &name, &value);
    if (problem != NULL) {
        str_setf(why, "%s, line %d: %s: \"%s\"", path, l->first_line, problem, l->text.data);
        return false;
    }
    const char *earlier = main_cf_get(m, name);
    if (earlier != NULL && strcmp(earlier, value) != 0)
        log_warn("%s, line %d: overriding earlier entry: %s=%s", path, l->first_line, name, earlier);
    main_cf_set(m, name, value);
    return true;
}

bool main_cf_parse(struct main_cf *m, const char *path, const char *bytes, size_t n, struct str *why)
{
    struct lines l;
    bool ok = true;

    lines_init(&l, bytes, n);
    while (ok && lines_next(&l) != NULL)
        ok = parse_line(m, path, &l, why);
    lines_done(&l);
    return ok;
}

bool main_cf_read(struct main_cf *m, const char *path, struct str *why)
{
    struct str text = {0};
    bool ok = file_read(path, &text, why) && main_cf_parse(m, path, str_text(&text), text.len, why);

    str_done(&text);
    return ok;
}
