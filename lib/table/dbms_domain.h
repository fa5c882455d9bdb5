/* dbms_domain.h: the domains that a table is asked about, its parameter "domain".
 *
 * Elements are names, "/file" with elements in it, and "type:table". A key is for the table if it has
 * a local part and one of these domains behind its last '@'. No list: every key is.
 */
#ifndef TABLE_DBMS_DOMAIN_H
#define TABLE_DBMS_DOMAIN_H

#include <stdbool.h>

#include "base/str.h"
#include "table/table.h"

struct dbms_domain;

/* NULL: there is no list if why is empty, else it cannot be used ("open PATH: cause"). */
struct dbms_domain *dbms_domain_open(const char *list, struct str *why);
void dbms_domain_close(struct dbms_domain *d);

/* TABLE_FOUND: ask; TABLE_ABSENT: nobody has the key; TABLE_ERROR: a table of the list failed. */
enum table_result dbms_domain_find(const struct dbms_domain *d, const char *key);

#endif
