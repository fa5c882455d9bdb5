#include "queue/dirs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"
#include "config/config.h"
#include "queue/qid.h"

enum { DIR_MODE = 0700, MAX_DEPTH = 16 };

bool queue_is_hashed(const char *queue)
{
    size_t n = strlen(queue);

    for (const char *p = conf.hash_queue_names; p != NULL && *p != 0;) {
        p += strspn(p, WORDS_LIST);
        size_t word = strcspn(p, WORDS_LIST);
        if (word == n && memcmp(p, queue, n) == 0)
            return true;
        p += word;
    }
    return false;
}

/* "a/b/" from the first characters of the id; of a long id, from its microseconds in hexadecimal. */
static void add_hash_dirs(struct str *path, const char *id)
{
    char hex[QID_SIZE];
    struct timeval when;

    if (qid_is_long(id) && qid_time(id, &when)) {
        qid_format(hex, when, 0, false);
        id = hex;
    }
    for (int i = 0; i < conf.hash_queue_depth && i < MAX_DEPTH; i++) {
        str_addc(path, *id == 0 ? '_' : *id);
        str_addc(path, '/');
        if (*id != 0)
            id++;
    }
}

const char *queue_path(struct str *path, const char *queue, const char *id)
{
    str_set(path, queue);
    str_addc(path, '/');
    if (queue_is_hashed(queue))
        add_hash_dirs(path, id);
    str_adds(path, id);
    return str_text(path);
}

/* Make the directories between the queue and the file. */
static bool make_parents(const char *path)
{
    char *copy = mem_strdup(path);
    bool ok = true;

    for (char *slash = strchr(copy, '/'); ok && slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        ok = mkdir(copy, DIR_MODE) == 0 || errno == EEXIST;
        *slash = '/';
    }
    mem_free(copy);
    return ok;
}

/* Never over another message, as rename(2) alone would. */
static int rename_to_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* A file system that cannot do that. */
    if (link(from, to) < 0)
        return -1;
    return unlink(from);
}

bool queue_move_to(const char *path, const char *to)
{
    if (rename_to_new(path, to) == 0)
        return true;
    return errno == ENOENT && access(path, F_OK) == 0 && make_parents(to) && rename_to_new(path, to) == 0;
}

bool queue_move(const char *path, const char *queue, const char *id)
{
    struct str to = {0};
    bool ok = queue_move_to(path, queue_path(&to, queue, id));
    int cause = errno;

    str_done(&to);
    errno = cause;
    return ok;
}

bool queue_rename_as(const char *id, const char *from_queue, const char *new_id, const char *to_queue)
{
    struct str from = {0};
    bool ok = queue_move(queue_path(&from, from_queue, id), to_queue, new_id);
    int cause = errno;

    str_done(&from);
    errno = cause;
    return ok;
}

bool queue_rename(const char *id, const char *from_queue, const char *to_queue)
{
    return queue_rename_as(id, from_queue, id, to_queue);
}

bool queue_remove(const char *queue, const char *id)
{
    struct str path = {0};
    bool ok = unlink(queue_path(&path, queue, id)) == 0;

    str_done(&path);
    return ok;
}

int queue_open(const char *queue, const char *id, int flags, mode_t mode)
{
    struct str path = {0};

    queue_path(&path, queue, id);
    int fd = open(str_text(&path), flags | O_CLOEXEC, mode);
    if (fd < 0 && errno == ENOENT && (flags & O_CREAT) != 0 && make_parents(str_text(&path)))
        fd = open(str_text(&path), flags | O_CLOEXEC, mode);
    int cause = errno;
    str_done(&path);
    errno = cause;
    return fd;
}

bool queue_has(const char *queue, const char *id)
{
    struct str path = {0};
    struct stat st;
    bool is_there = stat(queue_path(&path, queue, id), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IXUSR) != 0;

    str_done(&path);
    return is_there;
}

/* --- walking --- */

struct level {
    DIR *dir;
    size_t path_len; /* of its path with the slash, in queue_scan.path */
};

struct queue_scan {
    struct vec levels;
    struct str path; /* of the innermost directory, with a slash at the end */
    struct str id;
};

static bool enter(struct queue_scan *s)
{
    DIR *dir = opendir(str_text(&s->path));

    if (dir == NULL) {
        if (errno != ENOENT)
            log_warn("open directory %s: %m", str_text(&s->path));
        return false;
    }
    struct level *l = mem_alloc(sizeof(*l));
    l->dir = dir;
    l->path_len = s->path.len;
    vec_add(&s->levels, l);
    return true;
}

static void leave(struct queue_scan *s)
{
    struct level *l = vec_pop(&s->levels);

    closedir(l->dir);
    mem_free(l);
}

struct queue_scan *queue_scan_open(const char *queue)
{
    struct queue_scan *s = mem_zalloc(sizeof(*s));

    str_setf(&s->path, "%s/", queue);
    if (enter(s))
        return s;
    int cause = errno;
    queue_scan_close(s);
    errno = cause;
    return NULL;
}

const char *queue_scan_next(struct queue_scan *s, struct str *path)
{
    while (s != NULL && s->levels.count > 0) {
        struct level *l = s->levels.items[s->levels.count - 1];
        struct dirent *entry = readdir(l->dir);
        if (entry == NULL) {
            leave(s);
            continue;
        }
        if (!qid_is_valid(entry->d_name))
            continue;
        str_cut(&s->path, l->path_len);
        if (entry->d_name[1] == 0 && s->levels.count <= MAX_DEPTH) { /* one character: a hash directory */
            str_addf(&s->path, "%s/", entry->d_name);
            enter(s);
            continue;
        }
        str_set(&s->id, entry->d_name);
        str_setf(path, "%s%s", str_text(&s->path), entry->d_name);
        return str_text(&s->id);
    }
    return NULL;
}

void queue_scan_close(struct queue_scan *s)
{
    if (s == NULL)
        return;
    while (s->levels.count > 0)
        leave(s);
    vec_done(&s->levels, NULL);
    str_done(&s->path);
    str_done(&s->id);
    mem_free(s);
}
