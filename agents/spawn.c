/* spawn: runs a command for each connection, which is the command's standard input, output and error.
 *
 * The attributes stand in master.cf: user=name[:group] argv=command... . No shell sees the arguments. It keeps
 * root, to become that user, lives as mail_owner otherwise, and serves one connection at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "deliver/child.h"
#include "deliver/identity.h"
#include "deliver/run_as.h"

static char **words; /* of our command line, behind the options */
static struct child_program command = {.caller = "spawn_comand", .is_service = true};
static int time_limit_s;

/* --- attributes --- */

static void set_user(const char *value)
{
    struct run_as who = run_as_find(value);

    if (who.uid == 0)
        fatal("request to deliver as root");
    if (who.uid == config_ids.owner_uid)
        fatal("request to deliver as mail system owner");
    if (who.gid == 0)
        fatal("request to use privileged group id %lu", (unsigned long) who.gid);
    if (who.gid == config_ids.owner_gid)
        fatal("request to use mail system owner group id %lu", (unsigned long) who.gid);
    command.uid = who.uid;
    command.gid = who.gid;
}

/* argv= and all that follows is the command. */
static void read_attributes(char **word)
{
    for (; *word != NULL && command.argv == NULL; word++) {
        if (strncasecmp(*word, "user=", 5) == 0)
            set_user(*word + 5);
        else if (strncasecmp(*word, "argv=", 5) == 0) {
            *word += 5;
            command.argv = (const char *const *) word;
        } else
            fatal("unknown attribute name: %s", *word);
    }
    if (command.uid == 0)
        fatal("missing user= attribute");
    if (command.argv == NULL)
        fatal("missing argv= attribute");
}

/* --- a connection --- */

static void log_end(int status)
{
    if (WIFSIGNALED(status))
        log_warn("command %s killed by signal %d", command.argv[0], WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_warn("command %s exit status %d", command.argv[0], WEXITSTATUS(status));
}

static void wait_for(struct child *child)
{
    int status;

    switch (child_wait(child, clock_after((msec) time_limit_s * 1000), &status)) {
    case WAKE_READY:
        log_end(status);
        break;
    case WAKE_TIMEOUT:
        log_warn("%s: process id %d: command time limit exceeded", command.argv[0], (int) child_pid(child));
        break;
    case WAKE_CANCELLED:
        break;
    }
    child_free(child);
}

/* Not before there is a client: if the line is wrong, he sees us go, and does not wait for one who never comes. */
static void read_line(void)
{
    read_attributes(words + optind);
    time_limit_s = config_service_time(daemon_service_name(), "_time_limit", conf.command_time_limit, 1);
}

static void session(struct daemon_client *client)
{
    struct child *child;
    int flags = fcntl(client->fd, F_GETFL);

    if (command.argv == NULL)
        read_line();
    fcntl(client->fd, F_SETFL, flags & ~O_NONBLOCK); /* what few commands expect of their standard input */
    child = child_start(&command, client->fd, client->fd, client->fd);
    if (child == NULL) {
        log_warn("start command %s: %m", command.argv[0]);
        return;
    }
    io_close(client->fd); /* the command alone decides when the conversation is over */
    client->fd = -1;
    wait_for(child);
}

int main(int argc, char **argv)
{
    static const struct daemon_program program = {.name = "spawn",
        .after_jail = identity_drop,
        .session = session,
        .is_single = true,
        .keeps_root = true};

    words = argv;
    return daemon_main(argc, argv, &program);
}
