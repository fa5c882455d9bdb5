/* request.h: what of master.cf an argument names: "smtp", "smtp/inet", "smtp/inet/chroot", with '*' for any.
 */
#ifndef POSTCONF_REQUEST_H
#define POSTCONF_REQUEST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/vec.h"
#include "config/master_cf.h"

struct postconf_request {
    const char *text;               /* as typed */
    const char *name, *type, *item; /* "*" where it says nothing; item: a column or a parameter */
    const char *value;              /* NULL: it only names something */
    enum master_column column;      /* with -F; MASTER_COLUMNS: any */
    size_t found;                   /* how often it was met */
};

/* The arguments of -M, -F or -P, to be shown. One that cannot be meant ends the program. */
void postconf_request_parse(struct arena *a, char mode, char **args, int count, struct vec *requests);

/* The same, to be changed: name and type are there, and the value unless are_names. */
void postconf_request_parse_edits(
    struct arena *a, char mode, bool are_names, char **args, int count, struct vec *requests);

bool postconf_request_matches(const struct postconf_request *r, const char *name, const char *type);
bool postconf_request_item_is(const struct postconf_request *r, const char *item);
bool postconf_request_is_any(const char *part); /* "*" */

#endif
