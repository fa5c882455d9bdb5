/* slot.h: the directory of one writer, journal/<slot>/, and its lock.
 */
#ifndef QUEUE_SLOT_H
#define QUEUE_SLOT_H

#include <stdbool.h>

#include "base/str.h"

enum { SLOT_MAX = 4095 };

enum slot_result { SLOT_LOCKED, SLOT_BUSY, SLOT_FAILED };

/* Take the lock; it is held until fd is closed, at the latest when the process ends. create: make
 * the directory if need be (else SLOT_FAILED). SLOT_BUSY: somebody else has it. */
enum slot_result slot_lock(unsigned slot, bool create, int *fd, struct str *why);

char *slot_dir(unsigned slot);  /* "journal/7"; mem_free() it */

/* Call visit(arg, slot) for every slot that has a directory, in order. */
void slot_each(void (*visit)(void *arg, unsigned slot), void *arg);

#endif
