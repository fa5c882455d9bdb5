/* table.h: lookup tables, one interface for every type.
 *
 * A table is named "type:name" as in main.cf ("hash:/etc/postfix/transport", "inline:{a=b}").
 * The same name and flags opened twice in a process share one table. A lookup has three
 * outcomes, and an error is never "not found". File-backed tables are read in place; one whose
 * file changed is opened anew within a second, at a lookup (the file is looked at four times a second
 * at most). Text is not taken while somebody may still be writing it. Types that block are asked
 * through proxymap and wait as io_wait() does.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

struct table;

enum table_result { TABLE_FOUND, TABLE_ABSENT, TABLE_ERROR };

enum table_flag {
    TABLE_FOLD = 1 << 0,        /* keys of fixed-string tables are looked up in lower case (Unicode with TABLE_UTF8) */
    TABLE_UTF8 = 1 << 1,        /* keys and results must be UTF-8 */
    TABLE_NO_REGSUB = 1 << 2,   /* security-sensitive: regexp and pcre rules with $1 are left out, with a warning */
    TABLE_NO_PROXY = 1 << 3,    /* security-sensitive: opened in this process, also with proxy: in front */
    TABLE_SRC_RHS_IS_FILE = 1 << 4, /* values are lists of file names, whose base64 content is the result */
    TABLE_WRITE = 1 << 5,       /* for table_put() and table_delete() */
    TABLE_TRUNCATE = 1 << 6,    /* with TABLE_WRITE: emptied first */
    TABLE_LOCK = 1 << 7,        /* with TABLE_WRITE: nobody else reads or writes until table_close() */
    TABLE_DUP_REPLACE = 1 << 8, /* table_put() under a key that is there replaces its value ... */
    TABLE_DUP_IGNORE = 1 << 9,  /* ... or silently leaves it; neither: warns and leaves it */
    TABLE_WITH_NUL = 1 << 10,   /* keys and values in the file end in NUL; neither: whichever way first finds */
    TABLE_WITHOUT_NUL = 1 << 11, /* a key; writers: with NUL */
    TABLE_CREATE = 1 << 12      /* with TABLE_WRITE: the file is made if there is none */
};

/* Never NULL: a table that cannot be opened answers TABLE_ERROR to every lookup, and logs why. With
 * conf.daemon_table_open_error_is_fatal that ends the program (commands set it). */
struct table *table_open(const char *name, int flags);
void table_close(struct table *t);

/* The value of the key replaces what is in value. After TABLE_ERROR the cause was logged. */
enum table_result table_find(struct table *t, const char *key, struct str *value);

const char *table_name(const struct table *t);   /* "type:name" */
const char *table_label(const struct table *t);  /* as messages call it: "hash:/etc/postfix/transport.db" */
bool table_is_pattern(const struct table *t);    /* regexp, pcre, cidr ...: whole keys only, no partial lookups */
uid_t table_owner(const struct table *t);        /* whoever may change it: its file's owner; 0 where there is no file */
const char *table_error(const struct table *t);  /* why it could not be opened; NULL: it is open */
const char *table_cause(const struct table *t);  /* of the last TABLE_ERROR or TABLE_FAILED: ": cause", or nothing */

/* A table that changed and could not be opened anew by this process (chrooted, privileges given
 * up): another process is needed, which the daemon arranges. NULL: none. */
const char *table_stale(void);

/* Changing tables that were opened with TABLE_WRITE. False, TABLE_ERROR: the cause was logged. */
enum table_put {
    TABLE_STORED,
    TABLE_EXISTS,
    TABLE_FAILED,
    TABLE_START_OVER /* only with TABLE_LOCK: all that was put since table_sync() is gone, put it once more */
};
enum table_put table_put(struct table *t, const char *key, const char *value);
/* The same without folding and NUL, and always replacing: YP_ records. */
enum table_put table_put_bare(struct table *t, const char *key, const char *value);
enum table_result table_delete(struct table *t, const char *key);
/* With TABLE_LOCK: all changes are on stable storage when this returns; without it they are after each. */
enum table_put table_sync(struct table *t);
/* All entries one by one, in the order of the file; TABLE_ABSENT after the last. The one just given may be deleted. */
enum table_result table_next(struct table *t, bool from_start, struct str *key, struct str *value);
/* Can this type do it? */
bool table_can_change(const struct table *t);
bool table_can_delete(const struct table *t);
bool table_can_list(const struct table *t);

/* Is there such a type, and can postmap make tables of it? The names of all types, sorted, NULL-terminated. */
bool table_type_exists(const char *type);
bool table_type_is_created(const char *type);
const char *const *table_types(void);

/* A list of tables as a parameter names them ("hash:a, pcre:b"); asked in order, the first that
 * is not TABLE_ABSENT answers. An empty list answers TABLE_ABSENT. */
struct table_list;
struct table_list *table_list_open(const char *parameter_value, int flags);
void table_list_close(struct table_list *l);
void table_list_set_title(struct table_list *l, const char *parameter); /* in messages; else it is its value */
enum table_result table_list_find(struct table_list *l, const char *key, struct str *value);
/* The same for a part of a key (a domain, an address without its extension): pattern tables are left out. */
enum table_result table_list_find_part(struct table_list *l, const char *key, struct str *value);
/* How partial keys are tried table by table: */
size_t table_list_count(const struct table_list *l);
struct table *table_list_at(const struct table_list *l, size_t index);

#endif
