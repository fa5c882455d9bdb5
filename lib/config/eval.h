/* eval.h: the value of any parameter: what main.cf says, or the default, with macros expanded.
 *
 * Values are worked out when they are asked for, and kept. A parameter that cannot be expanded has
 * no value, and why says the reason. Zero-filled memory with file and the texts below set is ready.
 */
#ifndef CONFIG_EVAL_H
#define CONFIG_EVAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"
#include "config/main_cf.h"
#include "config/params.h"

struct eval {
    const struct main_cf *file;                         /* NULL: only defaults */
    const char *program, *service_name, *config_dir;    /* for process_name, service_name, config_directory */
    void (*on_undefined)(void *context, const char *name); /* a macro names what does not exist; may be NULL */
    void *context;
    struct str why;                                     /* of the last failure; the caller clears it */
    struct arena arena;                                 /* eval.c only, from here on */
    struct hash values;
    int depth;
};

/* The unexpanded value; NULL: neither set nor built in. Computed defaults are worked out. */
const char *eval_raw(struct eval *e, const char *name);

/* The expanded value; NULL: undefined if why is empty, else not to be expanded. Parameters of class
 * RAW are expanded too, where others refer to them. Lives as long as e. */
const char *eval_get(struct eval *e, const char *name);

/* Any text, appended to out. */
bool eval_text(struct eval *e, const char *text, struct str *out);

void eval_done(struct eval *e);

#endif
