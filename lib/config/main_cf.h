/* main_cf.h: main.cf as it is written: names and values, macros not expanded.
 *
 * Zero-filled memory is an empty one. Entries set later replace earlier ones, and the texts of the
 * earlier ones stay valid until main_cf_done().
 */
#ifndef CONFIG_MAIN_CF_H
#define CONFIG_MAIN_CF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"

struct main_cf {
    struct hash entries; /* name -> const char *value; read with main_cf_get() or hash_next() */
    struct arena arena;  /* main_cf.c only */
};

/* Add what the file says; entries that are set twice are warned about. False and why ("PATH, line N:
 * missing '=' ..."): nothing after that line was read. */
bool main_cf_read(struct main_cf *m, const char *path, struct str *why);

/* The same for text that stands in the named file. */
bool main_cf_parse(struct main_cf *m, const char *path, const char *bytes, size_t n, struct str *why);

/* "name = value" taken apart in place, both trimmed. The name ends at white space, so that "a b = c" is an
 * error and not a name with a blank. NULL: fine, else what is wrong (static text), and setting is untouched. */
const char *main_cf_split(char *setting, char **name, char **value);

void main_cf_set(struct main_cf *m, const char *name, const char *value); /* both copied */
const char *main_cf_get(const struct main_cf *m, const char *name);       /* NULL: not set */
void main_cf_done(struct main_cf *m);

#endif
