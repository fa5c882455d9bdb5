/* expand.h: the command's arguments for one delivery.
 */
#ifndef PIPE_EXPAND_H
#define PIPE_EXPAND_H

#include "agents/pipe/attributes.h"
#include "base/vec.h"
#include "mail/delivery.h"

/* Append the arguments, in the arena, and a NULL. An argument that names a property of recipients is there once for
 * each of them. False: a macro makes no sense, which was logged. */
bool pipe_expand(struct arena *memory, const struct attributes *a, const struct delivery *d, const char *service,
    struct vec *argv);

/* The sender, or what stands for the null sender. */
const char *pipe_expand_sender(const struct attributes *a, const struct delivery *d);

#endif
