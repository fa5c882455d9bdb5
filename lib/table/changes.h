/* changes.h: whether the file behind a table is still the one that was opened. For table.c.
 */
#ifndef TABLE_CHANGES_H
#define TABLE_CHANGES_H

#include <stdbool.h>

struct table;

/* The table was opened: remember its file as it is now. */
void changes_begin(struct table *t);

/* Is it to be opened anew? Its file is another one, or gone, or changed; and it has been left alone for a while, so
 * that what is half written is not used. Where its name leads nowhere, as behind chroot(2), the file that was opened
 * tells, as long as it has a name anywhere. */
bool changes_is_due(struct table *t);

/* The table is locked: is the file what it was, for those that read it as it was? */
bool changes_is_same(const struct table *t);

#endif
