/* restrict_parse.h: reading restriction lists.
 *
 * A list is parsed once, to rules that are pointers to functions with their arguments. What is
 * wrong is warned of, and answers 451 when its turn comes, as it does in Postfix.
 */
#ifndef SMTPD_RESTRICT_PARSE_H
#define SMTPD_RESTRICT_PARSE_H

#include <stdbool.h>

#include "base/arena.h"

struct rules;

/* smtpd_restriction_classes: names that stand for lists. They are parsed now, since an access table may be the
 * only one to name them, when their own tables cannot be opened any more (chroot). */
void smtpd_restrict_parse_classes(const char *names);

/* A list of main.cf; lives as long as the process. */
const struct rules *smtpd_restrict_parse_list(const char *parameter, const char *text);

/* A list that a table gave; lives in the arena. source names the table. */
const struct rules *smtpd_restrict_parse_text(struct arena *a, const char *source, const char *text);

/* Does the list have a rule that stops strangers from relaying, at its top level? */
bool smtpd_restrict_parse_guards_relay(const struct rules *rules);

#endif
