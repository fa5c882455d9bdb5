/* macro.h: $name, ${name?{yes}:{no}} and their kin: what main.cf values are made of.
 *
 *     $name  ${name}  $(name)  $$
 *     ${name?text}  ${name:text}  ${name?{text}:{text}}  ${name?{text}:text}
 *     ${{text} op {text}}  and the same followed by ? or : as above
 *     ${function{text}}
 *
 * op is == != < <= > >=, between numbers if both are all digits, else between strings; with the
 * suffix "level" ("<=level") between compatibility levels. Names are letters, digits and '_'. Text
 * in a branch that is not taken is not expanded.
 */
#ifndef CONFIG_MACRO_H
#define CONFIG_MACRO_H

#include <stdbool.h>

#include "base/str.h"

enum { MACRO_DEPTH_MAX = 100 };

/* The value that a name stands for; it is taken as it is. NULL: undefined, which expands to nothing. */
typedef const char *macro_lookup(void *context, const char *name);

/* Append the expansion of text to out. False and why: a syntax error; out has got a part of it. */
bool macro_expand(const char *text, macro_lookup *lookup, void *context, struct str *out, struct str *why);

/* The same; *has_undefined becomes true if something undefined was expanded. A condition may be about
 * what is undefined. */
bool macro_expand_noting(const char *text, macro_lookup *lookup, void *context, bool *has_undefined, struct str *out,
    struct str *why);

#endif
