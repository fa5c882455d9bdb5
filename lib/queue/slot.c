#include "queue/slot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { DIR_MODE = 0700, LOCK_MODE = 0600 };

char *slot_dir(unsigned slot)
{
    return mem_printf("journal/%u", slot);
}

static bool make_dir(const char *path, struct str *why)
{
    if (mkdir(path, DIR_MODE) == 0 || errno == EEXIST)
        return true;
    str_setf(why, "mkdir %s: %s", path, strerror(errno));
    return false;
}

enum slot_result slot_lock(unsigned slot, bool create, int *fd, struct str *why)
{
    char *dir = slot_dir(slot);
    char *path = mem_printf("%s/lock", dir);
    enum slot_result result = SLOT_FAILED;

    *fd = -1;
    if (create && (!make_dir("journal", why) || !make_dir(dir, why)))
        goto done;
    /* Only the writer makes the file, and not root, who settles: both must be able to open it. */
    *fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), LOCK_MODE);
    if (*fd < 0)
        str_setf(why, "open %s: %s", path, strerror(errno));
    else if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        result = SLOT_LOCKED;
    else if (errno == EWOULDBLOCK)
        result = SLOT_BUSY;
    else
        str_setf(why, "lock %s: %s", path, strerror(errno));
    if (result != SLOT_LOCKED && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
done:
    mem_free(path);
    mem_free(dir);
    return result;
}

void slot_each(void (*visit)(void *arg, unsigned slot), void *arg)
{
    bool exists[SLOT_MAX + 1] = {false};
    DIR *dir = opendir("journal");
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char *end;
        unsigned long slot = strtoul(entry->d_name, &end, 10);
        if (*end == 0 && slot >= 1 && slot <= SLOT_MAX)
            exists[slot] = true;
    }
    if (dir != NULL)
        closedir(dir);
    for (unsigned slot = 1; slot <= SLOT_MAX; slot++)
        if (exists[slot])
            visit(arg, slot);
}
