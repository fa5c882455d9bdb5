/* sendmail, mailq, newaliases: the commands by which other programs know a mail system. See sendmail(1).
 *
 * Without any privilege. What it does itself is to take a message; the rest is for other commands, which
 * take its place. Whatever fails is a temporary failure to its caller, who may have nowhere else to go.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"
#include "cmd/sendmail/options.h"
#include "cmd/sendmail/submit.h"
#include "config/config.h"
#include "daemon/logging.h"

enum { FIRST_FOREIGN_FD = 3, LAST_FOREIGN_FD = 99 };

/* Callers leave all sorts of descriptors open, or none. */
static void tidy_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFL) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(EX_OSERR);
    for (int fd = FIRST_FOREIGN_FD; fd <= LAST_FOREIGN_FD; fd++)
        close(fd);
}

/* --- other commands --- */

struct command {
    struct arena arena;
    const char *path;
    struct vec argv;
};

static void command_begin(struct command *c, const char *dir, const char *name)
{
    *c = (struct command){0};
    c->path = arena_printf(&c->arena, "%s/%s", dir, name);
    vec_add(&c->argv, arena_strdup(&c->arena, name));
}

static void command_add(struct command *c, const char *argument)
{
    vec_add(&c->argv, arena_strdup(&c->arena, argument));
}

static void command_run(struct command *c) NORETURN;
static void command_run(struct command *c)
{
    vec_add(&c->argv, NULL);
    signal(SIGPIPE, SIG_DFL);
    log_flush();
    execv(c->path, (char **) c->argv.items);
    fatal("execvp %s: %m", c->path);
}

static void add_verbosity(struct command *c, const struct sendmail_options *o)
{
    for (int i = 0; i < o->verbose; i++)
        command_add(c, "-v");
}

static void no_recipients(const struct sendmail_options *o, const char *mode)
{
    if (*o->arguments != NULL)
        fatal("%s mode requires no recipient", mode);
}

/* --- modes --- */

static void make_aliases(const struct sendmail_options *o)
{
    const char *databases = o->alias_database != NULL ? o->alias_database : conf.alias_database;
    struct command c;
    struct vec names = {0};

    no_recipients(o, "alias initialization");
    command_begin(&c, conf.command_directory, "postalias");
    add_verbosity(&c, o);
    words_split(&c.arena, databases, WORDS_LIST, &names);
    if (names.count == 0)
        return;
    command_add(&c, "--");
    for (size_t i = 0; i < names.count; i++)
        vec_add(&c.argv, names.items[i]);
    command_run(&c);
}

static void list_queue(const struct sendmail_options *o)
{
    struct command c;

    no_recipients(o, "display queue");
    command_begin(&c, conf.command_directory, "postqueue");
    command_add(&c, "-p");
    add_verbosity(&c, o);
    command_run(&c);
}

static void flush_queue(const struct sendmail_options *o)
{
    struct command c;

    no_recipients(o, "flush queue");
    command_begin(&c, conf.command_directory, "postqueue");
    add_verbosity(&c, o);
    if (o->flush_site != NULL) {
        command_add(&c, "-s");
        command_add(&c, o->flush_site);
    } else if (o->flush_id != NULL) {
        command_add(&c, "-i");
        command_add(&c, o->flush_id);
    } else {
        command_add(&c, "-f");
    }
    command_run(&c);
}

/* The caller wants a daemon, not to become one: we are back at once. */
static void start_system(const struct sendmail_options *o)
{
    struct command c;

    no_recipients(o, "daemon");
    command_begin(&c, conf.command_directory, "postfix");
    add_verbosity(&c, o);
    command_add(&c, "start");
    pid_t pid = fork();
    if (pid < 0)
        fatal("fork: %m");
    if (pid == 0)
        command_run(&c);
}

static void speak_smtp(const struct sendmail_options *o)
{
    struct command c;

    no_recipients(o, "stand-alone");
    sendmail_submit_check_user(getuid());
    command_begin(&c, conf.daemon_directory, "smtpd");
    command_add(&c, "-S");
    add_verbosity(&c, o);
    command_run(&c);
}

static void act(const struct sendmail_options *o)
{
    switch (o->mode) {
    case SENDMAIL_SUBMIT: sendmail_submit(o); break;
    case SENDMAIL_ALIASES: make_aliases(o); break;
    case SENDMAIL_LIST: list_queue(o); break;
    case SENDMAIL_DAEMON: start_system(o); break;
    case SENDMAIL_SMTP: speak_smtp(o); break;
    case SENDMAIL_FLUSH: flush_queue(o); break;
    case SENDMAIL_NOTHING: break;
    }
}

int main(int argc, char **argv)
{
    struct sendmail_options options;
    const char *slash = strrchr(argv[0], '/');
    char *name = mem_strdup(slash == NULL ? argv[0] : slash + 1);

    tidy_descriptors();
    signal(SIGPIPE, SIG_IGN); /* postdrop may refuse a message before it has all of it, and says why */
    argv[0] = name; /* as getopt(3) calls us */
    log_set_tag(name);
    log_set_fatal_status(EX_TEMPFAIL);
    sendmail_options_before_config(argc, argv);
    config_load("sendmail", name);
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    logging_open(name, LOGGING_COMMAND);
    sendmail_options_parse(&options, argc, argv);
    log_verbose = options.verbose > 1 || options.mode != SENDMAIL_SUBMIT ? options.verbose : 0;
    act(&options);
    return 0;
}
