/* addr_map.h: addresses mapped to others by tables: canonical(5), virtual(5), generic(5).
 *
 * What the tables have for an address is one address or more. They get their standard form (what
 * has no domain gets one), and, as propagate_unmatched_extensions says, the extension that was left
 * off to find them.
 */
#ifndef MAIL_ADDR_MAP_H
#define MAIL_ADDR_MAP_H

#include "base/arena.h"
#include "base/vec.h"
#include "table/table.h"

struct addr_map;

/* The tables that a parameter names; NULL: there are none. class: "canonical", "virtual" or
 * "generic". Before the jail. */
struct addr_map *addr_map_open(const char *parameter, const char *tables, const char *class);
void addr_map_close(struct addr_map *m);
const char *addr_map_name(const struct addr_map *m); /* the parameter */

/* What an address (internal form) is mapped to: char *, internal form, in the arena, appended to
 * results. TABLE_ERROR: a table, or rewriting, did not answer. May wait. */
enum table_result addr_map_find(struct addr_map *m, struct arena *a, const char *address, struct vec *results);

#endif
