/* postfix: control of the mail system. See postfix(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/vec.h"
#include "base/words.h"
#include "cmd/postfix/check.h"
#include "cmd/postfix/control.h"
#include "cmd/postfix/post_install.h"
#include "cmd/postfix/rotate.h"
#include "config/compat.h"
#include "config/config.h"
#include "daemon/logging.h"

/* --- commands: argv begins with the command itself, and ends in NULL --- */

static int do_check(char *const *argv)
{
    (void) argv;
    postfix_check_fatal();
    postfix_check_warnings();
    return 0;
}

static int do_check_fatal(char *const *argv)
{
    (void) argv;
    postfix_check_fatal();
    return 0;
}

static int do_check_warn(char *const *argv)
{
    (void) argv;
    postfix_check_warnings();
    return 0;
}

static int do_logrotate(char *const *argv)
{
    if (argv[1] != NULL)
        fatal("usage postfix logrotate (no arguments)");
    postfix_rotate_maillog();
    return 0;
}

/* The command is one of post-install's own. */
static int do_install_command(char *const *argv)
{
    return postfix_post_install(argv);
}

static int do_post_install(char *const *argv)
{
    return postfix_post_install(argv + 1);
}

/* Parts of the suite that are scripts, and programs of others, find the configuration in their environment. */
static void export_parameters(void)
{
    static const char *const names[] = {
        "command_directory", "config_directory", "daemon_directory", "data_directory",   "html_directory",
        "mail_owner",        "mailq_path",       "manpage_directory", "meta_directory",  "newaliases_path",
        "openssl_path",      "queue_directory",  "readme_directory",  "sample_directory", "sendmail_path",
        "setgid_group",      "shlib_directory",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (setenv(names[i], config_get(names[i]), 1) < 0)
            fatal("setenv: %m");
    if (setenv("MAIL_CONFIG", config_dir(), 1) < 0)
        fatal("setenv: %m");
}

static int do_tls(char *const *argv)
{
    char path[4096];
    struct vec words = {0};

    snprintf(path, sizeof(path), "%s/postfix-tls-script", conf.daemon_directory);
    vec_add(&words, path);
    for (argv++; *argv != NULL; argv++)
        vec_add(&words, *argv);
    vec_add(&words, NULL);
    export_parameters();
    program_become((const char *const *) words.items);
}

static int do_program(char *const *argv)
{
    export_parameters();
    program_become((const char *const *) argv);
}

/* What an init script of old prints first. */
static int do_start_message(char *const *argv)
{
    (void) argv;
    puts("Start postfix");
    return 0;
}

static int do_stop_message(char *const *argv)
{
    (void) argv;
    puts("Stop postfix");
    return 0;
}

static const struct {
    const char *name;
    int (*control)(void);
    int (*run)(char *const *argv); /* instead of control */
} commands[] = {
    {"start",                 postfix_control_start,      NULL},
    {"start-fg",              postfix_control_start_fg,   NULL},
    {"stop",                  postfix_control_stop,       NULL},
    {"quick-stop",            postfix_control_quick_stop, NULL},
    {"drain",                 postfix_control_quick_stop, NULL},
    {"abort",                 postfix_control_abort,      NULL},
    {"reload",                postfix_control_reload,     NULL},
    {"flush",                 postfix_control_flush,      NULL},
    {"status",                postfix_control_status,     NULL},
    {"check",                 NULL,                       do_check},
    {"check-fatal",           NULL,                       do_check_fatal},
    {"check-warn",            NULL,                       do_check_warn},
    {"logrotate",             NULL,                       do_logrotate},
    {"tls",                   NULL,                       do_tls},
    {"post-install",          NULL,                       do_post_install},
    {"set-permissions",       NULL,                       do_install_command},
    {"upgrade-configuration", NULL,                       do_install_command},
    {"start_msg",             NULL,                       do_start_message},
    {"stop_msg",              NULL,                       do_stop_message},
};

static int run_command(char *const *argv)
{
    const char *name = argv[0] == NULL ? "" : argv[0];

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].control != NULL ? commands[i].control() : commands[i].run(argv);
    if (*name == '/')
        return do_program(argv);
    fatal("unknown command: '%s'. Usage: postfix start (or stop, reload, abort, flush, check, status, set-permissions, "
          "upgrade-configuration, logrotate)", name);
}

/* --- all instances, or this one --- */

/* With several instances, a command is for all of them; who says -c means the one. */
static void become_wrapper(char *const *argv)
{
    struct vec words = {0};
    char *command = mem_strdup(conf.multi_instance_wrapper), *cursor = command, *word;

    if (strspn(conf.multi_instance_directories, WORDS_LIST) == strlen(conf.multi_instance_directories))
        return;
    while ((word = words_next(&cursor, WORDS_SPACE)) != NULL)
        vec_add(&words, word);
    if (words.count == 0)
        fatal("multi-instance support is requested, but multi_instance_wrapper is empty");
    for (; *argv != NULL; argv++)
        vec_add(&words, *argv);
    vec_add(&words, NULL);
    export_parameters();
    program_become((const char *const *) words.items);
}

/* For people, not for scripts that look at what a command writes. */
static void note_old_defaults(void)
{
    if (!config_level_below(COMPAT_NEWEST_LEVEL))
        return;
    logging_open("postfix", isatty(STDERR_FILENO) ? LOGGING_COMMAND : LOGGING_DAEMON);
    log_set_tag(conf.syslog_name);
    log_info("Postfix is using backwards-compatible default settings");
    log_info("See https://www.postfix.org/COMPATIBILITY_README.html for details");
    log_info("To disable backwards compatibility use \"postconf compatibility_level=" COMPAT_NEWEST_LEVEL
        "\" and \"postfix reload\"");
    log_flush();
}

static void NORETURN usage(void)
{
    fatal("usage: postfix [-c config_dir] [-Dv] command");
}

static void read_options(int argc, char **argv)
{
    argv[0] = "postfix"; /* as getopt(3) calls us */
    for (int c; (c = getopt(argc, argv, "+c:Dv")) > 0;) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'D': setenv("MAIL_DEBUG", "", 1); break;
        case 'v': log_verbose++; setenv("MAIL_VERBOSE", "", 1); break;
        default: usage();
        }
    }
}

int main(int argc, char **argv)
{
    log_set_tag("postfix");
    read_options(argc, argv);
    bool is_for_all = getenv("MAIL_CONFIG") == NULL; /* -c sets it */
    if (geteuid() != 0) {
        log_error("to submit mail, use the Postfix sendmail command");
        fatal("the postfix command is reserved for the superuser");
    }
    config_load("postfix", "postfix");
    if (setenv("MAIL_LOGTAG", conf.syslog_name, 1) < 0) /* not that of an instance whose command ran ours */
        fatal("setenv: %m");
    if (is_for_all)
        become_wrapper(argv + optind);
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir(%s): %m", conf.queue_directory);
    note_old_defaults();
    logging_open("postfix-script", LOGGING_COMMAND);
    postfix_check_places();
    return run_command(argv + optind);
}
