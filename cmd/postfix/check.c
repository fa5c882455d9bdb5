#include "cmd/postfix/check.h"

#include <fts.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/postfix/instance.h"
#include "config/config.h"
#include "config/master_cf.h"

enum { ROOTS_MAX = 16 };

/* --- what must be there --- */

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void postfix_check_places(void)
{
    const struct {
        const char *what, *path;
    } needed[] = {
        {"command", conf.command_directory},   {"daemon", conf.daemon_directory}, {"configuration", config_dir()},
        {"queue", conf.queue_directory},
    };
    struct str master = {0};

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (!is_directory(needed[i].path))
            fatal("no Postfix %s directory %s!", needed[i].what, needed[i].path);
    str_addf(&master, "%s/master", conf.daemon_directory);
    if (access(str_text(&master), X_OK) < 0)
        fatal("no Postfix master program %s!", str_text(&master));
    str_done(&master);
}

/* Without postlog the lines of all daemons would go nowhere. */
static void check_log_service(void)
{
    struct master_cf services = {0};
    struct str why = {0};

    if (*conf.maillog_file == 0)
        return;
    if (!master_cf_load(&services, &why))
        fatal("%s", str_text(&why));
    if (master_cf_find(&services, conf.postlog_service_name, MASTER_UNIX_DGRAM) == NULL)
        fatal("missing '%s' service in master.cf - run 'postfix upgrade-configuration'", conf.postlog_service_name);
    master_cf_done(&services);
}

void postfix_check_fatal(void)
{
    struct str path = {0};

    postfix_instance_make_directories();
    str_addf(&path, "%s/master.cf", config_dir());
    if (access(str_text(&path), F_OK) < 0)
        fatal("no %s file found", str_text(&path));
    str_done(&path);
    check_log_service();
}

/* --- what had better not be --- */

struct walk {
    const char *roots[ROOTS_MAX + 1]; /* then NULL */
    int options;                      /* FTS_PHYSICAL or FTS_LOGICAL */
};

typedef void visitor(const FTSENT *e, const void *context);

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Everything in the trees, and they themselves. Those that are not there are passed over. */
static void walk(const struct walk *w, visitor *visit, const void *context)
{
    FTS *fts = w->roots[0] == NULL ? NULL : fts_open((char *const *) w->roots, w->options | FTS_NOCHDIR, by_name);

    if (fts == NULL)
        return;
    for (const FTSENT *e; (e = fts_read(fts)) != NULL;)
        if (e->fts_info != FTS_DP && e->fts_info != FTS_NS && e->fts_info != FTS_ERR)
            visit(e, context);
    fts_close(fts);
}

struct owner {
    uid_t uid;
    const char *name, *prefix; /* prefix: what the path is relative to */
};

static void warn_owner(const FTSENT *e, const void *context)
{
    const struct owner *o = context;

    if (e->fts_statp->st_uid != o->uid)
        log_warn("not owned by %s: %s%s", o->name, o->prefix, e->fts_path);
}

/* Sockets and fifos are made by who listens. */
static void warn_owner_of_file(const FTSENT *e, const void *context)
{
    if (!S_ISSOCK(e->fts_statp->st_mode) && !S_ISFIFO(e->fts_statp->st_mode))
        warn_owner(e, context);
}

static void warn_writable(const FTSENT *e, const void *context)
{
    (void) context;
    if ((e->fts_statp->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        log_warn("group or other writable: %s", e->fts_path);
}

/* A link to elsewhere may lead to what others can write. */
static void warn_link(const FTSENT *e, const void *context)
{
    char target[4096];
    ssize_t n = S_ISLNK(e->fts_statp->st_mode) ? readlink(e->fts_accpath, target, sizeof(target)) : -1;

    (void) context;
    if (n > 0 && memchr(target, '/', (size_t) n) != NULL)
        log_warn("symlink leaves directory: %s", e->fts_path);
}

static void check_queue_itself(void)
{
    struct str top = {0}, pid = {0};
    struct stat st;

    str_addf(&top, "%s/.", conf.queue_directory);
    str_addf(&pid, "%s/pid", conf.queue_directory);
    const char *const paths[] = {str_text(&top), str_text(&pid)};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        if (lstat(paths[i], &st) == 0 && st.st_uid != 0)
            log_warn("not owned by root: %s", paths[i]);
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        if (lstat(paths[i], &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
            log_warn("group or other writable: %s", paths[i]);
    str_done(&top);
    str_done(&pid);
}

/* Configuration and programs, which are root's. */
static void check_shared(void)
{
    struct str config = {0}, shlib = {0}, daemons = {0};
    struct walk w = {.options = FTS_PHYSICAL};
    size_t n = 0;

    str_addf(&config, "%s/.", config_dir());
    str_addf(&shlib, "%s/.", conf.shlib_directory);
    str_addf(&daemons, "%s/.", conf.daemon_directory);
    w.roots[n++] = str_text(&config);
    if (is_directory(str_text(&shlib)))
        w.roots[n++] = str_text(&shlib);
    w.roots[n++] = str_text(&daemons);
    walk(&w, warn_owner, &(struct owner){0, "root", ""});
    w.options = FTS_LOGICAL;
    walk(&w, warn_writable, NULL);
    w.options = FTS_PHYSICAL;
    walk(&w, warn_link, NULL);
    str_done(&config);
    str_done(&shlib);
    str_done(&daemons);
}

/* data_directory and the queues are mail_owner's; maildrop, which others write, only itself. */
static void check_private(const struct owner *owner)
{
    static const char *const queues[] = {
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
        "journal", "private", "public", "saved", "tlstrace", "trace",
    };
    struct str paths[ARRAY_SIZE(queues)] = {{0}}, data = {0}, maildrop = {0};
    struct walk w = {.options = FTS_PHYSICAL};
    struct stat st;
    size_t n = 0;

    str_addf(&data, "%s/.", conf.data_directory);
    w.roots[0] = str_text(&data);
    walk(&w, warn_owner, owner);
    walk(&w, warn_writable, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
        str_addf(&paths[i], "%s/%s", conf.queue_directory, queues[i]);
        if (is_directory(str_text(&paths[i])))
            w.roots[n++] = str_text(&paths[i]);
    }
    w.roots[n] = NULL;
    walk(&w, warn_owner_of_file, owner);
    str_addf(&maildrop, "%s/maildrop", conf.queue_directory);
    if (lstat(str_text(&maildrop), &st) == 0 && st.st_uid != owner->uid)
        log_warn("not owned by %s: %s", owner->name, str_text(&maildrop));
    for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
        str_done(&paths[i]);
    str_done(&data);
    str_done(&maildrop);
}

/* Who drops mail into the queue does it through programs and directories of this group. */
static void check_group(void)
{
    const struct {
        const char *dir, *name;
        bool is_program;
    } places[] = {
        {conf.command_directory, "postqueue", true}, {conf.command_directory, "postdrop", true},
        {conf.queue_directory, "public", false},     {conf.queue_directory, "maildrop", false},
    };
    const mode_t needed = S_ISGID | S_IXUSR | S_IXGRP | S_IXOTH;
    struct str path = {0};
    struct stat st[ARRAY_SIZE(places)];

    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        str_setf(&path, "%s/%s", places[i].dir, places[i].name);
        if (lstat(str_text(&path), &st[i]) < 0)
            st[i] = (struct stat){.st_gid = config_ids.setgid_gid, .st_mode = needed};
        else if (st[i].st_gid != config_ids.setgid_gid)
            log_warn("not owned by group %s: %s", conf.setgid_group, str_text(&path));
    }
    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        if (places[i].is_program && (st[i].st_mode & needed) != needed)
            log_warn("not set-gid or not owner+group+world executable: %s/%s", places[i].dir, places[i].name);
    str_done(&path);
}

static bool have_same_content(const char *a, const char *b)
{
    struct str text_a = {0}, text_b = {0}, why = {0};
    bool same = file_read(a, &text_a, &why) && file_read(b, &text_b, &why) && text_a.len == text_b.len &&
        memcmp(str_text(&text_a), str_text(&text_b), text_a.len) == 0;

    str_done(&text_a);
    str_done(&text_b);
    str_done(&why);
    return same;
}

/* A file of the system that was copied into the chroot, e.g. etc/resolv.conf. */
static void warn_stale_copy(const FTSENT *e, const void *context)
{
    struct str original = {0};

    (void) context;
    str_addf(&original, "/%s", e->fts_path);
    if (S_ISREG(e->fts_statp->st_mode) && access(str_text(&original), F_OK) == 0 &&
        !have_same_content(e->fts_path, str_text(&original)))
        log_warn("%s/%s and /%s differ", conf.queue_directory, e->fts_path, e->fts_path);
    str_done(&original);
}

static void check_chroot(void)
{
    static const char *const dirs[] = {"bin", "etc", "lib", "sbin", "usr"};
    struct str prefix = {0};

    str_addf(&prefix, "%s/", conf.queue_directory);
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        const struct walk w = {.roots = {dirs[i]}, .options = FTS_PHYSICAL};
        if (!is_directory(dirs[i]))
            continue;
        walk(&w, warn_owner, &(struct owner){0, "root", str_text(&prefix)});
        walk(&w, warn_stale_copy, NULL);
    }
    str_done(&prefix);
}

static void warn_damaged(const FTSENT *e, const void *context)
{
    (void) context;
    if (S_ISREG(e->fts_statp->st_mode))
        log_warn("damaged message: %s", e->fts_path);
}

/* Both names are in use; two programs would be two mail systems. */
static void check_sendmail(void)
{
    static const char new_name[] = "/usr/sbin/sendmail", old_name[] = "/usr/lib/sendmail";

    if (access(new_name, F_OK) < 0 || access(old_name, F_OK) < 0 || have_same_content(new_name, old_name))
        return;
    log_warn("%s and %s differ", old_name, new_name);
    log_warn("Replace one by a symbolic link to the other");
}

void postfix_check_warnings(void)
{
    const struct owner owner = {config_ids.owner_uid, conf.mail_owner, ""};

    check_queue_itself();
    check_shared();
    check_private(&owner);
    check_group();
    check_chroot();
    walk(&(const struct walk){.roots = {"corrupt"}, .options = FTS_PHYSICAL}, warn_damaged, NULL);
    check_sendmail();
}
