#include "table/build.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

/* What the source's owner could not do by himself is not done for him. */
static void become_owner(const struct stat *source)
{
    if (geteuid() != 0 || source->st_uid == 0)
        return;
    if (setgroups(0, NULL) < 0 || setegid(source->st_gid) < 0 || seteuid(source->st_uid) < 0)
        fatal("set effective uid %ld gid %ld: %m", (long) source->st_uid, (long) source->st_gid);
}

static void hold_signals(void)
{
    static const int held[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGALRM};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(held); i++)
        sigaddset(&set, held[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static struct table *open_for(const struct build *b)
{
    int flags = b->flags | TABLE_WRITE | TABLE_CREATE | TABLE_LOCK;
    char *name = mem_printf("%s:%s", b->type, b->path);

    if (!table_type_exists(b->type))
        fatal("unsupported dictionary type: %s. Is the postfix-%s package installed?", b->type, b->type);
    if (!table_type_is_created(b->type))
        fatal("unsupported dictionary type: %s does not support bulk-mode creation.", b->type);
    struct table *t = table_open(name, b->is_incremental ? flags : flags | TABLE_TRUNCATE);
    mem_free(name);
    return t;
}

static void fill_in(struct table *t, const struct build *b, const char *name, const struct str *text, build_fill *fill)
{
    enum table_put result;

    do {
        result = fill(t, name, str_text(text), text->len, b->flags);
        if (result == TABLE_STORED)
            result = table_sync(t);
    } while (result == TABLE_START_OVER);
    if (result == TABLE_FAILED)
        fatal("table %s: write error%s", table_label(t), table_cause(t));
}

void build_table(const struct build *b, build_fill *fill)
{
    const char *name = b->is_incremental ? "stdin" : b->path;
    int fd = b->is_incremental ? STDIN_FILENO : open(b->path, O_RDONLY | O_CLOEXEC);
    struct stat source;
    struct str text = {0};

    if (fd < 0 || fstat(fd, &source) < 0)
        fatal("open %s: %m", name);
    if (!b->has_default_mode && S_ISREG(source.st_mode))
        umask(022 | (~source.st_mode & 077));
    if (!b->keeps_privileges)
        become_owner(&source);
    hold_signals();
    struct table *t = open_for(b);
    if (!file_read_all(fd, &text))
        fatal("read %s: %m", name);
    fill_in(t, b, name, &text, fill);
    table_close(t);
    str_done(&text);
    if (fd != STDIN_FILENO)
        close(fd);
}
