#include "cmd/postsuper/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "queue/dirs.h"

const char *const postsuper_walk_queues[] = {
    "defer", "bounce", "trace", "maildrop", "incoming", "active", "deferred", "hold", "flush", NULL};
const char *const postsuper_walk_logs[] = {"bounce", "defer", "trace", NULL};

static const char *const message_queues[] = {"maildrop", "incoming", "active", "deferred", "hold", NULL};

static bool is_among(const char *queue, const char *const *queues)
{
    while (*queues != NULL && strcmp(*queues, queue) != 0)
        queues++;
    return *queues != NULL;
}

bool postsuper_walk_has_messages(const char *queue)
{
    return is_among(queue, message_queues);
}

bool postsuper_walk_is_known(const char *queue)
{
    return is_among(queue, postsuper_walk_queues);
}

/* Names of one character are directories; a file with such a name is nothing of ours. */
static bool is_hash_dir(const char *path, const char *name)
{
    struct stat st;

    return name[1] == 0 && lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

struct name {
    ino_t inode;
    char text[];
};

static int by_inode(const void *a, const void *b)
{
    const struct name *x = *(void *const *) a, *y = *(void *const *) b;

    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* In the order in which they lie on the disk: those of large directories come in that of a hash. */
static bool read_names(const char *path, struct vec *names)
{
    DIR *d = opendir(path);
    struct dirent *entry;

    if (d == NULL)
        return false;
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        size_t size = strlen(entry->d_name) + 1;
        struct name *name = mem_alloc(sizeof(*name) + size);
        name->inode = entry->d_ino;
        memcpy(name->text, entry->d_name, size);
        vec_add(names, name);
    }
    closedir(d);
    vec_sort(names, by_inode);
    return true;
}

static void walk_dir(const struct postsuper_walk *w, const char *queue, const char *dir, int depth)
{
    struct vec names = {0};
    struct str path = {0};

    if (!read_names(dir, &names) && (depth == 0 || errno != ENOENT))
        fatal("open directory %s: %m", dir);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = ((const struct name *) names.items[i])->text;
        str_setf(&path, "%s/%s", dir, name);
        if (is_hash_dir(str_text(&path), name))
            walk_dir(w, queue, str_text(&path), depth + 1);
        else
            w->visit(w->arg, queue, str_text(&path), name);
    }
    if (depth > 0 && w->leave != NULL)
        w->leave(w->arg, queue, dir, depth);
    vec_done(&names, mem_free);
    str_done(&path);
}

void postsuper_walk(const struct postsuper_walk *w, const char *const *queues)
{
    for (; *queues != NULL; queues++) {
        if (log_verbose > 0)
            log_info("queue: %s", *queues);
        if (strcmp(*queues, "maildrop") == 0 && queue_is_hashed(*queues))
            fatal("%s queue must not be hashed", *queues);
        walk_dir(w, *queues, *queues, 0);
    }
}
