/* texthash: the source file of postmap, read into memory. */
#include "base/log.h"
#include "base/mem.h"
#include "table/memory.h"
#include "table/source.h"
#include "table/types.h"

static void load(struct table *t, struct source *s)
{
    struct memory *m = t->state;

    for (char *key, *value; source_next(s, &key, &value);) {
        struct hash_entry *e = memory_slot(t, key);
        if (e->value == NULL || (t->flags & TABLE_DUP_REPLACE) != 0)
            e->value = arena_strdup(&m->arena, value);
        else if ((t->flags & TABLE_DUP_IGNORE) == 0)
            log_warn("%s, line %d: duplicate entry: \"%s\"", s->reader.name, s->reader.line, key);
    }
}

static bool texthash_open(struct table *t, struct str *why)
{
    struct source s = {.flags = t->flags, .suffix = " -- ignoring this line"};
    struct str cause = {0};

    t->path = mem_strdup(t->name);
    bool ok = reader_open(&s.reader, t->path, &cause);
    if (ok) {
        t->state = mem_zalloc(sizeof(struct memory));
        load(t, &s);
    } else if (strncmp(str_text(&cause), "open ", 5) == 0) {
        str_setf(why, "open database %s", cause.data + 5);
    } else {
        str_set(why, str_text(&cause));
    }
    source_done(&s);
    str_done(&cause);
    return ok;
}

const struct type_ops texthash_ops = {
    .open = texthash_open, .close = memory_close, .find = memory_find, .next = memory_next};
