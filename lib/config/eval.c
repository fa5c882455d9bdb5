#include "config/eval.h"

#include "config/defaults.h"
#include "config/macro.h"

static const char *computed(struct eval *e, const char *name)
{
    struct str value = {0};

    defaults_compute(e, name, &value);
    const char *kept = arena_strdup(&e->arena, str_text(&value));
    str_done(&value);
    return kept;
}

const char *eval_raw(struct eval *e, const char *name)
{
    const char *set = e->file == NULL ? NULL : main_cf_get(e->file, name);

    if (set != NULL)
        return set;
    const struct param *p = params_find(name);
    if (p == NULL)
        return NULL;
    return p->default_value != NULL ? p->default_value : computed(e, name);
}

static const char *look_up(void *context, const char *name)
{
    struct eval *e = context;
    const char *value = eval_get(e, name);

    if (value == NULL && e->why.len == 0 && e->on_undefined != NULL)
        e->on_undefined(e->context, name);
    return value;
}

bool eval_text(struct eval *e, const char *text, struct str *out)
{
    e->depth++;
    bool ok = macro_expand(text, look_up, e, out, &e->why) && e->why.len == 0;
    e->depth--;
    return ok;
}

const char *eval_get(struct eval *e, const char *name)
{
    struct str value = {0};
    const char *kept = hash_get(&e->values, name);

    if (kept != NULL || e->why.len > 0)
        return kept;
    const char *raw = eval_raw(e, name);
    if (raw == NULL || e->why.len > 0)
        return NULL;
    if (e->depth == MACRO_DEPTH_MAX) {
        str_setf(&e->why, "unreasonable macro call nesting: \"%s\"", name);
        return NULL;
    }
    if (eval_text(e, raw, &value)) {
        kept = arena_strdup(&e->arena, str_text(&value));
        hash_put(&e->values, name, (void *) kept);
    }
    str_done(&value);
    return kept;
}

void eval_done(struct eval *e)
{
    str_done(&e->why);
    hash_done(&e->values, NULL);
    arena_done(&e->arena);
}
