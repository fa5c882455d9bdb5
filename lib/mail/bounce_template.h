/* bounce_template.h: what notifications say to people: bounce(5).
 *
 * Four templates, each from the file that bounce_template_file names, or built in. A file may leave
 * templates out, and headers of a template; it looks like
 *
 *     failure_template = <<EOF
 *     Charset: us-ascii
 *     From: Mail Delivery System <MAILER-DAEMON>
 *     Subject: ...
 *     Postmaster-Subject: ...
 *
 *     text with $parameters
 *     EOF
 *
 * Parameters are those of main.cf; delay_warning_time_hours and the like (seconds minutes hours days
 * weeks; maximal_queue_lifetime) are in that unit; myhostname and mydomain have U-labels.
 */
#ifndef MAIL_BOUNCE_TEMPLATE_H
#define MAIL_BOUNCE_TEMPLATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum bounce_template_kind {
    BOUNCE_TEMPLATE_FAILURE,
    BOUNCE_TEMPLATE_DELAY,
    BOUNCE_TEMPLATE_SUCCESS,
    BOUNCE_TEMPLATE_VERIFY,
    BOUNCE_TEMPLATE_COUNT
};

struct bounce_template {
    const char *name;                  /* "failure" */
    const char *origin;                /* the file's path, or "[built-in]" */
    const char *charset, *from, *subject;
    const char *postmaster_subject;    /* NULL: the postmaster gets no copies of these */
    const char *text;                  /* not expanded; lines that end in LF */
};

struct bounce_templates {
    struct bounce_template of[BOUNCE_TEMPLATE_COUNT];
    struct arena arena;                /* bounce_template.c only */
};

/* Those that are built in, as header_from_format wants them. */
void bounce_template_init(struct bounce_templates *t);

/* What the file has takes their place. A template with a mistake is left out, which is logged.
 * False, and why: the file cannot be read, or is not such a file; all are as built in. */
bool bounce_template_load(struct bounce_templates *t, const char *path, struct str *why);

/* The same for the text of a file. path: for messages. */
bool bounce_template_parse(struct bounce_templates *t, const char *path, const char *bytes, size_t n, struct str *why);

/* The text, with its parameters expanded, appended to out. A time that makes a strange number in its
 * unit is logged. False, and why: a parameter that is not there, or bad syntax. */
bool bounce_template_expand(const struct bounce_template *t, struct str *out, struct str *why);

/* All of them in the form of a file, appended to out; with expanded text (only) as postconf -b has it. */
void bounce_template_print(const struct bounce_templates *t, struct str *out);
bool bounce_template_print_expanded(const struct bounce_templates *t, struct str *out, struct str *why);

void bounce_template_done(struct bounce_templates *t);

#endif
