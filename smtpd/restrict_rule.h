/* restrict_rule.h: restrictions as tables of functions; what the files that hold them share.
 */
#ifndef SMTPD_RESTRICT_RULE_H
#define SMTPD_RESTRICT_RULE_H

#include "mail/rewrite_client.h"
#include "smtpd/verdict.h"
#include "table/table.h"

struct rule;
struct rules;

/* An evaluator looks at the session and returns DUNNO, PERMIT or, by refuse() and the like, REJECT.
 * It may wait. */
typedef enum verdict evaluator(struct session *s, const struct rule *rule, struct reply *why);

/* What follows a restriction's name. */
enum rule_argument { NO_ARG, MAP_ARG, DOMAIN_ARG, NUMBER_ARG, TEXT_ARG };

struct restriction {
    const char *name;
    enum rule_argument argument;
    evaluator *evaluate;
    bool guards_relay;           /* enough to keep strangers from relaying */
};

struct rule {
    const struct restriction *what;
    const char *word;            /* with which it begins in its list */
    const char *text;            /* the argument; a class: its name */
    struct table_list *tables;   /* MAP_ARG: one table */
    const struct rbl *rbl;       /* DOMAIN_ARG */
    int number;                  /* NUMBER_ARG */
    const struct rules *list;    /* a restriction class */
    bool is_warning;             /* warn_if_reject was in front */
};

struct rules {
    const char *parameter;
    struct rule *list;
    size_t count;
};

/* Each ends with a NULL name. */
extern const struct restriction smtpd_restrict_basic_table[], smtpd_restrict_client_table[],
    smtpd_restrict_helo_table[], smtpd_restrict_sender_table[], smtpd_restrict_recipient_table[],
    smtpd_restrict_map_table[], smtpd_restrict_dns_table[], smtpd_restrict_verify_table[], smtpd_restrict_backup_table[];

bool smtpd_restrict_basic_is_final(const struct restriction *what); /* permit, reject, defer */

evaluator smtpd_restrict_class; /* rule->list */
evaluator smtpd_restrict_map_by_class; /* a bare type:table: which check it is depends on the list */

/* Evaluate a list that a table gave. source: the table. */
enum verdict smtpd_restrict_text(struct session *s, const char *text, const char *source, struct reply *why);

/* trivial-rewrite's opinion of an address; good until the next command. NULL: no answer. */
const struct resolved *smtpd_restrict_resolve(struct session *s, const char *address);

#endif
