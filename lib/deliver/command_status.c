#include "deliver/command_status.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/compiler.h"
#include "base/utf8.h"

#define SOFTWARE_ERROR "internal software error"

/* RFC 3463 has no code for most of them. */
static const struct exit_text {
    int exit_status;
    const char *status, *text;
} exit_texts[] = {
    {EX_USAGE, "5.3.0", "command line usage error"},
    {EX_DATAERR, "5.6.0", "data format error"},
    {EX_NOINPUT, "5.3.0", "cannot open input"},
    {EX_NOUSER, "5.1.1", "user unknown"},
    {EX_NOHOST, "5.1.2", "host name unknown"},
    {EX_UNAVAILABLE, "5.3.0", "service unavailable"},
    {EX_SOFTWARE, "5.3.0", SOFTWARE_ERROR},
    {EX_OSERR, "4.3.0", "system resource problem"},
    {EX_OSFILE, "5.3.0", "critical OS file missing"},
    {EX_CANTCREAT, "5.2.0", "can't create user output file"},
    {EX_IOERR, "5.3.0", "input/output error"},
    {EX_TEMPFAIL, "4.3.0", "temporary failure"},
    {EX_PROTOCOL, "5.5.0", "remote error in protocol"},
    {EX_NOPERM, "5.7.0", "permission denied"},
    {EX_CONFIG, "5.3.5", "local configuration error"},
};

/* A program's output goes to logs and into reports: one line of text. It ends at a NUL. */
static void make_one_line(struct str *output)
{
    str_cut(output, strlen(str_text(output)));
    for (size_t i = 0, len = 0; i < output->len; i += len > 0 ? len : 1) {
        char *c = &output->data[i];
        len = utf8_sequence(c, output->len - i);
        if (*c == '\n' || *c == '\t')
            *c = ' ';
        else if (len == 0 || (unsigned char) *c < ' ' || *c == 0x7f)
            *c = '_';
    }
}

static void set_status(struct command_outcome *o, const char *status)
{
    snprintf(o->status, sizeof(o->status), "%s", status);
}

/* "4.2.2 over quota": the command knows better. A success it cannot claim, having failed. */
static bool take_status_from_output(struct command_outcome *o)
{
    size_t n = dsn_status_at(str_text(&o->output));

    if (n == 0)
        return false;
    const char *text = dsn_split(str_text(&o->output), "", o->status);
    if (*o->status != '4')
        dsn_insist_on('5', "bounce_append", o->status);
    str_drop(&o->output, (size_t) (text - str_text(&o->output)));
    str_set(&o->reason, str_text(&o->output));
    return true;
}

static const struct exit_text *find_text(int exit_status)
{
    for (size_t i = 0; i < ARRAY_SIZE(exit_texts); i++)
        if (exit_texts[i].exit_status == exit_status)
            return &exit_texts[i];
    return NULL;
}

static void describe(int wait_status, const char *name, struct command_outcome *o)
{
    const struct exit_text *known;

    if (WIFSIGNALED(wait_status)) {
        set_status(o, "4.3.0");
        str_setf(&o->reason, "Command died with signal %d: \"%s\"", WTERMSIG(wait_status), name);
        str_set(&o->diagnostic, SOFTWARE_ERROR);
    } else if ((known = find_text(WEXITSTATUS(wait_status))) != NULL) {
        set_status(o, known->status);
        str_set(&o->reason, known->text);
        str_set(&o->diagnostic, known->text);
    } else {
        set_status(o, "5.3.0");
        str_setf(&o->reason, "Command died with status %d: \"%s\"", WEXITSTATUS(wait_status), name);
        str_setf(&o->diagnostic, "unknown mail system error %d", WEXITSTATUS(wait_status));
    }
}

/* What it said itself is the best diagnostic. */
static void make_dsn(struct command_outcome *o)
{
    const struct str *said = o->output.len > 0 ? &o->output : &o->diagnostic;
    const char *diagnostic = *o->status == '2' ? "" : str_text(said);

    o->dsn = (struct dsn){.status = o->status,
        .action = "",
        .reason = str_text(&o->reason),
        .diag_type = *diagnostic != 0 ? "x-unix" : "",
        .diag_text = diagnostic,
        .mta_type = "",
        .mta_name = ""};
}

static void add_output(struct command_outcome *o)
{
    if (o->output.len > 0)
        str_addf(&o->reason, ". Command output: %s", str_text(&o->output));
}

void command_status_of_exit(int wait_status, const char *name, struct command_outcome *o)
{
    make_one_line(&o->output);
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
        set_status(o, "2.0.0");
        str_trim(&o->output);
    } else if (WIFSIGNALED(wait_status) || !take_status_from_output(o)) {
        describe(wait_status, name, o);
        add_output(o);
    }
    make_dsn(o);
}

void command_status_of_timeout(const char *name, struct command_outcome *o)
{
    make_one_line(&o->output);
    set_status(o, "5.3.0");
    str_setf(&o->reason, "Command time limit exceeded: \"%s\"", name);
    str_set(&o->diagnostic, SOFTWARE_ERROR);
    add_output(o);
    make_dsn(o);
}

void command_status_of_error(const char *what, int error, struct command_outcome *o)
{
    make_one_line(&o->output);
    set_status(o, "4.3.0");
    str_setf(&o->reason, "%s: %s", what, strerror(error));
    make_dsn(o);
}
