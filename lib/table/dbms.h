/* dbms.h: what all tables that a database answers have in common: query, domain, result_format and
 * expansion_limit.
 */
#ifndef TABLE_DBMS_H
#define TABLE_DBMS_H

#include "table/dbms_conf.h"
#include "table/dbms_domain.h"
#include "table/dbms_format.h"
#include "table/type.h"

enum {
    DBMS_IDLE_S = 60,  /* idle_interval: after so long a connection is not used again */
    DBMS_RETRY_S = 60, /* retry_interval: so long a server that failed is left alone while another will do */
};

struct dbms {
    const char *type, *name;     /* the table's; lent */
    char *query, *result_format;
    struct dbms_needs needs;     /* of both */
    struct dbms_domain *domain;
    int expansion_limit;         /* 0 or less: none */
};

/* Open the table's parameters in c, and take those that all have; the query may come from elsewhere
 * (dbms_set_query). False: why. */
bool dbms_open(struct dbms *d, struct dbms_conf *c, const struct table *t, struct str *why);
bool dbms_set_query(struct dbms *d, const char *query, struct str *why);
void dbms_done(struct dbms *d);

/* SQL: "query", or the one that the parameters of old make. False: why; that of a bad parameter, too. */
bool dbms_sql_query(struct dbms *d, struct dbms_conf *c, const char *select_function, struct str *why);

/* May the key be asked for? TABLE_FOUND: yes; TABLE_ABSENT: nobody has it; TABLE_ERROR: logged. */
enum table_result dbms_may_ask(const struct dbms *d, const char *key);

/* The query for a key, quoted, replaces what is in out. False: it cannot be said. */
bool dbms_ask(const struct dbms *d, const char *key, dbms_quote *quote, void *context, struct str *out);

/* Add one value of the answer, NULL being none; *count is how many there are. False: more than
 * expansion_limit; the warning is the caller's. */
bool dbms_add(const struct dbms *d, const char *key, const char *text, int *count, struct str *value);

/* How long a server may take to let us in, and to answer, in seconds: there is time to ask another one
 * before proxymap gives up (proxymap_query_timeout). */
unsigned dbms_time_limit(void);

/* What an answer is once all values were added. */
enum table_result dbms_result(const struct str *value);

#endif
