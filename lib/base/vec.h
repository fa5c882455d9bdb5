/* vec.h: a growing array of pointers.
 *
 * Zero-filled memory is an empty array. What the pointers point to belongs to the caller.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

struct vec {
    void **items;
    size_t count, room; /* room: vec.c only */
};

void vec_add(struct vec *v, void *item);
void *vec_pop(struct vec *v);                    /* the last item, removed; NULL when empty */
void vec_sort(struct vec *v, int (*compare)(const void *a, const void *b)); /* a, b: void *const *, as qsort(3) */
void vec_sort_texts(struct vec *v);              /* items are C strings; by strcmp(3) */
void vec_done(struct vec *v, void (*free_item)(void *item)); /* free_item may be NULL; may be used again */

#endif
