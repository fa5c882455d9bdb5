#include "agents/local/expand.h"

#include "base/log.h"
#include "config/config.h"
#include "config/macro.h"

struct lookup {
    const struct target *t;
    const char *filter;
    bool *uses_extension;
};

char *local_expand_filter(struct arena *a, const char *value, const char *filter)
{
    char *copy = arena_strdup(a, value);

    for (char *p = copy; *(p += strspn(p, filter)) != 0;)
        *p++ = '_';
    return copy;
}

static const char *delimiter_of(const struct target *t)
{
    const char *used = t->extension != NULL ? t->local + strlen(t->user) : conf.recipient_delimiter;

    return *used == 0 ? NULL : arena_strndup(t->job->memory, used, 1);
}

static const char *value_of(const struct target *t, const char *name)
{
    const struct {
        const char *name, *value;
    } values[] = {
        {"user", t->user}, {"home", t->rights.home}, {"shell", t->rights.shell}, {"recipient", t->address},
        {"extension", t->extension}, {"domain", t->domain}, {"local", t->local},
        {"recipient_delimiter", delimiter_of(t)},
    };

    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].value;
    return NULL;
}

static const char *look_up(void *context, const char *name)
{
    const struct lookup *l = context;
    const char *value = value_of(l->t, name);

    if (value == NULL)
        return NULL;
    if (l->uses_extension != NULL && strcmp(name, "extension") == 0)
        *l->uses_extension = true;
    return l->filter == NULL ? value : local_expand_filter(l->t->job->memory, value, l->filter);
}

enum expand_result local_expand(const struct target *t, const char *text, const char *filter, bool *uses_extension,
    struct str *out)
{
    struct lookup l = {.t = t, .filter = filter, .uses_extension = uses_extension};
    struct str why = {0};
    bool has_undefined = false;
    enum expand_result result = EXPAND_ERROR;

    if (macro_expand_noting(text, look_up, &l, &has_undefined, out, &why))
        result = has_undefined ? EXPAND_UNDEFINED : EXPAND_OK;
    else
        log_warn("%s", str_text(&why));
    str_done(&why);
    return result;
}
