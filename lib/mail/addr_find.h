/* addr_find.h: looking addresses, domains and networks up by their parts.
 *
 * An address is asked for whole, then without its extension, then by parts of it, as the steps
 * of a search say; parts are not asked of pattern tables. A key that needs quotes is asked for
 * in external form first, then in internal form.
 */
#ifndef MAIL_ADDR_FIND_H
#define MAIL_ADDR_FIND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "mail/match.h"
#include "table/table.h"

/* In the order in which they are taken. */
enum addr_find_step {
    ADDR_FIND_FULL = 1 << 0,           /* user+ext@domain */
    ADDR_FIND_NO_EXTENSION = 1 << 1,   /* user@domain; without this step no step leaves the extension off */
    ADDR_FIND_LOCAL_USER = 1 << 2,     /* user+ext, user: if the domain is local */
    ADDR_FIND_LOCAL_USER_AT = 1 << 3,  /* user+ext@, user@: the same */
    ADDR_FIND_AT_DOMAIN = 1 << 4,      /* @domain */
    ADDR_FIND_DOMAIN = 1 << 5,         /* domain */
    ADDR_FIND_PARENTS = 1 << 6,        /* and its parents: match_parent() ... */
    ADDR_FIND_DOT_PARENTS = 1 << 7,    /* ... or not: ".parent" */
    ADDR_FIND_USER_AT = 1 << 8         /* user+ext@, user@ */
};
enum {
    /* canonical, virtual, generic, relocated, bcc */
    ADDR_FIND_ADDRESS = ADDR_FIND_FULL | ADDR_FIND_NO_EXTENSION | ADDR_FIND_LOCAL_USER | ADDR_FIND_AT_DOMAIN,
    /* transport: and one of the two kinds of parents */
    ADDR_FIND_TRANSPORT = ADDR_FIND_FULL | ADDR_FIND_NO_EXTENSION | ADDR_FIND_DOMAIN,
    /* access: the same */
    ADDR_FIND_ACCESS = ADDR_FIND_FULL | ADDR_FIND_NO_EXTENSION | ADDR_FIND_DOMAIN | ADDR_FIND_USER_AT
};

struct addr_find {
    struct table_list *tables;
    unsigned steps;            /* enum addr_find_step */
    const char *delimiters;    /* recipient_delimiter */
    const char *double_bounce; /* a local part that stays whole; may be NULL */
    /* Is the domain $myorigin, in $mydestination or a literal of ours? Needed by ADDR_FIND_LOCAL_... */
    enum match_result (*is_local)(void *context, const char *domain);
    void *context;
};

/* What the tables have for an address (internal form). extension (may be NULL) becomes the part that
 * was left off to find it, with its delimiter ("+ext"), or empty. */
enum table_result addr_find(const struct addr_find *f, const char *address, struct str *value, struct str *extension);

/* The addresses (char *, internal form, in the arena) that a result of addr_find() means for the
 * address that was looked up, extension being what was left off. "@newdomain" keeps the user. The
 * addresses get the extension if it is propagated (propagate_unmatched_extensions). Those without
 * domain are left to rewriting. */
void addr_find_expand(struct arena *a, const char *address, const char *result, const char *extension,
    bool is_propagated, struct vec *addresses);

/* A domain, then its parents, as "parent" or as ".parent". */
enum table_result addr_find_domain(struct table_list *tables, const char *domain, bool is_parent, struct str *value);

/* An address, then the networks it is in: 192.0.2.1, 192.0.2, 192.0, 192; IPv6 cut at colons. */
enum table_result addr_find_network(struct table_list *tables, const char *address, struct str *value);

#endif
