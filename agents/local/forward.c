#include "agents/local/forward.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/local/expand.h"
#include "agents/local/list.h"
#include "agents/local/report.h"
#include "agents/local/setup.h"
#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "deliver/identity.h"

static bool exists(const struct target *t, const char *path)
{
    struct stat st;

    identity_take(t->rights.uid, t->rights.gid);
    bool is_there = lstat(path, &st) == 0;
    identity_drop();
    return is_there;
}

/* The first file of forward_path that is there, in the arena; NULL: none. One that is named for the extension
 * has used it up. */
static char *find_file(struct target *t)
{
    char *cursor = arena_strdup(t->job->memory, conf.forward_path), *path = NULL, *pattern;
    struct str text = {0};

    while (path == NULL && (pattern = words_next(&cursor, WORDS_LIST)) != NULL) {
        bool uses_extension = false;
        str_clear(&text);
        if (local_expand(t, pattern, conf.forward_expansion_filter, &uses_extension, &text) !=
                EXPAND_OK ||
            !exists(t, str_text(&text)))
            continue;
        path = arena_strdup(t->job->memory, str_text(&text));
        if (uses_extension || !local_setup_propagates(ORIGIN_FORWARD))
            t->unmatched = NULL;
    }
    str_done(&text);
    return path;
}

/* What would let others say where a user's mail goes, what would keep us waiting, or fill the memory. */
static bool is_trusted(const struct target *t, const struct stat *st, const char *path)
{
    if (!S_ISREG(st->st_mode))
        log_warn("file %s is not a regular file", path);
    else if (st->st_uid != 0 && st->st_uid != t->rights.uid)
        log_warn("file %s has bad owner uid %ld", path, (long) st->st_uid);
    else if ((st->st_mode & S_IWOTH) != 0)
        log_warn("file %s is world writable", path);
    else if (st->st_uid != 0 && st->st_size > LOCAL_LIST_FILE_MAX)
        log_warn("file %s is larger than %d bytes", path, LOCAL_LIST_FILE_MAX);
    else
        return true;
    return false;
}

static FILE *open_file(const struct target *t, const char *path)
{
    struct stat st;

    identity_take(t->rights.uid, t->rights.gid);
    bool is_there = lstat(path, &st) == 0;
    identity_drop();
    if (is_there && !is_trusted(t, &st, path))
        return NULL;
    identity_take(t->rights.uid, t->rights.gid);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    identity_drop();
    if (fd < 0) {
        log_warn("cannot open file %s: %m", path);
        return NULL;
    }
    if (fstat(fd, &st) == 0 && is_trusted(t, &st, path))
        return fdopen(fd, "r");
    close(fd);
    return NULL;
}

static bool deliver_by(struct target *t, const char *path, enum outcome *outcome)
{
    int count = 0;
    FILE *file = open_file(t, path);

    if (file == NULL)
        return false;
    struct target expanded = *t;
    local_report_without_success(&expanded);
    *outcome = local_list_deliver_file(&expanded, file, &count);
    fclose(file);
    if (count == 0)
        return false;
    local_target_is_expanded(t, "forward-done %s", path);
    if (*outcome == OUTCOME_DONE)
        local_report_expanded(t, "expanded");
    return true;
}

bool local_forward_deliver(const struct target *from, enum outcome *outcome)
{
    struct target t = *from;
    int error;

    if (*conf.forward_path == 0)
        return false;
    if (!local_target_become(&t, t.user, &error)) {
        if (error == 0)
            return false;
        log_warn("error looking up passwd info for %s: %s", t.user, strerror(error));
        *outcome = local_report_failed(&t, "4.0.0", "user lookup error");
        return true;
    }
    t.origin = ORIGIN_FORWARD;
    t.owner = t.user; /* so that other local users' mail is queued anew */
    t.alias = t.local;
    if (!conf.frozen_delivered_to)
        t.delivered = t.address;
    const char *path = find_file(&t);
    if (path == NULL)
        return false;
    if (local_target_is_verification(&t)) {
        *outcome = local_report_sent(&t, "forward via file: %s", path);
        return true;
    }
    /* The user is in that file, too: that means the mailbox, unless the file has had its turn. */
    if (local_target_is_expanded(&t, "forward %s", path)) {
        *outcome = OUTCOME_DONE;
        return local_target_is_known(&t, "forward-done %s", path);
    }
    return deliver_by(&t, path, outcome);
}
