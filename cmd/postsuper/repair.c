#include "cmd/postsuper/repair.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/postsuper/remove.h"
#include "cmd/postsuper/walk.h"
#include "config/config.h"
#include "queue/dirs.h"
#include "queue/envelope.h"
#include "queue/qid.h"

enum { PURGE_AGE_S = 7 * 24 * 3600, ID_WINDOW_S = 24 * 3600 };
#define FIX "#FIX" /* a new name, until every file that has to make room has done so */

static unsigned long renamed, moved; /* messages with a new name; files in the wrong place */

/* --- being interrupted --- */

static volatile sig_atomic_t signal_caught;

static void catch_signal(int number)
{
    signal_caught = number;
}

static void stop_if_interrupted(void)
{
    if (signal_caught != 0)
        fatal("interrupted by signal %d", (int) signal_caught);
}

static void tell_that_it_is_incomplete(void)
{
    if (renamed + moved > 0)
        log_warn("OPERATION INCOMPLETE -- RERUN COMMAND TO FIX THE QUEUE FIRST");
}

static void be_careful(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    struct sigaction action = {.sa_handler = catch_signal}, before;

    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    log_on_fatal(tell_that_it_is_incomplete);
}

/* --- names --- */

/* A message that came from the journal has a number that was made of its time, not of an inode. */
static bool is_journal_number(const char *path, uint64_t number)
{
    struct location where = {.path = path};
    struct arena a = {0};
    struct envelope e;
    struct message_bytes m;
    struct str why = {0};
    bool is_ours = false;

    if ((number & 0xfff) == 0 || number >> 36 != 0)
        return false;
    if (message_open("", &where, &m, &why)) {
        if (envelope_read(&a, m.bytes, m.n, 1, &e, NULL, &why))
            is_ours = (((uint64_t) e.create_time - (number >> 12) + ID_WINDOW_S) & 0xffffff) <= 2 * ID_WINDOW_S;
        message_close(&m);
    }
    arena_done(&a);
    str_done(&why);
    return is_ours;
}

/* The name that the file should have; false: the one that it has. */
static bool new_name(const char *path, const char *id, bool is_strict, char out[QID_SIZE])
{
    enum { MICROSECOND_DIGITS = 5 };
    struct timeval when;
    struct stat st;
    bool is_long = qid_is_long(id), stays_long = is_long && conf.enable_long_queue_ids;

    if (!qid_time(id, &when) || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    if (stays_long && !is_strict)
        return false;
    qid_format(out, when, st.st_ino, stays_long);
    if (strcmp(out, id) == 0)
        return false;
    return is_long || !is_journal_number(path, strtoull(id + MICROSECOND_DIGITS, NULL, 16));
}

/* To where the id belongs, under a name that has the suffix behind it. A file that is gone meanwhile is no news. */
static bool move(const char *from, const char *queue, const char *id, const char *suffix)
{
    struct str to = {0};

    queue_path(&to, queue, id);
    str_adds(&to, suffix);
    bool ok = queue_move_to(from, str_text(&to));
    if (!ok && errno == EEXIST)
        log_warn("rename file %s as %s: %m", from, str_text(&to));
    else if (!ok && errno != ENOENT)
        fatal("rename file %s as %s: %m", from, str_text(&to));
    else if (ok && log_verbose > 0)
        log_info("renamed file %s as %s", from, str_text(&to));
    str_done(&to);
    return ok;
}

/* First the logs, the message last: were we interrupted, it would still ask for its new name. */
static void rename_message(const char *path, const char *queue, const char *id, const char *name)
{
    struct str log = {0};

    for (const char *const *logs = postsuper_walk_logs; *logs != NULL; logs++)
        move(queue_path(&log, *logs, id), *logs, name, FIX);
    renamed += move(path, queue, name, FIX);
    str_done(&log);
}

static bool remove_directory(const char *path)
{
    if (rmdir(path) == 0)
        return true;
    if (errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
        fatal("remove directory %s: %m", path);
    return false;
}

static bool is_fixed(const char *name)
{
    size_t n = strlen(name), fix = strlen(FIX);

    return n > fix && strcmp(name + n - fix, FIX) == 0;
}

static void repair_file(const char *queue, const char *path, const char *id, bool is_strict)
{
    char name[QID_SIZE];
    struct str right = {0};
    struct stat st;

    if (is_fixed(id)) /* to be finished below, and begun perhaps by somebody who was interrupted */
        renamed += postsuper_walk_has_messages(queue);
    else if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (remove_directory(path) && log_verbose > 0)
            log_info("remove subdirectory %s", path);
    } else if (postsuper_walk_has_messages(queue) && new_name(path, id, is_strict, name))
        rename_message(path, queue, id, name);
    else if (strcmp(path, queue_path(&right, queue, id)) != 0)
        moved += move(path, queue, id, "");
    str_done(&right);
}

static void finish_file(void *arg, const char *queue, const char *path, const char *name)
{
    (void) arg;
    stop_if_interrupted();
    if (!is_fixed(name))
        return;
    char *id = mem_strndup(name, strlen(name) - strlen(FIX));
    if (qid_is_valid(id))
        move(path, queue, id, "");
    mem_free(id);
}

/* --- purging --- */

static bool is_left_over(const char *queue, const char *path)
{
    struct stat st;

    return postsuper_walk_has_messages(queue) && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & S_IXUSR) == 0 && time(NULL) - st.st_mtime >= PURGE_AGE_S;
}

/* --- both --- */

static void look_at_file(void *arg, const char *queue, const char *path, const char *name)
{
    const struct postsuper_repair *wanted = arg;

    stop_if_interrupted();
    if (wanted->purge && is_left_over(queue, path))
        postsuper_remove_file(path);
    else if (!qid_is_valid(name) && !is_fixed(name))
        log_warn("bogus file name: %s", path);
    else if (wanted->structure)
        repair_file(queue, path, name, wanted->strict);
}

/* Directories below the depth that is wanted, as far as they are empty. */
static void remove_surplus(void *arg, const char *queue, const char *path, int depth)
{
    (void) arg;
    if (depth <= (queue_is_hashed(queue) ? conf.hash_queue_depth : 0))
        return;
    if (remove_directory(path) && log_verbose > 0)
        log_info("remove directory %s", path);
}

/* Logs are moved to their places before messages are renamed, and with them those of other queues. */
void postsuper_repair(const struct postsuper_repair *wanted, const char *const *queues)
{
    struct postsuper_repair w = *wanted;
    struct postsuper_walk look = {.visit = look_at_file, .leave = remove_surplus, .arg = &w};
    struct postsuper_walk finish = {.visit = finish_file};

    be_careful();
    postsuper_walk(&look, queues);
    if (renamed > 0)
        postsuper_walk(&finish, queues);
}

bool postsuper_repair_has_renamed(void)
{
    return renamed > 0;
}

void postsuper_repair_report(void)
{
    if (renamed == 0)
        return;
    log_info("Renamed to match inode number: %lu message%s", renamed, renamed == 1 ? "" : "s");
    log_warn("QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS");
}
