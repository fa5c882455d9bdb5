#include "smtpd/access.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/setup.h"

/* One lookup and its result. */
struct access {
    const char *value, *table, *key;
    const char *name, *class;
    const char *verb, *text; /* the value's first word, and what follows */
};

typedef enum verdict access_action(struct session *s, const struct access *a, struct reply *why);

const char *smtpd_access_fit_status(struct session *s, const char *dsn, const char *class)
{
    static const struct {
        const char *class, *last; /* by the last digit of what was said: what fits */
    } fits[] = {{CLASS_SENDER, "0787707789"}, {CLASS_RECIPIENT, "0123456329"}};
    const char *fit = arena_printf(&s->scratch, "%c.0.0", dsn[0]);

    if (strncmp(dsn + 1, ".1.", 3) != 0)
        return dsn;
    for (size_t i = 0; i < ARRAY_SIZE(fits); i++)
        if (strcmp(class, fits[i].class) == 0)
            fit = dsn[5] != 0 ? dsn : arena_printf(&s->scratch, "%c.1.%c", dsn[0], fits[i].last[dsn[4] - '0']);
    if (strcmp(fit, dsn) != 0)
        log_info("mapping DSN status %s into %s status %s", dsn, class, fit);
    return fit;
}

/* "[X.Y.Z] text": the text, and the status that fits. */
static const char *split_status(
    struct session *s, const struct access *a, const char *default_dsn, const char **dsn, const char *default_text)
{
    char status[DSN_STATUS_SIZE];
    const char *text = dsn_split(a->text, default_dsn, status);

    *dsn = smtpd_access_fit_status(s, arena_strdup(&s->scratch, status), a->class);
    return *text == 0 ? default_text : text;
}

static enum verdict refuse_with(struct session *s, const struct access *a, int code, const char *default_dsn,
    struct reply *why)
{
    const char *dsn;
    const char *text = split_status(s, a, default_dsn, &dsn, "Access denied");

    return refuse(s, why, code, dsn, "<%s>: %s rejected: %s", a->name, a->class, text);
}

static enum verdict act_reject(struct session *s, const struct access *a, struct reply *why)
{
    return refuse_with(s, a, conf.access_map_reject_code, "5.7.1", why);
}

static enum verdict act_defer(struct session *s, const struct access *a, struct reply *why)
{
    return refuse_with(s, a, conf.access_map_defer_code, "4.7.1", why);
}

static enum verdict act_defer_if_permit(struct session *s, const struct access *a, struct reply *why)
{
    const char *dsn;
    const char *text = split_status(s, a, "4.7.1", &dsn, "Service unavailable");

    return defer_if_permit(s, why, "defer_if_permit", conf.access_map_defer_code, dsn, "<%s>: %s rejected: %s", a->name,
        a->class, text);
}

static enum verdict act_defer_if_reject(struct session *s, const struct access *a, struct reply *why)
{
    const char *dsn;
    const char *text = split_status(s, a, "4.7.1", &dsn, "Service unavailable");

    (void) why;
    return smtpd_verdict_defer_if_reject(s, conf.access_map_defer_code, dsn, "<%s>: %s rejected: %s", a->name, a->class,
        text);
}

static enum verdict act_dunno(struct session *s, const struct access *a, struct reply *why)
{
    (void) s;
    (void) a;
    (void) why;
    return DUNNO;
}

static enum verdict permit_from(struct session *s, const struct access *a)
{
    return smtpd_verdict_permit_from(
        s, a->verb, a->class, a->key, arena_printf(&s->scratch, "from %s", a->table));
}

static enum verdict act_ok(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    return permit_from(s, a);
}

static enum verdict act_warn(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    smtpd_verdict_log(s, strcasecmp(a->verb, "WARN") == 0 ? "warn" : "info", a->text);
    return DUNNO;
}

/* "<name>: class text" or, without text, "<name>: class triggers VERB what". */
static void log_action(struct session *s, const char *action, const struct access *a, const char *fallback)
{
    smtpd_verdict_log(s, action, arena_printf(&s->scratch, "<%s>: %s %s", a->name, a->class, fallback));
}

/* Before MAIL there is no message that an action could be for. */
static bool has_message(struct session *s, const struct access *a)
{
    if (s->mail != NULL)
        return true;
    log_warn("access table %s: with smtpd_delay_reject=no, action %s is always skipped in " CLASS_CLIENT
        " or " CLASS_HELO " restrictions", a->table, a->verb);
    return false;
}

static enum verdict act_hold(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    if (!has_message(s, a) || s->mail->is_hold)
        return DUNNO;
    s->mail->is_hold = true;
    log_action(s, "hold", a, *a->text != 0 ? a->text : "triggers HOLD action");
    return DUNNO;
}

static enum verdict act_discard(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    if (!has_message(s, a))
        return DUNNO;
    s->mail->is_discard = true;
    log_action(s, "discard", a, *a->text != 0 ? a->text : "triggers DISCARD action");
    return permit_from(s, a);
}

static enum verdict act_filter(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    if (strchr(a->text, ':') == NULL) {
        log_warn("access table %s entry \"%s\" requires transport:destination", a->table, a->key);
        return DUNNO;
    }
    if (!has_message(s, a))
        return DUNNO;
    s->mail->filter = arena_strdup(&s->mail->arena, a->text);
    log_action(s, "filter", a, arena_printf(&s->scratch, "triggers FILTER %s", a->text));
    return DUNNO;
}

static bool is_address(const struct access *a)
{
    if (strchr(a->text, '@') != NULL)
        return true;
    log_warn("access table %s entry \"%s\" requires user@domain target", a->table, a->key);
    return false;
}

static enum verdict act_redirect(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    if (!is_address(a) || !has_message(s, a))
        return DUNNO;
    s->mail->redirect = arena_strdup(&s->mail->arena, a->text);
    log_action(s, "redirect", a, arena_printf(&s->scratch, "triggers REDIRECT %s", a->text));
    return DUNNO;
}

static enum verdict act_bcc(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    if (!is_address(a) || !has_message(s, a))
        return DUNNO;
    vec_add(&s->mail->bcc, arena_strdup(&s->mail->arena, a->text));
    log_action(s, "bcc", a, arena_printf(&s->scratch, "triggers BCC %s", a->text));
    return DUNNO;
}

static enum verdict act_prepend(struct session *s, const struct access *a, struct reply *why)
{
    (void) why;
    if (header_name_len(a->text, strlen(a->text)) == 0) {
        log_warn("access table %s entry \"%s\" requires header: text", a->table, a->key);
        return DUNNO;
    }
    if (!has_message(s, a))
        return DUNNO;
    if (s->mail->content != NULL)
        log_warn("access table %s: action PREPEND must be used before smtpd_end_of_data_restrictions", a->table);
    else
        vec_add(&s->mail->prepend, arena_strdup(&s->mail->arena, a->text));
    return DUNNO;
}

/* Hang up without a word: for tests. */
static enum verdict act_hangup(struct session *s, const struct access *a, struct reply *why)
{
    (void) a;
    (void) why;
    s->stream.error = STREAM_EOF;
    return REJECT;
}

static const struct {
    const char *verb;
    access_action *act;
} actions[] = {{"OK", act_ok}, {"RELAY", act_ok}, {"REJECT", act_reject}, {"DEFER", act_defer},
    {"DEFER_IF_PERMIT", act_defer_if_permit}, {"DEFER_IF_REJECT", act_defer_if_reject}, {"DUNNO", act_dunno},
    {"WARN", act_warn}, {"INFO", act_warn}, {"HOLD", act_hold}, {"DISCARD", act_discard}, {"FILTER", act_filter},
    {"REDIRECT", act_redirect}, {"BCC", act_bcc}, {"PREPEND", act_prepend}, {"HANGUP", act_hangup}};

static bool is_all_digits(const char *text)
{
    return *text != 0 && text[strspn(text, "0123456789")] == 0;
}

/* "550 5.7.1 text" */
static bool is_reply(const char *value)
{
    return (value[0] == '4' || value[0] == '5') && isdigit((unsigned char) value[1]) &&
        isdigit((unsigned char) value[2]) && isspace((unsigned char) value[3]);
}

static enum verdict act_reply(struct session *s, struct access *a, struct reply *why)
{
    int code = (a->value[0] - '0') * 100 + (a->value[1] - '0') * 10 + (a->value[2] - '0');

    a->text = a->value + 3 + strspn(a->value + 3, " \t");
    return refuse_with(s, a, code, code < 500 ? "4.7.1" : "5.7.1", why);
}

/* Restrictions in a table speak of what was looked up. */
static enum verdict act_restrictions(struct session *s, const struct access *a, struct reply *why)
{
    struct checks *c = s->checks;
    const char *name = c->name, *class = c->class;

    if (strchr(a->value, ':') != NULL) { /* who would have opened it? */
        log_warn("access table %s has entry with lookup table: %s", a->table, a->value);
        log_warn("do not specify lookup tables inside SMTPD access maps");
        log_warn("define a restriction class and specify its name instead.");
        return refuse_configuration(s, why);
    }
    c->name = a->name;
    c->class = a->class;
    enum verdict v = smtpd_restrict_text(s, a->value, a->table, why);
    c->name = name;
    c->class = class;
    return v;
}

enum verdict smtpd_access_act(struct session *s, const char *value, const char *table, const char *key,
    const char *name, const char *class, struct reply *why)
{
    size_t n = strcspn(value, " \t");
    struct access a = {.value = value, .table = table, .key = key, .name = name, .class = class,
        .verb = arena_strndup(&s->scratch, value, n), .text = value + n + strspn(value + n, " \t")};

    for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
        if (strcasecmp(a.verb, actions[i].verb) == 0)
            return actions[i].act(s, &a, why);
    if (is_all_digits(value)) /* pop-before-smtp databases have a time here */
        return permit_from(s, &a);
    if (is_reply(value))
        return act_reply(s, &a, why);
    return act_restrictions(s, &a, why);
}
