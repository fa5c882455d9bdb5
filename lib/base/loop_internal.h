/* loop_internal.h: what loop.c, task.c and io.c share and nobody else includes.
 */
#ifndef BASE_LOOP_INTERNAL_H
#define BASE_LOOP_INTERNAL_H

#include <stdbool.h>

#include "base/clock.h"

struct ev_loop *loop_ev(void);  /* made on first use */
bool task_run_ready(void);      /* run each task that is ready now once; false: there was none */
bool task_any_ready(void);

#endif
