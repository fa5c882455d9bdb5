#include "qmgr/deferred.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/mem.h"
#include "config/config.h"
#include "qmgr/message.h"
#include "qmgr/turn.h"

enum { WHEEL = 8192, FIRST_ROOM = 1024, MAX_ID = 256 };
enum { FLUSHED = 0 };        /* as time: now, whatever the file says */

struct record {
    struct list link;        /* in the slot of its second, or on due */
    struct record *next;     /* in the table */
    uint32_t hash;
    uint32_t retry;          /* seconds since 1970; good until 2106 */
    char id[];
};

static struct list wheel[WHEEL];     /* by retry time modulo its size */
static struct list due;              /* time has come, not taken yet */
static struct record **table;        /* by id */
static size_t room, count;
static time_t turned_to;             /* all slots up to this second have been looked at; 0: not begun */
static struct timer tick;            /* each second, while there are records */

/* --- the table --- */

static struct record **find(const char *id, uint32_t hash)
{
    struct record **at = &table[hash & (room - 1)];

    while (*at != NULL && ((*at)->hash != hash || strcmp((*at)->id, id) != 0))
        at = &(*at)->next;
    return at;
}

static void grow(void)
{
    size_t new_room = room == 0 ? FIRST_ROOM : room * 2;
    struct record **bigger = mem_zalloc(new_room * sizeof(*bigger));

    for (size_t i = 0; i < room; i++)
        for (struct record *r = table[i], *next; r != NULL; r = next) {
            next = r->next;
            r->next = bigger[r->hash & (new_room - 1)];
            bigger[r->hash & (new_room - 1)] = r;
        }
    mem_free(table);
    table = bigger;
    room = new_room;
}

size_t qmgr_deferred_count(void)
{
    return count;
}

bool qmgr_deferred_knows(const char *queue_id)
{
    return count > 0 && *find(queue_id, hash_bytes(queue_id, strlen(queue_id))) != NULL;
}

/* --- the wheel --- */

static void look_at_slot(time_t second, time_t now)
{
    list_each_safe(pos, after, &wheel[second % WHEEL]) {
        struct record *r = list_entry(pos, struct record, link);
        if ((time_t) r->retry > now)
            continue; /* another round of the wheel */
        list_remove(&r->link);
        list_append(&due, &r->link);
    }
}

static void turn(void *arg)
{
    time_t now = clock_seconds();

    (void) arg;
    if (now - turned_to >= WHEEL)
        turned_to = now - WHEEL;
    while (turned_to < now)
        look_at_slot(++turned_to, now);
    if (count > 0)
        timer_set(&tick, clock_after(1000));
    if (!list_is_empty(&due))
        qmgr_turn_soon();
}

static void begin(void)
{
    if (turned_to == 0) {
        for (size_t i = 0; i < WHEEL; i++)
            list_init(&wheel[i]);
        list_init(&due);
        tick = (struct timer){.fire = turn};
    }
    if (count == 0)
        turned_to = clock_seconds();
    if (!timer_is_set(&tick))
        timer_set(&tick, clock_after(1000));
}

static void place(struct record *r)
{
    if ((time_t) r->retry <= turned_to) {
        list_append(&due, &r->link);
        qmgr_turn_soon();
    } else
        list_append(&wheel[r->retry % WHEEL], &r->link);
}

void qmgr_deferred_add(const char *queue_id, time_t retry)
{
    size_t n = strlen(queue_id) + 1;
    uint32_t hash = hash_bytes(queue_id, n - 1);

    begin();
    if (count >= room)
        grow();
    struct record **at = find(queue_id, hash), *r = *at;
    if (r == NULL) {
        r = mem_alloc(sizeof(*r) + n);
        *r = (struct record){.hash = hash};
        memcpy(r->id, queue_id, n);
        *at = r;
        count++;
    } else
        list_remove(&r->link);
    r->retry = (uint32_t) retry;
    place(r);
}

void qmgr_deferred_all_due(void)
{
    if (turned_to == 0)
        return;
    for (size_t i = 0; i < WHEEL; i++)
        list_splice(&due, &wheel[i]);
    list_each(pos, &due)
        list_entry(pos, struct record, link)->retry = FLUSHED;
    qmgr_turn_soon();
}

const char *qmgr_deferred_next(bool *is_flushed)
{
    static char id[MAX_ID]; /* valid until the next call */

    if (turned_to == 0 || list_is_empty(&due))
        return NULL;
    struct record *r = list_first(&due, struct record, link);
    *is_flushed = r->retry == FLUSHED;
    list_remove(&r->link);
    *find(r->id, r->hash) = r->next;
    count--;
    strncpy(id, r->id, sizeof(id) - 1);
    mem_free(r);
    return id;
}

time_t qmgr_deferred_retry_time(const struct message *m)
{
    time_t now = clock_seconds();
    time_t created = m->e.create_time != 0 ? m->e.create_time : m->e.arrival.tv_sec;
    time_t delay = now - created;

    if (delay < conf.minimal_backoff_time)
        delay = conf.minimal_backoff_time;
    if (delay > conf.maximal_backoff_time)
        delay = conf.maximal_backoff_time;
    return now + delay;
}
