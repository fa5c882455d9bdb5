#include "qmgr/recent.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "queue/qid.h"

enum { REMEMBER_MS = 15000, FIRST_ROOM = 1024 };

struct recent {
    msec when;
    char id[QID_SIZE];
};

static struct recent *ring;      /* oldest at first */
static size_t room, first, count;
static struct hash table;        /* the ids in the ring, made when first asked for */
static bool is_table_good;

static void grow(void)
{
    size_t new_room = room == 0 ? FIRST_ROOM : room * 2;
    struct recent *bigger = mem_alloc(new_room * sizeof(*bigger));

    for (size_t i = 0; i < count; i++)
        bigger[i] = ring[(first + i) & (room - 1)];
    mem_free(ring);
    ring = bigger;
    room = new_room;
    first = 0;
}

void qmgr_recent_add(const char *queue_id)
{
    msec now = clock_now();
    size_t n = strlen(queue_id) + 1;

    if (n > QID_SIZE)
        return; /* not one of the journal's */
    while (count > 0 && ring[first].when + REMEMBER_MS < now) {
        first = (first + 1) & (room - 1);
        count--;
    }
    if (count == room)
        grow();
    struct recent *r = &ring[(first + count++) & (room - 1)];
    r->when = now;
    memcpy(r->id, queue_id, n);
    is_table_good = false;
}

bool qmgr_recent_has(const char *queue_id)
{
    if (!is_table_good) {
        hash_done(&table, NULL);
        for (size_t i = 0; i < count; i++) {
            struct recent *r = &ring[(first + i) & (room - 1)];
            hash_put(&table, r->id, r);
        }
        is_table_good = true;
    }
    return hash_get(&table, queue_id) != NULL;
}
