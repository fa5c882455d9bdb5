#include "cmd/postsuper/action.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/postsuper/remove.h"
#include "cmd/postsuper/settled.h"
#include "cmd/postsuper/walk.h"
#include "queue/dirs.h"
#include "queue/qid.h"

/* A message is looked for twice: it may go from one queue to the next and pass us by. */
enum { TRIES = 2 };

static const char *const delete_queues[] = {"maildrop", "hold", "incoming", "active", "deferred", NULL};
static const char *const any_queues[] = {"hold", "incoming", "active", "deferred", NULL};
static const char *const moving_queues[] = {"incoming", "active", "deferred", NULL};
static const char *const hold_queues[] = {"hold", NULL};

struct file {
    const char *queue, *path, *id;
    struct stat st;
};

/* False: it was not there, or is not to be done. */
typedef bool act(const struct file *f);
static act requeue, delete, expire, hold, release, expire_and_release;

static const struct {
    char letter;
    const char *const *queues; /* where the action looks for one message unless told */
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

static bool is_in(const struct file *f, const char *queue)
{
    return strcmp(f->queue, queue) == 0;
}

/* False: it is gone. */
static bool move(const struct file *f, const char *to)
{
    struct str path = {0};
    bool ok = queue_move(f->path, to, f->id);

    if (!ok && errno != ENOENT)
        fatal("rename file %s as %s: %m", f->path, queue_path(&path, to, f->id));
    if (ok && log_verbose > 0)
        log_info("renamed file %s as %s", f->path, queue_path(&path, to, f->id));
    str_done(&path);
    return ok;
}

/* Is it whole? Whoever is writing it has not come so far. */
static bool is_finished(const struct file *f)
{
    return S_ISREG(f->st.st_mode) && (f->st.st_mode & S_IRWXU) == S_IRWXU;
}

/* --- the actions --- */

static bool delete (const struct file *f)
{
    if (is_quiet) {
        postsuper_remove_add(f->path, f->id, is_finished(f));
        return true;
    }
    if (!postsuper_remove_message(f->path, f->id))
        return false;
    note(POSTSUPER_DELETE, f->id, "removed");
    return true;
}

static bool hold(const struct file *f)
{
    if (is_in(f, "hold") || is_in(f, "maildrop") || !move(f, "hold"))
        return false;
    note(POSTSUPER_HOLD, f->id, "placed on hold");
    return true;
}

static bool release(const struct file *f)
{
    if (!is_in(f, "hold") || !move(f, "deferred"))
        return false;
    note(POSTSUPER_RELEASE, f->id, "released from hold");
    return true;
}

static bool requeue(const struct file *f)
{
    struct utimbuf now = {.actime = time(NULL), .modtime = time(NULL)};
    struct str path = {0};

    if (is_in(f, "maildrop") || !move(f, "maildrop"))
        return false;
    /* Its time may lie ahead: pickup takes it now. */
    if (utime(queue_path(&path, "maildrop", f->id), &now) < 0)
        log_warn("%s: reset time stamps: %m", str_text(&path));
    str_done(&path);
    note(POSTSUPER_REQUEUE, f->id, "requeued");
    return true;
}

static bool set_expired(const struct file *f)
{
    struct stat st;
    int fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool ok = false;

    if (fd < 0 && errno != ENOENT)
        log_warn("expire file %s: cannot open file: %m", f->path);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && (st.st_mode & (S_IRWXU | S_IXGRP)) == S_IRWXU) {
        ok = fchmod(fd, (st.st_mode | S_IXGRP) & 07777) == 0;
        if (!ok)
            log_warn("expire file %s: cannot set permission: %m", f->path);
    }
    close(fd);
    return ok;
}

static bool expire(const struct file *f)
{
    if (is_in(f, "maildrop") || !set_expired(f))
        return false;
    note(POSTSUPER_EXPIRE, f->id, "expired");
    return true;
}

static bool expire_and_release(const struct file *f)
{
    bool is_expired = expire(f);

    return release(f) || is_expired;
}

/* --- to whom --- */

static bool act_once(enum postsuper_action action, const char *id, const char *const *queues)
{
    struct str path = {0};
    bool is_done = false;

    for (; *queues != NULL && !is_done; queues++) {
        struct file f = {.queue = *queues, .path = queue_path(&path, *queues, id), .id = id};
        is_done = postsuper_walk_has_messages(*queues) && lstat(f.path, &f.st) == 0 && is_finished(&f) &&
                  actions[action].act(&f);
    }
    str_done(&path);
    return is_done;
}

void postsuper_action_one(enum postsuper_action action, const char *id, const char *const *queues)
{
    bool is_done = false;

    if (!qid_is_valid(id)) {
        log_warn("invalid mail queue id: %s", id);
        return;
    }
    if (queues == NULL)
        queues = actions[action].queues;
    postsuper_settled_one(id, queues);
    for (int i = 0; i < TRIES && !is_done; i++)
        is_done = act_once(action, id, queues);
}

/* Whatever there is can be deleted; only messages can be anything else. */
static void act_on(void *arg, const char *queue, const char *path, const char *name)
{
    const enum postsuper_action *action = arg;
    struct file f = {.queue = queue, .path = path, .id = name};

    if (lstat(path, &f.st) < 0 || S_ISDIR(f.st.st_mode))
        return;
    if (postsuper_walk_has_messages(queue) && qid_is_valid(name))
        actions[*action].act(&f);
    else if (*action == POSTSUPER_DELETE)
        postsuper_remove_file(path);
    else if (!qid_is_valid(name))
        log_warn("bogus file name: %s", path);
}

void postsuper_action_all(enum postsuper_action action, const char *const *queues)
{
    struct postsuper_walk walk = {.visit = act_on, .arg = &action};

    if (queues == NULL)
        queues = postsuper_walk_queues;
    postsuper_settled_all(queues);
    is_quiet = true;
    for (; *queues != NULL; queues++) {
        const char *const one[] = {*queues, NULL};
        postsuper_remove_begin();
        postsuper_walk(&walk, one);
        counts[POSTSUPER_DELETE].count += postsuper_remove_end();
    }
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
