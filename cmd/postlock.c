/* postlock: run a command while a mailbox is locked as the delivery agents lock it. See postlock(1).
 *
 * The agents' locks are made with a borrowed identity (deliver/identity.h); the command gets back what the
 * caller had.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "deliver/mailbox.h"

enum { GROUPS_MAX = 1024 };

struct rights {
    uid_t uid;
    gid_t gid, groups[GROUPS_MAX];
    int group_count;
};

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postlock [-c config_dir] [-l lock_style] [-v] folder command...");
}

static void note_rights(struct rights *r)
{
    r->uid = geteuid();
    r->gid = getegid();
    r->group_count = getgroups(GROUPS_MAX, r->groups);
    if (r->group_count < 0)
        fatal("getgroups: %m");
}

static void restore_rights(const struct rights *r)
{
    if (getuid() == 0 && (seteuid(0) < 0 || setgroups((size_t) r->group_count, r->groups) < 0 || setegid(r->gid) < 0))
        fatal("take back the identity of uid %ld: %m", (long) r->uid);
}

/* Its exit status; 1 if it has none. */
static int run(char **argv, const struct rights *rights)
{
    pid_t pid = fork();
    int status;

    if (pid < 0)
        fatal("fork: %m");
    if (pid == 0) {
        restore_rights(rights);
        execvp(argv[0], argv);
        log_set_fatal_status(1);
        fatal("execvp %s: %m", argv[0]);
    }
    signal(SIGINT, SIG_IGN); /* the terminal's are for the command; the lock is ours to remove */
    signal(SIGQUIT, SIG_IGN);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            fatal("waitpid: %m");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    static struct rights rights;
    const char *style = NULL;
    int c;

    argv[0] = "postlock"; /* as getopt(3) calls us */
    log_set_tag("postlock");
    log_set_fatal_status(EX_TEMPFAIL);
    while ((c = getopt(argc, argv, "+c:l:v")) > 0) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'l': style = optarg; break;
        case 'v': log_verbose++; break;
        default: usage();
        }
    }
    if (argc - optind < 2)
        usage();
    config_load("postlock", "postlock");
    note_rights(&rights);
    struct copy copy = {.default_status = "4.2.0"};
    struct mailbox box = {
        .path = argv[optind],
        .uid = rights.uid,
        .gid = rights.gid,
        .owner = (uid_t) -1,
        .owner_group = (gid_t) -1,
        .locks = mailbox_lock_styles("mailbox_delivery_lock", style != NULL ? style : conf.mailbox_delivery_lock),
    };
    bool ok = mailbox_open(&box, &copy);
    int status = ok ? run(argv + optind + 1, &rights) : EX_TEMPFAIL;
    mailbox_close(&box);
    if (!ok)
        fatal("open file %s: %s", argv[optind], str_text(&copy.reason));
    return status;
}
