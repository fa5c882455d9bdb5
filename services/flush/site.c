#include "services/flush/site.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/idna.h"
#include "base/log.h"
#include "base/task.h"
#include "base/utf8.h"
#include "config/config.h"
#include "queue/dirs.h"
#include "queue/journal.h"
#include "queue/qid.h"
#include "services/flush/release.h"

#define FOLDER "flush"

enum { LOCK_PAUSE_MS = 20, LOG_MODE = 0600, MAX_NAME = 200, YIELD_EVERY = 100 };

bool flush_site_path(struct str *path, const char *site)
{
    struct str ascii = {0};
    size_t n = strlen(site);

    if (!utf8_is_ascii(site, n))
        idna_to_ascii(site, &ascii);
    else
        str_add(&ascii, site, n);
    str_set(path, FOLDER "/");
    for (size_t i = 0; i < ascii.len; i++) {
        unsigned char c = (unsigned char) ascii.data[i];
        str_addc(path, isalnum(c) ? (char) tolower(c) : '_');
    }
    bool ok = ascii.len > 0 && ascii.len <= MAX_NAME;
    str_done(&ascii);
    return ok;
}

/* Whoever else has a log gives it back soon. */
static void lock(int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0 && (errno == EWOULDBLOCK || errno == EINTR))
        task_sleep(LOCK_PAUSE_MS);
}

/* Locked. -1: errno. A log that was removed while we waited for its lock is opened anew. */
static int open_log(const char *path, int flags)
{
    struct stat st;
    int fd;

    while ((fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, LOG_MODE)) >= 0) {
        lock(fd);
        if (fstat(fd, &st) == 0 && st.st_nlink > 0)
            break;
        close(fd);
    }
    return fd;
}

enum flush_status flush_site_add(const char *site, const char *queue_id)
{
    struct str path = {0}, line = {0};
    enum flush_status status = FLUSH_BAD;

    if (flush_site_path(&path, site)) {
        int fd = open_log(str_text(&path), O_WRONLY | O_APPEND | O_CREAT);
        str_addf(&line, "%s\n", queue_id);
        bool ok = fd >= 0 && file_write_all(fd, line.data, line.len);
        if (!ok)
            log_warn("append to %s: %m", str_text(&path));
        if (fd >= 0)
            close(fd);
        status = ok ? FLUSH_OK : FLUSH_FAIL;
    }
    str_done(&path);
    str_done(&line);
    return status;
}

/* --- sending --- */

/* What a look at the listed messages has found. */
struct round {
    struct hash seen, elsewhere; /* ids; elsewhere: not released */
    size_t released;
};

static void release_listed(struct round *r, char *text)
{
    size_t count = 0;

    for (char *id = text, *next; id != NULL && *id != 0; id = next) {
        next = strchr(id, '\n');
        if (next != NULL)
            *next++ = 0;
        if (!qid_is_valid(id)) {
            log_warn("bad queue id \"%.30s\" in a log of the %s service", id, conf.flush_service_name);
            continue;
        }
        if (hash_put(&r->seen, id, r) != NULL)
            continue;
        if (flush_release_message(id, false) == FLUSH_RELEASED)
            r->released++;
        else
            hash_put(&r->elsewhere, id, r);
        if (++count % YIELD_EVERY == 0)
            task_yield();
    }
}

/* A message that is under way may be deferred again, and its recipients have been registered
 * before it comes to deferred/: its id stays in the log. */
static void keep_in_journal(void *arg, const char *queue_id, const struct location *where)
{
    struct round *r = ((void **) arg)[0];
    struct str *kept = ((void **) arg)[1];

    (void) where;
    if (hash_remove(&r->elsewhere, queue_id) != NULL)
        str_addf(kept, "%s\n", queue_id);
}

static void find_live(struct round *r, struct str *kept)
{
    void *arg[] = {r, kept};

    for (struct hash_entry *e = hash_next(&r->elsewhere, NULL), *next; e != NULL; e = next) {
        next = hash_next(&r->elsewhere, e);
        if (!queue_has("active", e->key))
            continue;
        str_addf(kept, "%s\n", e->key);
        hash_remove(&r->elsewhere, e->key);
    }
    if (r->elsewhere.count > 0)
        journal_scan(keep_in_journal, arg);
}

static bool rewrite(int fd, const struct str *kept)
{
    return ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 && file_write_all(fd, str_text(kept), kept->len) &&
           futimens(fd, NULL) == 0;
}

/* revives: mail for dead sites is to be tried, too; qmgr must know before it has the messages. */
static bool send_log(const char *path, bool revives)
{
    struct str text = {0}, why = {0}, kept = {0};
    struct round r = {0};
    int fd = open_log(path, O_RDWR);
    bool ok = fd >= 0 || errno == ENOENT;

    if (fd < 0) {
        if (!ok)
            log_warn("open %s: %m", path);
        return ok;
    }
    if (!(ok = file_read(path, &text, &why)))
        log_warn("%s", str_text(&why));
    if (ok && text.len > 0) {
        if (revives)
            flush_release_tell_qmgr("F");
        release_listed(&r, text.data);
        if (r.elsewhere.count > 0)
            find_live(&r, &kept);
        if (!(ok = rewrite(fd, &kept)))
            log_warn("truncate %s: %m", path);
        if (r.released > 0)
            flush_release_tell_qmgr("I");
    }
    close(fd);
    hash_done(&r.seen, NULL);
    hash_done(&r.elsewhere, NULL);
    str_done(&text);
    str_done(&why);
    str_done(&kept);
    return ok;
}

enum flush_status flush_site_send(const char *site)
{
    enum flush_status status = FLUSH_BAD;
    struct str path = {0};

    if (flush_site_path(&path, site))
        status = send_log(str_text(&path), true) ? FLUSH_OK : FLUSH_FAIL;
    str_done(&path);
    return status;
}

/* --- refreshing --- */

static void remove_log(const char *path)
{
    struct stat st;
    int fd = open_log(path, O_RDWR);

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_size == 0 && unlink(path) < 0)
        log_warn("remove %s: %m", path);
    close(fd);
}

/* The time of the last reading is set when a log is emptied; adding does not change it. */
static void refresh_log(const char *path, int max_age_s)
{
    time_t now = clock_wall().tv_sec;
    struct stat st;

    if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    if (st.st_size > 0 && st.st_atime + max_age_s <= now)
        send_log(path, false);
    else if (st.st_size == 0 && st.st_mtime + conf.fast_flush_purge_time < now)
        remove_log(path);
}

void flush_site_refresh(int max_age_s)
{
    struct str path = {0};
    DIR *dir = opendir(FOLDER);
    struct dirent *entry;

    if (dir == NULL) {
        log_warn("open directory %s: %m", FOLDER);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        str_setf(&path, FOLDER "/%s", entry->d_name);
        refresh_log(str_text(&path), max_age_s);
        task_yield();
    }
    closedir(dir);
    str_done(&path);
}
