#include "base/vec.h"

#include <string.h>

#include <stdlib.h>

#include "base/mem.h"

void vec_add(struct vec *v, void *item)
{
    if (v->count == v->room) {
        v->room = v->room == 0 ? 8 : v->room * 2;
        v->items = mem_realloc(v->items, v->room * sizeof(*v->items));
    }
    v->items[v->count++] = item;
}

void *vec_pop(struct vec *v)
{
    return v->count == 0 ? NULL : v->items[--v->count];
}

void vec_sort(struct vec *v, int (*compare)(const void *a, const void *b))
{
    if (v->count > 1)
        qsort(v->items, v->count, sizeof(*v->items), compare);
}

static int by_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

void vec_sort_texts(struct vec *v)
{
    vec_sort(v, by_text);
}

void vec_done(struct vec *v, void (*free_item)(void *item))
{
    if (free_item != NULL)
        for (size_t i = 0; i < v->count; i++)
            free_item(v->items[i]);
    mem_free(v->items);
    *v = (struct vec){0};
}
