/* arena.h: memory for one purpose (a session, a message, a request), released all at once.
 *
 * Zero-filled memory is an empty arena. Nothing taken from it is freed singly; arena_done()
 * ends everything taken since it was empty. Running out of memory ends the process.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/compiler.h"

struct arena {
    struct arena_block *block; /* arena.c only */
    char *next, *end;          /* arena.c only */
};

void *arena_alloc(struct arena *a, size_t size_bytes);  /* aligned for any type; not cleared */
void *arena_zalloc(struct arena *a, size_t size_bytes); /* cleared */
char *arena_strdup(struct arena *a, const char *text);  /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *bytes, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) PRINTF(2, 3);
void arena_clear(struct arena *a);                      /* everything is gone, one block is kept for what comes next */
void arena_done(struct arena *a);                       /* release; may be used again */

#define arena_new(a, type) ((type *) arena_zalloc((a), sizeof(type)))

#endif
