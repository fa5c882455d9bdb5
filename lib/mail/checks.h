/* checks.h: header_checks(5) and body_checks(5): tables that say what to do with a header or a line
 * that looks so and so.
 *
 * Here the tables are asked and their answers read; the caller, who has the message, does what they
 * say. Mistakes in a table are warned of, and count as no answer.
 */
#ifndef MAIL_CHECKS_H
#define MAIL_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "mail/header.h"
#include "mail/mime.h"

enum check_action {
    CHECK_NONE,  /* no answer, DUNNO, OK, or a mistake */
    CHECK_ERROR, /* a table could not answer, and said why */
    CHECK_BCC,
    CHECK_DISCARD,
    CHECK_FILTER,
    CHECK_HOLD,
    CHECK_IGNORE,
    CHECK_INFO,
    CHECK_PASS,
    CHECK_PREPEND,
    CHECK_REDIRECT,
    CHECK_REJECT,
    CHECK_REPLACE,
    CHECK_STRIP,
    CHECK_WARN
};

/* When messages are checked: not every action can be obeyed at every time. */
enum checks_time { CHECKS_RECEIVING, CHECKS_MILTER, CHECKS_DELIVERING };

struct checks;

/* The values of the parameters: header_checks, mime_header_checks ... */
struct checks_tables {
    const char *header, *mime_header, *nested_header, *body;
};

/* NULL: all are empty. prefix: of the parameters' names, "smtp_". Before the jail. */
struct checks *checks_open(enum checks_time when, const char *prefix, const struct checks_tables *tables);
void checks_close(struct checks *c);
bool checks_has_body(const struct checks *c); /* body_checks */

/* What was found. Zero-filled memory is good for any number of calls, one at a time. */
struct check {
    struct str text; /* behind the action: never empty with FILTER, PREPEND, REDIRECT, BCC and REPLACE. Of a
                        REJECT, the whole reason: "5.7.1 text" or "4.7.1 text" */
    const char *map; /* the parameter whose table that was, or that failed; NULL: none was asked */
    struct str key;  /* checks.c only */
};
void checks_found_done(struct check *found);

/* Ask about a header (lines joined with LF), or about a line of the body. May wait. */
enum check_action checks_header(const struct checks *c, enum mime_class class, const struct header_info *known,
    const struct str *header, struct check *found);
enum check_action checks_line(const struct checks *c, const char *line, size_t len, struct check *found);

const char *checks_word(enum check_action action); /* as logged: "reject", "warning" */

#endif
