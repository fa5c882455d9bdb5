/* inline:{name = value, {name = value with blanks}} */
#include "base/mem.h"
#include "base/utf8.h"
#include "base/words.h"
#include "table/file_value.h"
#include "table/memory.h"
#include "table/types.h"

/* "name=value" or "{name = value}". False: what is wrong. */
static bool take_pair(char *word, char **name, char **value, struct arena *a, struct str *what)
{
    const char *cause = NULL, *whole = arena_strdup(a, word);

    if (*word == '{' && (word = words_unbrace(word, &cause)) == NULL) {
        str_setf(what, "%s in \"%s\"", cause, whole);
        return false;
    }
    if ((cause = words_name_value(word, name, value)) != NULL)
        str_set(what, cause);
    return cause == NULL;
}

/* False: what is wrong; nothing: the syntax as such. */
static bool load(struct table *t, char *text, struct str *what)
{
    struct memory *m = t->state;
    const char *ignored;
    char *name, *value;
    struct str content = {0};

    if ((text = words_unbrace(text, &ignored)) == NULL)
        return false;
    for (char *word; (word = words_next_braced(&text, WORDS_LIST)) != NULL;) {
        if (!take_pair(word, &name, &value, &m->arena, what))
            break;
        str_clear(&content);
        if ((t->flags & TABLE_SRC_RHS_IS_FILE) == 0)
            str_set(&content, value);
        else if (!file_value_load(value, &content, what))
            break;
        memory_slot(t, name)->value = arena_strdup(&m->arena, str_text(&content));
    }
    str_done(&content);
    return what->len == 0 && m->values.count > 0;
}

static bool inline_open(struct table *t, struct str *why)
{
    struct str what = {0};
    struct memory *m = t->state = mem_zalloc(sizeof(*m));

    if ((t->flags & TABLE_UTF8) != 0 && !utf8_is_valid(t->name, strlen(t->name)))
        str_set(&what, "bad UTF-8 syntax");
    bool ok = what.len == 0 && load(t, arena_strdup(&m->arena, t->name), &what);
    if (!ok)
        str_setf(why, "%s: \"inline:%s\"; need \"inline:{name=%s...}\"",
            what.len == 0 ? "bad syntax" : str_text(&what), t->name,
            (t->flags & TABLE_SRC_RHS_IS_FILE) != 0 ? "filename" : "value");
    str_done(&what);
    return ok;
}

const struct type_ops inline_ops = {
    .open = inline_open, .close = memory_close, .find = memory_find, .next = memory_next};
