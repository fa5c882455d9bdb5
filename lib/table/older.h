/* older.h: a database that was not made again after its source was changed.
 */
#ifndef TABLE_OLDER_H
#define TABLE_OLDER_H

/* Warn if the source is newer, and that has been so for a while. */
void older_warn(const char *database, const char *source);

#endif
