/* static:text, or static:{text with blanks}: one answer to every key. */
#include "base/mem.h"
#include "base/words.h"
#include "table/file_value.h"
#include "table/type.h"
#include "table/types.h"

static bool static_open(struct table *t, struct str *why)
{
    struct str content = {0};
    const char *cause;
    char *copy = mem_strdup(t->name);
    const char *text = *copy == '{' ? words_unbrace(copy, &cause) : copy;
    bool ok = text != NULL;

    if (!ok)
        str_setf(why, "bad static:name syntax: %s in \"%s\"", cause, t->name);
    else if ((t->flags & TABLE_SRC_RHS_IS_FILE) == 0)
        str_set(&content, text);
    else
        ok = file_value_load(text, &content, why);
    if (ok)
        t->state = str_take(&content);
    str_done(&content);
    mem_free(copy);
    return ok;
}

static enum table_result static_find(struct table *t, const char *key, size_t len, struct str *value)
{
    (void) key;
    (void) len;
    str_adds(value, t->state);
    return TABLE_FOUND;
}

static void static_close(struct table *t)
{
    mem_free(t->state);
}

const struct type_ops static_ops = {.open = static_open, .close = static_close, .find = static_find};
