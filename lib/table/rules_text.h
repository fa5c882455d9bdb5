/* rules_text.h: the result text of a rule, with $1 in it.
 */
#ifndef TABLE_RULES_TEXT_H
#define TABLE_RULES_TEXT_H

#include "base/arena.h"
#include "base/str.h"
#include "table/rules.h"

struct rules_text {
    struct text_part *parts; /* rules_text.c only */
    size_t part_count;
    size_t max_group;        /* largest $number; 0: there is none */
};

/* Takes text apart. False: why; text without a reason of its own was warned of already. where:
 * "regexp map NAME, line 3". */
bool rules_text_parse(struct rules_text *t, struct arena *a, const char *text, const char *out_of_range,
    const char *where);

/* Append the text, with what the groups matched in key. */
void rules_text_expand(const struct rules_text *t, const char *key, const struct rules_span *spans, struct str *out);

#endif
