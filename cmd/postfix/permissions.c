#include "cmd/postfix/permissions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/postfix/files_list.h"
#include "config/config.h"
#include "places.h"

enum { AS_IT_IS = -1 };

static bool find_owner(const struct files_list_row *row, uid_t *uid, gid_t *gid)
{
    const struct passwd *pw = getpwnam(row->owner);
    const struct group *gr = strcmp(row->group, "-") == 0 ? NULL : getgrnam(row->group);

    if (pw == NULL || (gr == NULL && strcmp(row->group, "-") != 0)) {
        log_error("%s: unknown owner or group: %s:%s", row->path, row->owner, row->group);
        return false;
    }
    *uid = pw->pw_uid;
    *gid = gr == NULL ? (gid_t) AS_IT_IS : gr->gr_gid;
    return true;
}

/* chown takes the set-ID bits away, so the mode comes second. */
static bool set_open(int fd, const struct files_list_row *row)
{
    uid_t uid;
    gid_t gid;

    if (!find_owner(row, &uid, &gid))
        return false;
    if (fchown(fd, uid, gid) == 0 && fchmod(fd, row->mode) == 0)
        return true;
    log_error("set owner and mode of %s: %m", row->path);
    return false;
}

/* All that is in a directory of the queue; directories in it get its mode. */
static void set_contents(int dir_fd, uid_t uid, mode_t mode)
{
    DIR *dir = fdopendir(dir_fd);
    struct stat st;

    if (dir == NULL) {
        close(dir_fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (!S_ISDIR(st.st_mode)) {
            if (st.st_nlink == 1 && st.st_uid != uid &&
                fchownat(dirfd(dir), e->d_name, uid, (gid_t) AS_IT_IS, AT_SYMLINK_NOFOLLOW) < 0)
                log_warn("set owner of %s: %m", e->d_name);
            continue;
        }
        int fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (fchown(fd, uid, (gid_t) AS_IT_IS) < 0 || fchmod(fd, mode) < 0)
            log_warn("set owner and mode of %s: %m", e->d_name);
        set_contents(fd, uid, mode);
    }
    closedir(dir);
}

static bool is_wanted(const struct files_list_row *row, enum permissions_of what)
{
    if (postfix_files_list_has_flag(row, 'o') || row->type == 'h' || row->type == 'l')
        return false;
    if (postfix_files_list_has_flag(row, '1') && strcmp(config_dir(), CONFIG_DIR) != 0)
        return false;
    switch (what) {
    case PERMISSIONS_MISSING: return postfix_files_list_has_flag(row, 'c');
    case PERMISSIONS_UPGRADE: return postfix_files_list_has_flag(row, 'c') || postfix_files_list_has_flag(row, 'u');
    case PERMISSIONS_ALL:     return true;
    }
    panic("permissions of %d", (int) what);
}

/* True: there was none, and now there is. */
static bool made_directory(const struct files_list_row *row, bool *ok)
{
    if (row->type != 'd' || !postfix_files_list_has_flag(row, 'c') || mkdir(row->path, 0700) == 0)
        return row->type == 'd' && postfix_files_list_has_flag(row, 'c');
    if (errno != EEXIST) {
        log_error("mkdir %s: %m", row->path);
        *ok = false;
    }
    return false;
}

static bool set_row(const struct files_list_row *row, void *context)
{
    enum permissions_of what = *(const enum permissions_of *) context;
    bool ok = true;

    if (!is_wanted(row, what))
        return true;
    bool is_new = made_directory(row, &ok);
    if (!is_new && what == PERMISSIONS_MISSING)
        return ok;
    if (!is_new && what == PERMISSIONS_UPGRADE && !postfix_files_list_has_flag(row, 'u'))
        return ok;
    int fd = open(row->path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | (row->type == 'd' ? O_DIRECTORY : 0));
    if (fd < 0)
        return ok; /* not installed here, or a link to what has a row of its own */
    ok &= set_open(fd, row);
    if (ok && row->type == 'd' && postfix_files_list_has_flag(row, 'r')) {
        set_contents(fd, getpwnam(row->owner)->pw_uid, row->mode);
        return true;
    }
    close(fd);
    return ok;
}

bool postfix_permissions_set(enum permissions_of what)
{
    return postfix_files_list_each(set_row, &what);
}
