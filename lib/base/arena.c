#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct arena_block {
    struct arena_block *older;
    size_t size_bytes; /* of bytes[] */
    max_align_t bytes[];
};

enum { FIRST_BLOCK = 1024 - sizeof(struct arena_block), LARGEST_BLOCK = 64 * 1024 };

static void add_block(struct arena *a, size_t at_least)
{
    size_t size = a->block == NULL ? FIRST_BLOCK : a->block->size_bytes * 2;

    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < at_least)
        size = at_least;
    struct arena_block *block = mem_alloc(sizeof(*block) + size);
    block->older = a->block;
    block->size_bytes = size;
    a->block = block;
    a->next = (char *) block->bytes;
    a->end = a->next + size;
}

void *arena_alloc(struct arena *a, size_t size_bytes)
{
    size_t size = (size_bytes + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);

    if (a->next == NULL || (size_t) (a->end - a->next) < size)
        add_block(a, size);
    void *ptr = a->next;
    a->next += size;
    return ptr;
}

void *arena_zalloc(struct arena *a, size_t size_bytes)
{
    return memset(arena_alloc(a, size_bytes), 0, size_bytes);
}

char *arena_strndup(struct arena *a, const char *bytes, size_t n)
{
    char *copy = arena_alloc(a, n + 1);

    if (n > 0)
        memcpy(copy, bytes, n);
    copy[n] = 0;
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return text == NULL ? NULL : arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    struct str text = {0};
    va_list ap;

    va_start(ap, format);
    str_vaddf(&text, format, ap);
    va_end(ap);
    char *copy = arena_strndup(a, str_text(&text), text.len);
    str_done(&text);
    return copy;
}

void arena_clear(struct arena *a)
{
    if (a->block == NULL)
        return;
    while (a->block->older != NULL) {
        struct arena_block *newest = a->block;
        a->block = newest->older;
        mem_free(newest);
    }
    a->next = (char *) a->block->bytes;
    a->end = a->next + a->block->size_bytes;
}

void arena_done(struct arena *a)
{
    arena_clear(a);
    mem_free(a->block);
    *a = (struct arena){0};
}
