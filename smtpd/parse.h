/* parse.h: a command line taken apart (RFC 5321 2.4, 4.1.1).
 *
 * Words are separated by blanks, but not within <> and "". "FROM:<a@b>" is two words. What was not
 * well-formed (a quote or bracket that does not end) is marked.
 */
#ifndef SMTPD_PARSE_H
#define SMTPD_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct word {
    const char *text; /* NUL-terminated, in the arena */
    bool is_bad;
};

struct words {
    size_t count, room;
    struct word *item; /* in the arena */
};

/* False: no words at all. */
bool smtpd_parse_words(struct arena *a, const char *line, struct words *w);

/* All words from the index on, joined by single blanks. */
const char *smtpd_parse_rest(struct arena *a, const struct words *w, size_t from);

/* "SIZE=10" for "SIZE=": what follows; NULL: another option. Case does not matter. */
const char *smtpd_parse_option(const struct word *word, const char *name_equals);

/* The address of a path (address_path.h), whose domain, if it has one, could be a domain: one beyond ASCII
 * only for who has said SMTPUTF8. */
bool smtpd_parse_address(const char *path, int options, bool has_smtputf8, struct str *address);

bool smtpd_parse_is_word(const struct word *word, const char *text); /* case does not matter */

/* A number of digits only, and not too large. */
bool smtpd_parse_number(const char *text, long *number);

/* xtext (RFC 3461 4) decoded, appended; false: malformed. */
bool smtpd_parse_xtext(const char *text, struct str *out);

/* The NOTIFY parameter (RFC 3461 4.1) as DSN_NOTIFY_ bits; 0: malformed. */
int smtpd_parse_notify(struct arena *a, const char *text);

/* The RET parameter (RFC 3461 4.3) as DSN_RET_ bits; 0: neither FULL nor HDRS. */
int smtpd_parse_ret(const char *text);

/* The ORCPT parameter (RFC 3461 4.2, RFC 6533 3), "type;xtext", as "type;address". False: malformed, or
 * with control characters. */
bool smtpd_parse_orcpt(const char *text, struct str *out);

/* How a non-SMTP client gives itself away: "Subject:" as a command. */
bool smtpd_parse_is_header(const char *word);

#endif
