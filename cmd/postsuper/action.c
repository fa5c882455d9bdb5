#include "cmd/postsuper/action.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd/postsuper/settled.h"
#include "queue/dirs.h"
#include "queue/qid.h"

static const char *const delete_queues[] = {"maildrop", "hold", "incoming", "active", "deferred", NULL};
static const char *const any_queues[] = {"hold", "incoming", "active", "deferred", NULL};
static const char *const moving_queues[] = {"incoming", "active", "deferred", NULL};
static const char *const hold_queues[] = {"hold", NULL};
static const char *const log_queues[] = {"bounce", "defer", "trace", NULL};

/* A message in a queue; false: it was not there, or is not to be done. */
typedef bool act(const char *queue, const char *id);
static act requeue, delete, expire, hold, release, expire_and_release;

static const struct {
    char letter;
    const char *const *queues; /* where the action looks unless told */
    act *act;
} actions[POSTSUPER_ACTIONS] = {
    [POSTSUPER_REQUEUE] = {'r', any_queues, requeue},
    [POSTSUPER_DELETE] = {'d', delete_queues, delete},
    [POSTSUPER_EXPIRE] = {'e', any_queues, expire},
    [POSTSUPER_HOLD] = {'h', moving_queues, hold},
    [POSTSUPER_RELEASE] = {'H', hold_queues, release},
    [POSTSUPER_EXPIRE_RELEASE] = {'f', any_queues, expire_and_release},
};

/* What was counted, in the order of the report. */
static struct {
    const char *words;
    bool is_expected;
    unsigned long count;
} counts[] = {
    [POSTSUPER_REQUEUE] = {.words = "Requeued"},
    [POSTSUPER_DELETE] = {.words = "Deleted"},
    [POSTSUPER_EXPIRE] = {.words = "Force-expired"},
    [POSTSUPER_HOLD] = {.words = "Placed on hold"},
    [POSTSUPER_RELEASE] = {.words = "Released from hold"},
};

static bool is_quiet; /* while all messages are done */

bool postsuper_action_of(int letter, enum postsuper_action *action)
{
    for (int i = 0; i < POSTSUPER_ACTIONS; i++)
        if (actions[i].letter == letter) {
            *action = (enum postsuper_action) i;
            return true;
        }
    return false;
}

static void note(enum postsuper_action action, const char *id, const char *words)
{
    counts[action].count++;
    if (!is_quiet)
        log_info("%s: %s", id, words);
}

static bool is_queue(const char *queue, const char *name)
{
    return strcmp(queue, name) == 0;
}

static bool move(const char *id, const char *from, const char *to)
{
    if (queue_rename(id, from, to))
        return true;
    if (errno != ENOENT)
        log_warn("rename file %s/%s as %s/%s: %m", from, id, to, id);
    return false;
}

/* --- the actions --- */

static bool delete (const char *queue, const char *id)
{
    /* The logs first: they would be taken for those of the next message with this name. */
    for (size_t i = 0; log_queues[i] != NULL; i++)
        if (!queue_remove(log_queues[i], id) && errno != ENOENT)
            log_warn("remove file %s/%s: %m", log_queues[i], id);
    if (!queue_remove(queue, id)) {
        if (errno != ENOENT)
            log_warn("remove file %s/%s: %m", queue, id);
        return false;
    }
    note(POSTSUPER_DELETE, id, "removed");
    return true;
}

static bool hold(const char *queue, const char *id)
{
    if (is_queue(queue, "hold") || is_queue(queue, "maildrop") || !move(id, queue, "hold"))
        return false;
    note(POSTSUPER_HOLD, id, "placed on hold");
    return true;
}

static bool release(const char *queue, const char *id)
{
    if (!is_queue(queue, "hold") || !move(id, "hold", "deferred"))
        return false;
    note(POSTSUPER_RELEASE, id, "released from hold");
    return true;
}

static bool requeue(const char *queue, const char *id)
{
    struct str path = {0};

    if (is_queue(queue, "maildrop") || !move(id, queue, "maildrop"))
        return false;
    /* Its time may lie ahead: pickup takes it now. */
    if (utimes(queue_path(&path, "maildrop", id), NULL) < 0)
        log_warn("%s: reset time stamps: %m", str_text(&path));
    str_done(&path);
    note(POSTSUPER_REQUEUE, id, "requeued");
    return true;
}

static bool expire(const char *queue, const char *id)
{
    struct str path = {0};
    struct stat st;
    bool ok =
        !is_queue(queue, "maildrop") && stat(queue_path(&path, queue, id), &st) == 0 && (st.st_mode & S_IXGRP) == 0;

    if (ok && chmod(str_text(&path), (st.st_mode | S_IXGRP) & 07777) < 0) {
        log_warn("expire file %s: cannot set permission: %m", str_text(&path));
        ok = false;
    }
    str_done(&path);
    if (ok)
        note(POSTSUPER_EXPIRE, id, "expired");
    return ok;
}

static bool expire_and_release(const char *queue, const char *id)
{
    bool is_expired = expire(queue, id);

    return release(queue, id) || is_expired;
}

/* --- to whom --- */

/* Is there such a message, whole? Whoever is writing one has not come so far. */
static bool is_message(const char *queue, const char *id)
{
    struct str path = {0};
    struct stat st;
    bool ok = lstat(queue_path(&path, queue, id), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXU) == S_IRWXU;

    str_done(&path);
    return ok;
}

void postsuper_action_one(enum postsuper_action action, const char *id, const char *const *queues)
{
    if (!qid_is_valid(id)) {
        log_warn("invalid mail queue id: %s", id);
        return;
    }
    postsuper_settled_one(id);
    if (queues == NULL)
        queues = actions[action].queues;
    for (; *queues != NULL; queues++)
        if (is_message(*queues, id) && actions[action].act(*queues, id))
            return;
}

static void all_in(enum postsuper_action action, const char *queue)
{
    struct queue_scan *scan = queue_scan_open(queue);
    struct str path = {0};
    struct vec ids = {0};
    const char *id;

    if (scan == NULL)
        fatal("open queue %s: %m", queue);
    /* First the names: moving files about would disturb the walk. */
    while ((id = queue_scan_next(scan, &path)) != NULL)
        vec_add(&ids, mem_strdup(id));
    queue_scan_close(scan);
    for (size_t i = 0; i < ids.count; i++)
        if (is_message(queue, ids.items[i]))
            actions[action].act(queue, ids.items[i]);
    vec_done(&ids, mem_free);
    str_done(&path);
}

void postsuper_action_all(enum postsuper_action action, const char *const *queues)
{
    postsuper_settled_all();
    is_quiet = true;
    for (queues = queues == NULL ? actions[action].queues : queues; *queues != NULL; queues++)
        all_in(action, *queues);
    is_quiet = false;
}

/* --- the report --- */

void postsuper_action_expect(enum postsuper_action action)
{
    if (action == POSTSUPER_EXPIRE_RELEASE)
        counts[POSTSUPER_EXPIRE].is_expected = counts[POSTSUPER_RELEASE].is_expected = true;
    else
        counts[action].is_expected = true;
}

void postsuper_action_report(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        if (counts[i].is_expected)
            log_info("%s: %lu message%s", counts[i].words, counts[i].count, counts[i].count == 1 ? "" : "s");
}
