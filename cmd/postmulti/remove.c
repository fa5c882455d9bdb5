#include "cmd/postmulti/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"

/* Queues, and what is kept about messages, are never removed with a file in them. */
static const struct {
    const char *name;
    enum remove_what what;
} queue_directories[] = {
    {"active", REMOVE_NOTHING},   {"bounce", REMOVE_NOTHING},   {"corrupt", REMOVE_NOTHING},
    {"defer", REMOVE_NOTHING},    {"deferred", REMOVE_NOTHING}, {"flush", REMOVE_NOTHING},
    {"hold", REMOVE_NOTHING},     {"incoming", REMOVE_NOTHING}, {"journal", REMOVE_FILES},
    {"maildrop", REMOVE_NOTHING}, {"pid", REMOVE_FILES},        {"private", REMOVE_SOCKETS},
    {"public", REMOVE_SOCKETS},   {"saved", REMOVE_NOTHING},    {"tlstrace", REMOVE_NOTHING},
    {"trace", REMOVE_NOTHING},
};

static bool may_go(const char *name, mode_t mode, enum remove_what what)
{
    switch (what) {
    case REMOVE_NOTHING: return false;
    case REMOVE_SOCKETS: return S_ISSOCK(mode) || S_ISFIFO(mode);
    case REMOVE_FILES:   return S_ISREG(mode);
    case REMOVE_DATA:    return S_ISREG(mode) && (strcmp(name, "master.lock") == 0 || strcmp(name, "prng_exch") == 0);
    }
    panic("what to remove: %d", (int) what);
}

static void empty(int at_fd, const char *name, enum remove_what what);

static void empty_entry(int dir_fd, const char *name, enum remove_what what)
{
    struct stat st;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        empty(dir_fd, name, what);
        unlinkat(dir_fd, name, AT_REMOVEDIR); /* one that is not empty stays, and with it those above it */
    } else if (may_go(name, st.st_mode, what)) {
        unlinkat(dir_fd, name, 0);
    }
}

static void empty(int at_fd, const char *name, enum remove_what what)
{
    int fd = openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (dir == NULL)
        return;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        empty_entry(dirfd(dir), e->d_name, what);
    closedir(dir);
}

void postmulti_remove_directory(int at_fd, const char *name, const char *shown, enum remove_what what)
{
    if (what != REMOVE_NOTHING || *shown != 0)
        empty(at_fd, name, what);
    if (unlinkat(at_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        log_warn("%s%s%s: please verify contents and remove by hand", shown, *shown == 0 ? "" : "/", name);
}

void postmulti_remove_queue(const char *queue_dir, bool has_empty_journal)
{
    int fd = open(queue_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(queue_directories); i++) {
        bool is_journal = strcmp(queue_directories[i].name, "journal") == 0;
        postmulti_remove_directory(fd, queue_directories[i].name, queue_dir,
            is_journal && !has_empty_journal ? REMOVE_NOTHING : queue_directories[i].what);
    }
    close(fd);
}
