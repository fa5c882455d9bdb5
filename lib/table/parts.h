/* parts.h: the parts of a combined table, "{part, part}".
 */
#ifndef TABLE_PARTS_H
#define TABLE_PARTS_H

#include "base/vec.h"
#include "table/type.h"

/* The parts as strings, which parts_free() releases. False: why (need is "type:name..."). */
bool parts_parse(const struct table *t, const char *need, struct vec *parts, struct str *why);
void parts_free(struct vec *parts);

/* The same with tables, opened as t was. t is a pattern table if all of its parts are. */
bool parts_open(struct table *t, struct vec *tables, struct str *why);
void parts_close(struct vec *tables);

/* A table that stands for the one that its name names, kept in t->state: it is what that one is. */
void parts_open_one(struct table *t);

#endif
