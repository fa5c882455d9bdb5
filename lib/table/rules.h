/* rules.h: tables of regular expressions, whichever library matches them: regexp, pcre.
 *
 * Rules are "[!]/pattern/flags result", and IF, ENDIF around others; $1 in the result is what the
 * first parentheses matched. The first rule that applies answers. A rule that is wrong is warned
 * of and left out.
 */
#ifndef TABLE_RULES_H
#define TABLE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "table/type.h"

enum { RULES_MAX_GROUPS = 100 }; /* $1 to $99, and what matched as a whole */

/* Where a group matched: bytes from start to end of the key; start > end: it took no part. */
struct rules_span {
    size_t start, end;
};

struct rules_option {
    char letter;
    unsigned bit; /* which the letter toggles; 0: obsolete, ignored */
};

struct rules_engine {
    const char *type;                   /* "regexp" */
    const char *unclosed;               /* what becomes of a rule without a closing delimiter: "skipping this rule" */
    const char *out_of_range;           /* how messages spell it */
    bool has_second_pattern;            /* "/one/!/other/": matches one and not the other */
    unsigned default_options;
    const struct rules_option *options; /* up to a letter 0 */
    bool has_class_escapes;             /* literal.h; of patterns whose options are the default, but for ... */
    unsigned harmless_options;          /* ... these, which do not change what is a plain character */

    /* NULL: why. needs_groups: match() will be asked for spans. groups: how many there are. */
    void *(*compile)(const char *pattern, unsigned options, bool needs_groups, size_t *groups, struct str *why);
    /* The first span_count spans are filled in, 0: none is needed. map and line are for warnings. */
    enum table_result (*match)(void *code, const char *key, size_t len, struct rules_span *spans, size_t span_count,
        const char *map, int line); /* TABLE_ERROR: it could not be told, which was warned of */
    void (*free)(void *code);
};

bool rules_open(struct table *t, const struct rules_engine *engine, struct str *why);
void rules_close(struct table *t);
enum table_result rules_find(struct table *t, const char *key, size_t len, struct str *value);

#endif
