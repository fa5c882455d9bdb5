#include "cmd/postconf/edit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

static const char *doomed; /* the file that must not stay behind if the program ends with fatal() */

static void remove_temp(void)
{
    if (doomed != NULL)
        unlink(doomed);
}

/* Somebody who held the lock before us may have renamed or removed what we opened. */
static bool is_still_there(const struct postconf_edit *e)
{
    struct stat ours, named;

    return fstat(e->fd, &ours) == 0 && stat(str_text(&e->temp_path), &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}

static void open_temp(struct postconf_edit *e)
{
    for (;;) {
        e->fd = open(str_text(&e->temp_path), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (e->fd < 0)
            fatal("open %s: %m", str_text(&e->temp_path));
        while (flock(e->fd, LOCK_EX) < 0)
            if (errno != EINTR)
                fatal("lock %s: %m", str_text(&e->temp_path));
        if (is_still_there(e))
            break;
        close(e->fd);
    }
    doomed = str_text(&e->temp_path);
    log_on_fatal(remove_temp);
}

static void read_old(struct postconf_edit *e)
{
    int fd = open(e->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fatal("open %s for reading: %m", e->path);
    if (fstat(fd, &e->old) < 0 || !file_read_all(fd, &e->old_text))
        fatal("read %s: %m", e->path);
    close(fd);
}

void postconf_edit_begin(struct postconf_edit *e, const char *path)
{
    *e = (struct postconf_edit){.path = path};
    str_addf(&e->temp_path, "%s.tmp", path);
    open_temp(e);
    read_old(e);
}

/* An editor who is not root cannot give a file away; the mode is kept all the same. */
static bool keep_owner_and_mode(const struct postconf_edit *e)
{
    struct stat now;

    if (fstat(e->fd, &now) < 0)
        return false;
    if ((now.st_uid != e->old.st_uid || now.st_gid != e->old.st_gid) &&
        fchown(e->fd, e->old.st_uid, e->old.st_gid) < 0 && errno != EPERM)
        return false;
    return fchmod(e->fd, e->old.st_mode & 0777) == 0;
}

void postconf_edit_commit(struct postconf_edit *e)
{
    const char *temp = str_text(&e->temp_path), *slash = strrchr(e->path, '/');
    struct str dir = {0}, why = {0};

    /* What an editor that was killed left there goes first. */
    if (ftruncate(e->fd, 0) < 0 || !file_write_all(e->fd, str_text(&e->new_text), e->new_text.len) ||
        !keep_owner_and_mode(e) || fsync(e->fd) < 0)
        fatal("close %s: %m", temp);
    if (rename(temp, e->path) < 0)
        fatal("close %s: %m", temp);
    doomed = NULL; /* what has that name from now on is another editor's */
    str_add(&dir, e->path, slash == NULL ? 0 : (size_t) (slash - e->path) + 1);
    if (!file_sync_dir(slash == NULL ? "." : str_text(&dir), &why))
        log_warn("%s", str_text(&why)); /* the new file is in place */
    close(e->fd); /* and with it goes the lock */
    str_done(&dir);
    str_done(&why);
    str_done(&e->temp_path);
    str_done(&e->old_text);
    str_done(&e->new_text);
}

bool postconf_edit_next_line(struct postconf_edit *e, struct str *line, enum postconf_line *kind)
{
    const char *at = str_text(&e->old_text) + e->next, *end = str_text(&e->old_text) + e->old_text.len;

    if (at == end)
        return false;
    const char *newline = memchr(at, '\n', (size_t) (end - at));
    size_t len = (size_t) ((newline == NULL ? end : newline) - at);
    str_clear(line);
    str_add(line, at, len);
    str_addc(line, '\n');
    e->next += len + (newline != NULL);
    const char *text = str_text(line);
    while (isspace((unsigned char) *text))
        text++;
    *kind = *text == 0 || *text == '#' ? POSTCONF_COMMENT : text > str_text(line) ? POSTCONF_CONTINUED : POSTCONF_START;
    return true;
}
