/* together.h: what is being asked already is not asked again: who comes later gets the same answer.
 *
 * For questions that take a while and have no effect. Must run in a task.
 */
#ifndef TABLE_TOGETHER_H
#define TABLE_TOGETHER_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/str.h"

/* Zero-filled memory is ready. */
struct together {
    struct hash asked; /* together.c only */
};

/* Ask and wait. False: no answer. */
typedef bool together_asker(void *context, const struct str *question, struct str *answer);

/* The answer to the question replaces what is in answer; asker() runs unless another task runs it for
 * the same question. False: no answer. */
bool together_ask(struct together *t, const struct str *question, struct str *answer, together_asker *asker, void *context);

#endif
