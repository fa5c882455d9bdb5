/* cache.h: a table in which a daemon keeps what it has found out, from one run to the next: verify,
 * postscreen.
 *
 * One process has it at a time: a second one that opens it waits until the first has closed it. What
 * was put is on stable storage soon after the turn of the loop. A table behind proxy: may make every
 * function wait, so they are for tasks. Keys and values are those of Postfix, which goes on with the
 * file, as we do with its own.
 */
#ifndef TABLE_CACHE_H
#define TABLE_CACHE_H

#include "table/table.h"

struct cache;

/* "btree:/var/lib/postfix/verify_cache", made if it is not there; "internal:verify" lasts as long as the
 * process. Before the jail, as the user whose file it is. A table that cannot be had ends the program. */
struct cache *cache_open(const char *name);
void cache_close(struct cache *c);

/* As table_find() and so on; what fails was logged. cache_put() replaces. */
enum table_result cache_find(struct cache *c, const char *key, struct str *value);
bool cache_put(struct cache *c, const char *key, const char *value);
enum table_result cache_delete(struct cache *c, const char *key);

/* Is the entry still good for something? */
typedef bool cache_is_good(const char *key, const char *value);

/* Every interval_s seconds (0: never), counted from the last time, be that in another process, remove all
 * that is not; a part at a time, between other work. With the loop's help, once, after cache_open(). */
void cache_clean(struct cache *c, int interval_s, cache_is_good *is_good);

#endif
