#include "agents/local/command.h"

#include "agents/local/expand.h"
#include "agents/local/file.h"
#include "agents/local/report.h"
#include "agents/local/setup.h"
#include "base/log.h"
#include "config/config.h"
#include "deliver/command.h"

/* What the command is told of the message; what a shell might take for more than text is '_'. */
static void add_variable(const struct target *t, struct vec *list, const char *name, const char *value)
{
    struct arena *a = t->job->memory;

    if (value != NULL)
        vec_add(list, arena_printf(a, "%s=%s", name, local_expand_filter(a, value, conf.command_expansion_filter)));
}

static const char *or_none(const char *value)
{
    return *value == 0 ? NULL : value;
}

static void make_environment(const struct target *t, struct vec *list)
{
    const struct delivery *d = t->job->d;
    const struct {
        const char *name, *value;
    } variables[] = {
        {"HOME", t->rights.home}, {"LOGNAME", t->user}, {"USER", t->user}, {"SHELL", t->rights.shell},
        {"SENDER", t->sender}, {"RECIPIENT", t->address}, {"ORIGINAL_RECIPIENT", or_none(t->original)},
        {"LOCAL", t->local}, {"DOMAIN", or_none(t->domain)}, {"EXTENSION", t->extension},
        {"ENVID", or_none(d->envelope_id)},
        {"CLIENT_ADDRESS", or_none(d->client_address)}, {"CLIENT_HOSTNAME", or_none(d->client_name)},
        {"CLIENT_PROTOCOL", or_none(d->client_proto)}, {"CLIENT_HELO", or_none(d->client_helo)},
        {"SASL_METHOD", or_none(d->sasl_method)}, {"SASL_USERNAME", or_none(d->sasl_username)},
        {"SASL_SENDER", or_none(d->sasl_sender)},
    };

    for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
        add_variable(t, list, variables[i].name, variables[i].value);
    vec_add(list, NULL);
}

static bool send_message(void *context, int fd, msec deadline)
{
    return copy_to_pipe(context, fd, deadline);
}

static enum outcome run(const struct target *t, const char *line, const char *directory, const char *const *environment)
{
    bool is_nobodys = t->rights.uid == 0;
    struct copy copy = local_file_copy(t, COPY_FROM | COPY_HEADERS, HEADER_IN_COMMAND);
    struct command c = {.program = {.line = line, .shell = conf.local_command_shell,
        .uid = is_nobodys ? config_ids.default_uid : t->rights.uid,
        .gid = is_nobodys ? config_ids.default_gid : t->rights.gid, .directory = directory,
        .environment = environment, .caller = *conf.local_command_shell != 0 ? "pipe_command" : NULL},
        .time_limit_s = conf.command_time_limit, .send = send_message, .context = &copy};
    struct command_outcome o = {0};
    enum outcome outcome = OUTCOME_DEFERRED;

    switch (command_run(&c, &o)) {
    case COMMAND_DONE:
        outcome = local_report_sent(t, "delivered to command: %s", line);
        break;
    case COMMAND_FAILED:
        outcome = local_report_dsn(t, &o.dsn);
        break;
    case COMMAND_CORRUPT:
        outcome = local_report_failed(t, "4.3.0", "message file corrupt");
        break;
    }
    command_outcome_done(&o);
    return outcome;
}

/* command_execution_directory, in the arena; NULL: not set. False: it cannot be worked out. */
static bool find_directory(const struct target *t, const char **directory)
{
    struct str path = {0};

    *directory = NULL;
    if (*conf.command_execution_directory == 0)
        return true;
    bool ok = local_expand(t, conf.command_execution_directory, conf.execution_directory_expansion_filter, NULL,
                  &path) != EXPAND_ERROR;
    if (!ok)
        log_warn("bad parameter value syntax for command_execution_directory: %s", conf.command_execution_directory);
    else if (path.len > 0) /* nobody in particular has no $home */
        *directory = arena_strdup(t->job->memory, str_text(&path));
    str_done(&path);
    return ok;
}

static enum outcome deliver(const struct target *t, const char *command)
{
    struct vec environment = {0};
    const char *directory;

    if (local_target_is_probe(t))
        return local_report_sent(t, "delivers to command: %s", command);
    if (!find_directory(t, &directory))
        return local_report_failed(t, "4.3.5", "mail system configuration error");
    make_environment(t, &environment);
    enum outcome outcome = run(t, command, directory, (const char *const *) environment.items);
    vec_done(&environment, NULL);
    return outcome;
}

static bool is_repeated(const struct target *t, const char *command)
{
    return local_target_is_repeated(t, "command %s:%ld %s", t->user, (long) t->rights.uid, command);
}

/* As with Postfix, this one is the sender's to know, even of a list that has an owner. */
static enum outcome refuse(const struct target *from)
{
    struct target t = *from;

    t.sender = t.job->d->sender;
    return local_report_failed(&t, "5.7.1", "mail to command is restricted");
}

enum outcome local_command_deliver_listed(const struct target *t, const char *command)
{
    if (is_repeated(t, command))
        return OUTCOME_DONE;
    return (local_setup.to_commands & t->origin) != 0 ? deliver(t, command) : refuse(t);
}

enum outcome local_command_deliver(const struct target *t, const char *command)
{
    return is_repeated(t, command) ? OUTCOME_DONE : deliver(t, command);
}
