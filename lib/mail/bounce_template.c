#include "mail/bounce_template.h"

#include <ctype.h>
#include <stddef.h>
#include <strings.h>

#include "base/file.h"
#include "base/idna.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/words.h"
#include "config/config.h"
#include "config/macro.h"
#include "mail/header.h"

#define BUILT_IN "[built-in]"
#define SIGNATURE "                   The mail system\n"

/* Subjects are what programs and people sort notifications by; so is a first line that begins with
 * "This is the mail system", which parsers of bounces look for. */
static const struct bounce_template built_in[] = {
    [BOUNCE_TEMPLATE_FAILURE] = {
        "failure", BUILT_IN, "us-ascii", NULL,
        "Undelivered Mail Returned to Sender", "Postmaster Copy: Undelivered Mail",
        "This is the mail system at host $myhostname.\n\n"
        "Your message could not be delivered to the recipients listed below,\n"
        "and delivery to them will not be tried again. The reason is given with\n"
        "each address. The message, or its header, is attached.\n\n"
        "If you need help, write to postmaster and include this whole report;\n"
        "the text of your own message may be left out.\n\n" SIGNATURE},
    [BOUNCE_TEMPLATE_DELAY] = {
        "delay", BUILT_IN, "us-ascii", NULL,
        "Delayed Mail (still being retried)", "Postmaster Warning: Delayed Mail",
        "This is the mail system at host $myhostname.\n\n"
        "  This is only a warning. There is no need to send the message again.\n\n"
        "Your message has been waiting for delivery to the recipients listed\n"
        "below for more than $delay_warning_time_hours hour(s). Delivery will go on being tried until\n"
        "the message is $maximal_queue_lifetime_days day(s) old; you will hear again if it fails for good.\n\n"
        "If you need help, write to postmaster and include this whole report;\n"
        "the text of your own message may be left out.\n\n" SIGNATURE},
    [BOUNCE_TEMPLATE_SUCCESS] = {
        "success", BUILT_IN, "us-ascii", NULL, "Successful Mail Delivery Report", NULL,
        "This is the mail system at host $myhostname.\n\n"
        "This is the report that was asked for: your message has been delivered,\n"
        "or passed on, to the recipients listed below. Where it was passed on to\n"
        "another mail system, that system may still report a failure later.\n\n" SIGNATURE},
    [BOUNCE_TEMPLATE_VERIFY] = {
        "verify", BUILT_IN, "us-ascii", NULL, "Mail Delivery Status Report", NULL,
        "This is the mail system at host $myhostname.\n\n"
        "This is the report that was asked for: what became, or would become,\n"
        "of mail for the recipients listed below.\n\n" SIGNATURE},
};

void bounce_template_init(struct bounce_templates *t)
{
    bool is_obsolete = strcasecmp(conf.header_from_format, "obsolete") == 0;

    for (size_t i = 0; i < BOUNCE_TEMPLATE_COUNT; i++) {
        t->of[i] = built_in[i];
        t->of[i].from = is_obsolete ? "MAILER-DAEMON (Mail Delivery System)"
                                    : "Mail Delivery System <MAILER-DAEMON>";
    }
}

void bounce_template_done(struct bounce_templates *t)
{
    arena_done(&t->arena);
}

/* --- a template of the file --- */

static const struct header {
    const char *label;
    size_t member;
} headers[] = {
    {"Charset", offsetof(struct bounce_template, charset)},
    {"From", offsetof(struct bounce_template, from)},
    {"Subject", offsetof(struct bounce_template, subject)},
    {"Postmaster-Subject", offsetof(struct bounce_template, postmaster_subject)},
};

static const char **header_of(struct bounce_template *t, const struct header *h)
{
    return (const char **) ((char *) t + h->member);
}

static const struct header *header_named(const char *label, size_t n)
{
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        if (strlen(headers[i].label) == n && strncasecmp(headers[i].label, label, n) == 0)
            return &headers[i];
    return NULL;
}

/* One header line; false: why, for the log. */
static bool take_header(struct bounce_template *t, char *line, size_t label_len, struct str *why)
{
    const struct header *h = header_named(line, label_len);
    const char *value = header_value(line);

    if (h == NULL)
        str_setf(why, "unknown \"%.*s\" header label", (int) label_len, line);
    else if (*header_of(t, h) == NULL)
        str_setf(why, "inapplicable \"%s\" header label", h->label);
    else if (*value == 0)
        str_setf(why, "empty \"%s\" header value", h->label);
    else if (!utf8_is_ascii(value, strlen(value)))
        str_setf(why, "non-ASCII \"%s\" header value", h->label);
    else {
        *header_of(t, h) = value;
        return true;
    }
    return false;
}

/* Headers, empty lines, text. NULL: there is a mistake in a header. */
static char *take_headers(struct bounce_template *t, char *text, struct str *why)
{
    for (char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        size_t label_len = header_name_len(text, (size_t) (end - text));
        if (label_len == 0)
            break;
        *end = 0;
        if (!take_header(t, text, label_len, why))
            return NULL;
    }
    for (char *end; (end = strchr(text, '\n')) != NULL && strspn(text, WORDS_SPACE "\v\f") > (size_t) (end - text);)
        text = end + 1;
    return text;
}

/* text: what stands between the marks; it is cut up, and t keeps it. */
static void take_template(struct bounce_template *t, const char *path, char *text)
{
    struct bounce_template made = *t;
    struct str why = {0};

    made.origin = path;
    made.text = take_headers(&made, text, &why);
    if (made.text == NULL)
        log_warn("%s: %s in %s template -- ignoring this template", path, str_text(&why), t->name);
    else if (*made.text == 0)
        log_warn("%s: missing message text in %s template -- ignoring this template", path, t->name);
    else if (!utf8_is_ascii(made.text, strlen(made.text)) && strcasecmp(made.charset, "us-ascii") == 0) {
        log_warn("%s: 8-bit message text in %s template", path, t->name);
        log_warn("please specify a charset value other than us-ascii");
        log_warn("-- ignoring this template for now");
    } else
        *t = made;
    str_done(&why);
}

/* --- the file --- */

struct file {
    const char *path;
    char *next;        /* NULL: at its end */
    int line;          /* the number that messages have: one more than that of the line that was read last */
};

static char *next_line(struct file *f)
{
    char *line = f->next;

    if (line == NULL || *line == 0)
        return NULL;
    f->next = strchr(line, '\n');
    if (f->next != NULL)
        *f->next++ = 0;
    f->line++;
    return line;
}

/* The lines up to the one that is the mark. */
static void here_document(struct file *f, const char *mark, struct str *text)
{
    char *line;

    while ((line = next_line(f)) != NULL && strcmp(line, mark) != 0)
        str_addf(text, "%s\n", line);
    if (line == NULL)
        log_warn("%s, line %d: missing \"%s\" end marker", f->path, f->line, mark);
}

static struct bounce_template *template_named(struct bounce_templates *t, const char *name)
{
    static const char suffix[] = "_template";

    for (size_t i = 0; i < BOUNCE_TEMPLATE_COUNT; i++) {
        size_t n = strlen(t->of[i].name);
        if (strncmp(t->of[i].name, name, n) == 0 && strcmp(name + n, suffix) == 0)
            return &t->of[i];
    }
    return NULL;
}

/* "name = <<EOF", or the text itself. */
static bool take_entry(struct bounce_templates *t, struct file *f, char *line, struct str *why)
{
    struct str text = {0};
    char *name, *value, *copy = arena_strdup(&t->arena, line);
    const char *problem = words_name_value(copy, &name, &value);

    if (problem != NULL) {
        str_setf(why, "%s, line %d: %s: \"%s\"", f->path, f->line, problem, line);
        return false;
    }
    if (strncmp(value, "<<", 2) == 0) {
        value += 2 + strspn(value + 2, WORDS_SPACE);
        if (*value == 0) {
            str_setf(why, "%s, line %d: missing end marker after <<", f->path, f->line);
            return false;
        }
        here_document(f, value, &text);
    } else
        str_addf(&text, "%s\n", value);
    struct bounce_template *one = template_named(t, name);
    if (one == NULL)
        log_warn("%s, line %d: unknown template name: %s -- ignoring this template", f->path, f->line, name);
    else
        take_template(one, f->path, arena_strndup(&t->arena, str_text(&text), text.len));
    str_done(&text);
    return true;
}

/* Without the white space at both ends. */
static char *trimmed(char *line)
{
    line += strspn(line, WORDS_SPACE);
    for (char *end = line + strlen(line); end > line && isspace((unsigned char) end[-1]);)
        *--end = 0;
    return line;
}

/* A line ends at its first NUL, as strings do. */
static char *without_nul(struct arena *a, const char *bytes, size_t n)
{
    char *copy = arena_alloc(a, n + 1), *to = copy;
    bool is_skipped = false;

    for (const char *p = bytes; p < bytes + n; p++) {
        is_skipped = *p == 0 || (is_skipped && *p != '\n');
        if (!is_skipped)
            *to++ = *p;
    }
    *to = 0;
    return copy;
}

bool bounce_template_parse(struct bounce_templates *t, const char *path, const char *bytes, size_t n, struct str *why)
{
    struct file f = {.path = arena_strdup(&t->arena, path), .next = without_nul(&t->arena, bytes, n), .line = 1};
    bool ok = true;

    for (char *line; ok && (line = next_line(&f)) != NULL;) {
        line = trimmed(line);
        if (*line != 0 && *line != '#')
            ok = take_entry(t, &f, line, why);
    }
    if (!ok)
        bounce_template_init(t);
    return ok;
}

bool bounce_template_load(struct bounce_templates *t, const char *path, struct str *why)
{
    struct str text = {0};

    bool ok = file_read(path, &text, why) && bounce_template_parse(t, path, str_text(&text), text.len, why);
    str_done(&text);
    return ok;
}

/* --- parameters in the text --- */

struct expansion {
    const struct bounce_template *of;
    struct str value;              /* of the last parameter of ours */
    struct str why;                /* what is wrong with a parameter of ours */
};

static const struct {
    const char *name;
    int seconds;
} units[] = {{"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", 86400}, {"weeks", 7 * 86400}};

enum { EXCESSIVE = 1000 };

/* 0 hours, or 432000 seconds: nobody wants to read that. */
static void warn_of_unit(const struct bounce_template *t, const char *name, const char *unit, int seconds, int number)
{
    bool is_zero = number == 0;

    if (is_zero ? seconds == 0 : number < EXCESSIVE)
        return;
    if (is_zero)
        log_warn("%s: zero result in %s template conversion of parameter \"%s\"", t->origin, t->name, name);
    else
        log_warn("%s: excessive result \"%d\" in %s template conversion of parameter \"%s\"", t->origin, number,
            t->name, name);
    log_warn("please %s time unit \"%s\" of \"%s\" in %s template", is_zero ? "reduce" : "increase", unit, name,
        t->name);
    log_warn("for instructions see the bounce(5) manual");
}

static const char *in_unit(struct expansion *x, const char *name, const char *unit, int seconds)
{
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (strcmp(units[i].name, unit) == 0) {
            int number = seconds / units[i].seconds;
            warn_of_unit(x->of, name, unit, seconds, number);
            str_setf(&x->value, "%d", number);
            return str_text(&x->value);
        }
    if (x->why.len == 0)
        str_setf(&x->why, "%s: unrecognized suffix \"%s\" in parameter \"%s\"", x->of->origin, unit, name);
    return "";
}

static const char *for_people(struct expansion *x, const char *domain)
{
    return conf.smtputf8_enable && idna_to_utf8(domain, &x->value) ? str_text(&x->value) : domain;
}

static const char *look_up(void *context, const char *name)
{
    const struct {
        const char *prefix;
        int seconds;
    } times[] = {{"delay_warning_time_", conf.delay_warning_time},
        {"maximal_queue_lifetime_", conf.maximal_queue_lifetime}};
    struct expansion *x = context;

    for (size_t i = 0; i < ARRAY_SIZE(times); i++)
        if (strncmp(name, times[i].prefix, strlen(times[i].prefix)) == 0)
            return in_unit(x, name, name + strlen(times[i].prefix), times[i].seconds);
    if (strcmp(name, "myhostname") == 0)
        return for_people(x, conf.myhostname);
    if (strcmp(name, "mydomain") == 0)
        return for_people(x, conf.mydomain);
    return config_get(name);
}

static bool expand_line(struct expansion *x, const char *line, struct str *out, struct str *why)
{
    struct str problem = {0};
    bool has_undefined = false;

    bool ok = macro_expand_noting(line, look_up, x, &has_undefined, out, &problem);
    if (!ok) {
        log_warn("%s", str_text(&problem));
        str_setf(why, "%s: bad $name syntax in %s template: %s", x->of->origin, x->of->name, line);
    } else if (x->why.len > 0)
        str_set(why, str_text(&x->why));
    else if (has_undefined)
        str_setf(why, "%s: undefined $name in %s template: %s", x->of->origin, x->of->name, line);
    str_done(&problem);
    return ok && x->why.len == 0 && !has_undefined;
}

bool bounce_template_expand(const struct bounce_template *t, struct str *out, struct str *why)
{
    struct expansion x = {.of = t};
    struct str line = {0};
    bool ok = true;

    for (const char *p = t->text; ok && *p != 0;) {
        size_t n = strcspn(p, "\n");
        str_clear(&line);
        str_add(&line, p, n);
        ok = expand_line(&x, str_text(&line), out, why);
        str_addc(out, '\n');
        p += p[n] != 0 ? n + 1 : n;
    }
    str_done(&x.value);
    str_done(&x.why);
    str_done(&line);
    return ok;
}

/* --- for postconf --- */

void bounce_template_print(const struct bounce_templates *t, struct str *out)
{
    for (size_t i = 0; i < BOUNCE_TEMPLATE_COUNT; i++) {
        struct bounce_template one = t->of[i];
        str_addf(out, "%s%s_template = <<EOF\n", i == 0 ? "" : "\n", one.name);
        for (size_t h = 0; h < ARRAY_SIZE(headers); h++)
            if (*header_of(&one, &headers[h]) != NULL)
                str_addf(out, "%s: %s\n", headers[h].label, *header_of(&one, &headers[h]));
        str_addf(out, "\n%sEOF\n", one.text);
    }
}

bool bounce_template_print_expanded(const struct bounce_templates *t, struct str *out, struct str *why)
{
    bool ok = true;

    for (size_t i = 0; ok && i < BOUNCE_TEMPLATE_COUNT; i++) {
        str_addf(out, "%sexpanded_%s_text = <<EOF\n", i == 0 ? "" : "\n", t->of[i].name);
        ok = bounce_template_expand(&t->of[i], out, why);
        str_adds(out, "EOF\n");
    }
    return ok;
}
