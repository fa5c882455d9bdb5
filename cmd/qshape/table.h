/* table.h: the counts as a table whose last column ends at the right edge of the terminal.
 */
#ifndef QSHAPE_TABLE_H
#define QSHAPE_TABLE_H

#include <stddef.h>

#include "base/str.h"
#include "cmd/qshape/count.h"

/* Append the table to out: the ages, all, and the domains; with max_rows > 0 no more rows than that. What does not fit
 * into the width (80 at least) is cut at its front, to not less than 17 bytes. */
void qshape_table_add(struct str *out, struct qshape_counts *c, int width, size_t max_rows);

#endif
