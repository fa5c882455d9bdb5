/* dbms_format.h: templates of queries and of results, in which %s, %u, %d ... stand for parts of the
 * key or of a value.
 *
 *     %s %S   all of it             %u %U   the local part, or all where there is no '@'
 *     %d %D   the domain            %1-%9   labels of the key's domain, the last one is %1
 *     %%      '%'
 *
 * In a result the small letters mean the value that the database gave and the capital ones the key.
 * What a template needs and the key does not have makes the key one that nobody has.
 */
#ifndef TABLE_DBMS_FORMAT_H
#define TABLE_DBMS_FORMAT_H

#include <stdbool.h>

#include "base/str.h"

/* What the templates of one table need. Zero-filled memory needs nothing. */
struct dbms_needs {
    bool key_user, key_domain, value_user, value_domain;
    unsigned labels; /* of the key's domain */
};

/* Append text to out so that it cannot end the place in which it stands. False: it cannot be said there. */
typedef bool dbms_quote(void *context, const char *text, struct str *out);

/* Check a template and add what it needs. False: why, in Postfix's words for the table of that name. */
bool dbms_format_check(const char *table, const char *format, bool is_query, struct dbms_needs *needs, struct str *why);

struct dbms_expansion {
    const char *type, *name;         /* of the table, in messages */
    const struct dbms_needs *needs;
    const char *format;
    const char *key;
    const char *value;               /* a result; NULL: this is the query */
    dbms_quote *quote;               /* NULL: as it is */
    void *context;                   /* quote's */
};

/* Append the expansion; a comma first where out has something. False: nothing is to be asked, or the
 * value adds nothing, and out is as it was. */
bool dbms_format_expand(const struct dbms_expansion *e, struct str *out);

#endif
