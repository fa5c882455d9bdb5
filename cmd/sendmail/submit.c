#include "cmd/sendmail/submit.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/sendmail/content.h"
#include "config/config.h"
#include "mail/address_list.h"
#include "mail/cleanup_client.h"
#include "mail/postdrop_client.h"
#include "mail/user_acl.h"
#include "queue/envelope.h"
#include "queue/record.h"

struct submission {
    const struct sendmail_options *options;
    uid_t uid;
    struct arena arena;
    const char *sender, *full_name; /* full_name: NULL if there is none */
    struct postdrop *drop;
    size_t recipient_count;
};

static void fail(const struct submission *s, const char *what) NORETURN;
static void fail(const struct submission *s, const char *what)
{
    fatal("%s(%ld): %s", s->sender, (long) s->uid, what);
}

/* --- who sends --- */

static const char *login_name(struct submission *s)
{
    const struct passwd *pw = getpwuid(s->uid);

    if (pw == NULL)
        fatal("no login name found for user ID %ld", (long) s->uid);
    return arena_strdup(&s->arena, pw->pw_name);
}

static const char *first_address(struct submission *s, const char *text)
{
    struct address_list *list = address_list_parse(&s->arena, text, 0);

    if (address_list_count(list) > 1)
        log_warn("-f option specified malformed sender: %s", text);
    return address_list_count(list) == 0 ? "" : address_list_internal(list, 0);
}

static const char *sender_of(struct submission *s)
{
    const char *given = s->options->sender;

    if (given == NULL)
        return login_name(s);
    return *given == 0 || strcmp(given, "<>") == 0 ? "" : first_address(s, given);
}

/* The name in the comment field of the password file: up to a comma; '&' is the login name. */
static const char *name_in_gecos(struct submission *s, const struct passwd *pw)
{
    struct str name = {0};

    for (const char *p = pw->pw_gecos; *p != 0 && strchr(",;%", *p) == NULL; p++) {
        if (*p != '&') {
            str_addc(&name, *p);
        } else if (*pw->pw_name != 0) {
            str_addc(&name, (char) toupper((unsigned char) *pw->pw_name));
            str_adds(&name, pw->pw_name + 1);
        }
    }
    const char *text = arena_strdup(&s->arena, str_text(&name));
    str_done(&name);
    return text;
}

static const char *full_name_of(struct submission *s)
{
    const char *name = s->options->full_name != NULL ? s->options->full_name : getenv("NAME");
    const struct passwd *pw = name == NULL ? getpwuid(s->uid) : NULL;

    if (name != NULL)
        return name;
    return pw == NULL ? NULL : name_in_gecos(s, pw);
}

void sendmail_submit_check_user(uid_t uid)
{
    const char *name;

    if (!user_acl_has("authorized_submit_users", conf.authorized_submit_users, uid, &name))
        fatal("User %s(%ld) is not allowed to submit mail", name, (long) uid);
}

/* --- the envelope --- */

static void put_number(struct submission *s, const char *name, int value)
{
    if (value != 0)
        postdrop_add_attr(s->drop, name, arena_printf(&s->arena, "%d", value));
}

static void put_recipient(struct submission *s, const char *address)
{
    put_number(s, "notify_flags", s->options->notify);
    postdrop_adds(s->drop, REC_RECIPIENT, address);
    s->recipient_count++;
}

/* An argument may be a list; one without any address is an empty recipient, which will come back. */
static void put_argument(struct submission *s, const char *text)
{
    struct address_list *list = address_list_parse(&s->arena, text, 0);

    for (size_t i = 0; i < address_list_count(list); i++)
        put_recipient(s, address_list_internal(list, i));
    if (address_list_count(list) == 0)
        put_recipient(s, "");
}

static void put_envelope(struct submission *s)
{
    const struct sendmail_options *o = s->options;

    if (o->sendopts != 0)
        postdrop_adds(s->drop, REC_SIZE,
            arena_printf(&s->arena, "%15d %15d %15d %15d %15d %15d", -1, -1, -1, -1, -1, o->sendopts));
    postdrop_add_attr(s->drop, "envelope_id", o->envelope_id);
    put_number(s, "ret_flags", o->ret);
    postdrop_add_attr(s->drop, "rewrite_context", o->is_gateway ? "remote" : "local");
    if (s->full_name != NULL)
        postdrop_adds(s->drop, REC_FULL_NAME, s->full_name);
    postdrop_adds(s->drop, REC_SENDER, s->sender);
    postdrop_add_attr(s->drop, "encoding", o->encoding);
    put_number(s, "trace_flags", o->is_probe ? TRACE_BV : o->verbose > 0 ? TRACE_V : 0);
    if (*o->verp_delimiters != 0)
        postdrop_adds(s->drop, REC_VERP, o->verp_delimiters);
    for (char **arg = o->arguments; *arg != NULL; arg++)
        put_argument(s, *arg);
}

/* --- the content --- */

static enum sendmail_line_ends line_ends(void)
{
    static const char *const names[] = {
        [SENDMAIL_CRLF_ALWAYS] = "always", [SENDMAIL_CRLF_STRICT] = "strict", [SENDMAIL_CRLF_NEVER] = "never"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(conf.sendmail_fix_line_endings, names[i]) == 0)
            return (enum sendmail_line_ends) i;
    fatal("invalid sendmail_fix_line_endings value: %s", conf.sendmail_fix_line_endings);
}

static bool put_text(void *context, int type, const char *text, size_t n)
{
    const struct submission *s = context;

    return postdrop_add(s->drop, type, text, n);
}

/* -bv: a message of which nobody sees more than what became of it. */
static void put_probe(struct submission *s)
{
    if (*s->sender != 0)
        postdrop_adds(s->drop, REC_LINE, arena_printf(&s->arena, "From: %s", s->sender));
    postdrop_adds(s->drop, REC_LINE, "Subject: probe");
    postdrop_adds(s->drop, REC_PART, "To:");
    for (char **arg = s->options->arguments; *arg != NULL; arg++)
        postdrop_adds(s->drop, REC_LINE, arena_printf(&s->arena, "\t%s%s", *arg, arg[1] != NULL ? "," : ""));
}

static void put_content(struct submission *s)
{
    struct sendmail_content content = {
        .fd = STDIN_FILENO,
        .line_ends = line_ends(),
        .has_no_end_dot = s->options->has_no_end_dot,
        .reads_recipients = s->options->reads_recipients,
        .line_limit = (size_t) conf.line_length_limit,
        .arena = &s->arena,
        .put = put_text,
        .context = s,
    };

    postdrop_add(s->drop, REC_MESSAGE, "", 0);
    if (s->options->is_probe)
        put_probe(s);
    else if (!sendmail_content_read(&content))
        fail(s, arena_printf(&s->arena, "error reading input: %s", strerror(errno)));
    postdrop_add(s->drop, REC_EXTRACTED, "", 0);
    for (size_t i = 0; i < content.recipients.count; i++)
        put_recipient(s, content.recipients.items[i]);
    vec_done(&content.recipients, NULL);
}

/* --- all of it --- */

static void commit(struct submission *s)
{
    struct str reason = {0};

    postdrop_add(s->drop, REC_END, "", 0);
    int status = postdrop_commit(s->drop, &reason);
    if (status != 0)
        fail(s, reason.len > 0 ? str_text(&reason) : cleanup_words(status)->text);
    str_done(&reason);
}

void sendmail_submit(const struct sendmail_options *o)
{
    struct submission s = {.options = o, .uid = getuid()};

    sendmail_submit_check_user(s.uid);
    s.sender = sender_of(&s);
    s.full_name = full_name_of(&s);
    if (!o->reads_recipients && *o->arguments == NULL)
        fail(&s, "Recipient addresses must be specified on the command line or via the -t option");
    line_ends(); /* a mistake there is told before anything is done */
    s.drop = postdrop_open();
    if (s.drop == NULL)
        fail(&s, arena_printf(&s.arena, "unable to execute %s: Application error", postdrop_command()));
    put_envelope(&s);
    put_content(&s);
    if (s.recipient_count == 0)
        fail(&s, "No recipient addresses found in message header");
    commit(&s);
    if (o->is_probe || o->verbose > 0)
        printf("Mail Delivery Status Report will be mailed to <%s>.\n", s.sender);
    arena_done(&s.arena);
}
