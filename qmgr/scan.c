#include "qmgr/scan.h"

void qmgr_scan_want(struct scan *s)
{
    if (s->walk != NULL)
        s->again = true;
    else
        s->walk = queue_scan_open(s->queue);
}

bool qmgr_scan_is_active(const struct scan *s)
{
    return s->walk != NULL;
}

const char *qmgr_scan_next(struct scan *s)
{
    if (s->walk == NULL)
        return NULL;
    const char *id = queue_scan_next(s->walk, &s->path);
    if (id != NULL)
        return id;
    queue_scan_close(s->walk);
    s->walk = NULL;
    if (s->again) {
        s->again = false;
        qmgr_scan_want(s);
    }
    return NULL;
}

void qmgr_scan_stop(struct scan *s)
{
    queue_scan_close(s->walk);
    s->walk = NULL;
    s->again = false;
    str_done(&s->path);
}
