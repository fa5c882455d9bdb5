/* target.h: an address on its way through aliases, .forward files and lists.
 *
 * A job is one recipient of the request. Each expansion makes new targets from a copy of the one it came
 * from, so that what holds for one branch (rights, owner, extension) does not leak into the next. Text
 * lies in the job's arena.
 */
#ifndef LOCAL_TARGET_H
#define LOCAL_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/hash.h"
#include "mail/delivery.h"

/* Whose rights a file or command gets. uid 0: nobody's in particular, default_privs. */
struct rights {
    uid_t uid;
    gid_t gid;
    const char *name, *home, *shell;   /* NULL with uid 0 from a file of root's */
};

/* What has named a destination; as bits, for allow_mail_to_commands and allow_mail_to_files. */
enum origin { ORIGIN_ALIAS = 1 << 0, ORIGIN_FORWARD = 1 << 1, ORIGIN_INCLUDE = 1 << 2 };

struct job {
    struct delivery *d;
    struct delivery_recipient *recipient;
    struct message_bytes message;
    struct arena *memory;
    struct hash seen;            /* see local_target_is_repeated() */
    struct resubmission *resubmissions; /* resubmit.c only */
    bool is_all_sent;            /* nothing of it has been reported but success */
};

struct target {
    struct job *job;
    int level;                   /* of nesting: 2 for a list, 4 for an address, as Postfix counts */
    const char *address;         /* internal form */
    const char *original, *dsn_orcpt; /* "" behind an alias that has an owner */
    int dsn_notify;
    const char *local, *user, *domain; /* of the address, in lower case: local part, without extension */
    const char *extension;       /* NULL: none */
    const char *unmatched;       /* the extension that what it expands to gets; NULL: none */
    const char *sender;          /* whom to tell of failures: the message's, or an owner- alias */
    const char *owner;           /* who has it expanded, if other local users' mail is to be queued anew; or NULL */
    const char *alias;           /* the name that was expanded last */
    const char *relayed;         /* the local part for which luser_relay was taken last; NULL: none */
    const char *delivered;       /* for Delivered-To; NULL: not known yet */
    unsigned origin;             /* enum origin; 0: the request */
    struct rights rights;
};

/* Has this been done for the recipient already? Remembers it, without regard to case, as far as
 * duplicate_filter_limit goes. */
bool local_target_is_repeated(const struct target *t, const char *format, ...) PRINTF(2, 3);
/* The same, without limit. */
bool local_target_is_expanded(const struct target *t, const char *format, ...) PRINTF(2, 3);
bool local_target_is_known(const struct target *t, const char *format, ...) PRINTF(2, 3); /* only asks */

/* Is the address only tried out (sendmail -bv, the verify service)? */
bool local_target_is_probe(const struct target *t);

bool local_target_is_verification(const struct target *t); /* by the verify service, which wants no expansion */

/* Take an account's rights. False: there is none, or, with *error set, the name service does not answer. */
bool local_target_become(struct target *t, const char *name, int *error);
bool local_target_become_uid(struct target *t, uid_t uid);

#endif
