#include "queue/journal.h"

#include <string.h>

#include "base/log.h"
#include "queue/recover.h"
#include "queue/slot.h"

struct scan {
    void (*visit)(void *arg, const char *queue_id, const struct location *where);
    void *arg;
};

static void scan_slot(void *arg, unsigned slot)
{
    struct scan *s = arg;
    struct recovery r;
    struct str why = {0};

    if (!recover_slot(&r, slot, false, &why))
        log_warn("journal/%u: %s", slot, str_text(&why));
    for (size_t i = 0; i < r.message_count; i++)
        if (!r.messages[i].is_done)
            s->visit(s->arg, r.messages[i].id, &r.messages[i].where);
    recover_done(&r);
    str_done(&why);
}

void journal_scan(void (*visit)(void *arg, const char *queue_id, const struct location *where), void *arg)
{
    struct scan s = {.visit = visit, .arg = arg};

    slot_each(scan_slot, &s);
}

struct wanted {
    const char *queue_id;
    struct location *where;
    struct str *path;
    bool found;
};

static void match(void *arg, const char *queue_id, const struct location *where)
{
    struct wanted *w = arg;

    if (w->found || strcmp(queue_id, w->queue_id) != 0)
        return;
    str_set(w->path, where->path);
    *w->where = *where;
    w->where->path = str_text(w->path);
    w->found = true;
}

bool journal_find(const char *queue_id, struct location *where, struct str *path)
{
    struct wanted w = {.queue_id = queue_id, .where = where, .path = path};

    journal_scan(match, &w);
    return w.found;
}
