#include "cmd/postsuper/repair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "config/config.h"
#include "queue/dirs.h"
#include "queue/envelope.h"
#include "queue/qid.h"

enum { PURGE_AGE_S = 7 * 24 * 3600, ID_WINDOW_S = 24 * 3600 };
#define FIX "#FIX" /* a new name, until every file that has to make room has done so */

static const char *const log_queues[] = {"bounce", "defer", "trace", NULL};
static const char *const message_queues[] = {"maildrop", "incoming", "active", "deferred", "hold", NULL};

static unsigned long renamed;

static bool is_among(const char *queue, const char *const *queues)
{
    for (; *queues != NULL; queues++)
        if (strcmp(*queues, queue) == 0)
            return true;
    return false;
}

/* --- walking: all files first, then what is to be done with them --- */

static bool is_hash_dir(const char *path, const struct dirent *entry)
{
    struct stat st;

    return entry->d_name[0] != '.' && entry->d_name[1] == 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void collect(const char *dir, int depth, int wanted_depth, struct vec *files)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    if (d == NULL)
        fatal("open directory %s: %m", dir);
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = mem_printf("%s/%s", dir, entry->d_name);
        if (is_hash_dir(path, entry)) {
            collect(path, depth + 1, wanted_depth, files);
            mem_free(path);
        } else {
            vec_add(files, path);
        }
    }
    closedir(d);
}

static void collect_files(const char *queue, struct vec *files)
{
    collect(queue, 0, queue_is_hashed(queue) ? conf.hash_queue_depth : 0, files);
}

/* Directories below the depth that is wanted, as far as they are empty. */
static void remove_surplus(const char *dir, int depth, int wanted_depth)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL) {
        char *path = mem_printf("%s/%s", dir, entry->d_name);
        if (is_hash_dir(path, entry))
            remove_surplus(path, depth + 1, wanted_depth);
        mem_free(path);
    }
    if (d != NULL)
        closedir(d);
    if (depth > wanted_depth && rmdir(dir) < 0 && errno != ENOTEMPTY && errno != EEXIST)
        log_warn("remove subdirectory %s: %m", dir);
}

static const char *last_part(const char *path)
{
    return strrchr(path, '/') + 1;
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

static bool move(const char *from, const char *queue, const char *name, const char *suffix)
{
    struct str to = {0};
    int fd = -1;

    queue_path(&to, queue, name);
    str_adds(&to, suffix);
    bool ok = renameat2(AT_FDCWD, from, AT_FDCWD, str_text(&to), RENAME_NOREPLACE) == 0;
    if (!ok && errno == ENOENT && (fd = queue_open(queue, name, O_CREAT | O_EXCL | O_WRONLY, 0600)) >= 0) {
        /* That made the sub-directory. */
        close(fd);
        queue_remove(queue, name);
        ok = renameat2(AT_FDCWD, from, AT_FDCWD, str_text(&to), RENAME_NOREPLACE) == 0;
    }
    if (!ok)
        log_warn("rename file %s as %s: %m", from, str_text(&to));
    else if (log_verbose > 0)
        log_info("renamed file %s as %s", from, str_text(&to));
    str_done(&to);
    return ok;
}

/* First the logs, the message last: were we interrupted, it would still ask for its new name. */
static void rename_message(const char *path, const char *queue, const char *id, const char *name)
{
    struct str log = {0};

    if (log_verbose > 0)
        log_warn("name/inode mismatch: %s", path);
    for (size_t i = 0; log_queues[i] != NULL; i++)
        if (access(queue_path(&log, log_queues[i], id), F_OK) == 0)
            move(str_text(&log), log_queues[i], name, FIX);
    renamed += move(path, queue, name, FIX);
    str_done(&log);
}

static void repair_file(const char *path, const char *queue, bool is_strict)
{
    const char *id = last_part(path);
    char name[QID_SIZE];
    struct str right = {0};

    if (strstr(id, FIX) != NULL)
        return; /* finished below */
    if (!qid_is_valid(id) || id[1] == 0) {
        log_warn("bogus file name: %s", path);
        return;
    }
    if (is_among(queue, message_queues) && new_name(path, id, is_strict, name))
        rename_message(path, queue, id, name);
    else if (strcmp(path, queue_path(&right, queue, id)) != 0)
        move(path, queue, id, "");
    str_done(&right);
}

static void finish_file(const char *path, const char *queue)
{
    const char *id = last_part(path), *fix = strstr(id, FIX);

    if (fix == NULL || strcmp(fix, FIX) != 0)
        return;
    char *name = mem_strndup(id, (size_t) (fix - id));
    if (qid_is_valid(name))
        move(path, queue, name, "");
    mem_free(name);
}

/* Logs are moved to their places before messages are renamed, and with them those of other queues. */
void postsuper_repair_structure(const char *const *queues, bool is_strict)
{
    for (size_t i = 0; queues[i] != NULL; i++) {
        struct vec files = {0};
        collect_files(queues[i], &files);
        for (size_t k = 0; k < files.count; k++)
            repair_file(files.items[k], queues[i], is_strict);
        vec_done(&files, mem_free);
    }
    for (size_t i = 0; queues[i] != NULL; i++) {
        struct vec files = {0};
        collect_files(queues[i], &files);
        for (size_t k = 0; k < files.count; k++)
            finish_file(files.items[k], queues[i]);
        vec_done(&files, mem_free);
        remove_surplus(queues[i], 0, queue_is_hashed(queues[i]) ? conf.hash_queue_depth : 0);
    }
}

/* --- purging --- */

static void purge_file(const char *path, time_t now)
{
    struct stat st;

    if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IXUSR) != 0 || now - st.st_mtime < PURGE_AGE_S)
        return;
    if (unlink(path) < 0 && errno != ENOENT)
        log_warn("remove file %s: %m", path);
    else if (log_verbose > 0)
        log_info("removed file %s", path);
}

void postsuper_repair_purge(const char *const *queues)
{
    time_t now = time(NULL);

    for (; *queues != NULL; queues++) {
        struct vec files = {0};
        if (!is_among(*queues, message_queues))
            continue;
        collect_files(*queues, &files);
        for (size_t i = 0; i < files.count; i++)
            purge_file(files.items[i], now);
        vec_done(&files, mem_free);
    }
}

void postsuper_repair_report(void)
{
    if (renamed == 0)
        return;
    log_info("Renamed to match inode number: %lu message%s", renamed, renamed == 1 ? "" : "s");
    log_warn("QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS");
}
