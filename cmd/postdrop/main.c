/* postdrop: leaves a message in maildrop/ for somebody who may not write there. See postdrop(1).
 *
 * Set-group-ID: whoever runs it has chosen its environment, descriptors, limits and signals. It takes records
 * on standard input, and answers with two attribute lists on standard output: its protocol and queue id; then,
 * when the message is on stable storage or refused, status and reason. Without an E record, and when a signal
 * comes, nothing is left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/postdrop/check.h"
#include "cmd/postdrop/file.h"
#include "cmd/postdrop/input.h"
#include "cmd/postdrop/sender.h"
#include "config/config.h"
#include "config/environment.h"
#include "daemon/logging.h"
#include "ipc/attr.h"
#include "ipc/client.h"
#include "mail/cleanup_client.h"
#include "mail/user_acl.h"

enum { FIRST_FOREIGN_FD = 3, LAST_FOREIGN_FD = 99 };

static struct postdrop_file file = {.fd = -1};
static uid_t uid;

/* --- making the process our own --- */

/* Nothing that we open may take the place of a standard descriptor. */
static void occupy_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFL) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(1);
    for (int fd = FIRST_FOREIGN_FD; fd <= LAST_FOREIGN_FD; fd++)
        close(fd);
}

static void clean_environment(void)
{
    struct arena a = {0};
    struct vec variables = {0};
    char *dir = mem_strdup(config_dir());

    environment_list(&a, "import_environment", conf.import_environment, &variables);
    clearenv();
    for (size_t i = 0; i < variables.count; i++)
        putenv(mem_strdup(variables.items[i]));
    setenv("MAIL_CONFIG", dir, 1);
    mem_free(dir);
    vec_done(&variables, NULL);
    arena_done(&a);
}

static void remove_file(void)
{
    postdrop_file_remove(&file);
}

static void parse_options(int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "c:rv")) > 0) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'r': break; /* the only way there is */
        case 'v': log_verbose += uid == 0; break;
        default: fatal("usage: %s [-c config_dir] [-v]", "postdrop");
        }
    }
}

static void check_user(void)
{
    const char *name;

    if (!user_acl_has("authorized_submit_users", conf.authorized_submit_users, uid, &name))
        fatal("User %s(%ld) is not allowed to submit mail", name, (long) uid);
}

/* --- the conversation --- */

static void say(const struct str *list)
{
    file_write_all(STDOUT_FILENO, list->data, list->len); /* whoever does not listen has an exit status */
}

static void greet(void)
{
    struct str list = {0};

    attr_put(&list, "protocol", "postdrop_protocol");
    attr_put(&list, "queue_id", file.id);
    attr_end(&list);
    say(&list);
    str_done(&list);
}

static void answer(int status, const char *reason)
{
    struct str list = {0};

    attr_put_long(&list, "status", status);
    attr_put(&list, "reason", reason);
    attr_end(&list);
    say(&list);
    str_done(&list);
}

static void refuse(int status, const char *reason) NORETURN;
static void refuse(int status, const char *reason)
{
    remove_file();
    answer(status, reason);
    exit(0);
}

static void fail(void) NORETURN;
static void fail(void)
{
    int cause = errno;

    log_warn("uid=%ld: %m", (long) uid);
    refuse(cause == EFBIG ? CLEANUP_STAT_SIZE : CLEANUP_STAT_WRITE, "");
}

static void add(const struct record *r)
{
    if (!postdrop_file_add(&file, r->type, r->payload, r->len))
        fail();
}

static void add_time(void)
{
    struct str text = {0};

    str_addf(&text, "%ld %ld", (long) file.when.tv_sec, (long) file.when.tv_usec);
    add(&(struct record){.type = REC_TIME, .payload = text.data, .len = text.len});
    str_done(&text);
}

static void check_sender(const struct record *r)
{
    char *sender = mem_strndup(r->payload, r->len);
    struct str why = {0};
    int status = postdrop_sender_check(uid, sender, &why);

    mem_free(sender);
    if (status != 0)
        refuse(status, str_text(&why));
    str_done(&why);
}

static void take(struct postdrop_check *check, const struct record *r)
{
    struct str why = {0};

    switch (postdrop_check_record(check, r, &why)) {
    case POSTDROP_KEEP:
        if (r->type == REC_SENDER && check->stage == POSTDROP_ENVELOPE)
            check_sender(r);
        add(r);
        break;
    case POSTDROP_LEAVE_OUT:
        log_warn("uid=%ld: %s", (long) uid, str_text(&why));
        break;
    case POSTDROP_REFUSE:
        fatal("uid=%ld: %s", (long) uid, str_text(&why));
    }
    str_done(&why);
}

static void copy_message(struct postdrop_check *check)
{
    struct record r;

    while (check->stage != POSTDROP_END)
        switch (postdrop_input_next(&r, (size_t) conf.line_length_limit)) {
        case POSTDROP_RECORD:
            take(check, &r);
            break;
        case POSTDROP_EOF: /* whoever wrote to us has given up */
            remove_file();
            exit(0);
        case POSTDROP_MALFORMED:
            fatal("uid=%ld: malformed input", (long) uid);
        case POSTDROP_STOPPED:
            remove_file();
            exit(1);
        }
}

static bool may_go_on(void)
{
    return !postdrop_input_is_stopped();
}

static void wake_pickup(void)
{
    char *path = mem_printf("public/%s", conf.pickup_service_name);

    if (!client_trigger(path, "W"))
        log_warn(errno == ENOENT ? "unable to look up %s: %m" : "connect to %s: %m", path);
    mem_free(path);
}

static void drop_message(void)
{
    struct postdrop_check check = {0};

    if (!postdrop_file_open(&file, conf.message_size_limit, may_go_on))
        exit(1);
    add_time();
    greet();
    copy_message(&check);
    if (!check.has_sender || !check.has_recipient)
        refuse(CLEANUP_STAT_BAD, "");
    if (!postdrop_file_finish(&file))
        fail();
    wake_pickup();
    answer(0, "");
}

int main(int argc, char **argv)
{
    const struct rlimit no_core = {0};

    occupy_descriptors();
    umask(022);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_CORE, &no_core); /* it would hold the mail of somebody */
    uid = getuid();
    argv[0] = "postdrop"; /* as getopt(3) calls us */
    log_set_tag("postdrop");
    parse_options(argc, argv);
    config_load("postdrop", "postdrop");
    clean_environment();
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    logging_open("postdrop", LOGGING_COMMAND);
    check_user();
    log_on_fatal(remove_file);
    postdrop_input_open();
    drop_message();
    return 0;
}
