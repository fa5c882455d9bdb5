#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void *checked(void *ptr, size_t size_bytes)
{
    if (ptr == NULL)
        fatal("out of memory: %zu bytes asked for", size_bytes);
    return ptr;
}

void *mem_alloc(size_t size_bytes)
{
    return checked(malloc(size_bytes + (size_bytes == 0)), size_bytes);
}

void *mem_zalloc(size_t size_bytes)
{
    return checked(calloc(1, size_bytes + (size_bytes == 0)), size_bytes);
}

void *mem_realloc(void *old, size_t size_bytes)
{
    return checked(realloc(old, size_bytes + (size_bytes == 0)), size_bytes);
}

void *mem_dup(const void *bytes, size_t size_bytes)
{
    void *copy = mem_alloc(size_bytes);

    if (size_bytes > 0)
        memcpy(copy, bytes, size_bytes);
    return copy;
}

char *mem_strdup(const char *text)
{
    return text == NULL ? NULL : mem_dup(text, strlen(text) + 1);
}

char *mem_strndup(const char *bytes, size_t n)
{
    char *copy = mem_alloc(n + 1);

    if (n > 0)
        memcpy(copy, bytes, n);
    copy[n] = 0;
    return copy;
}

char *mem_printf(const char *format, ...)
{
    char *text;
    va_list ap;

    va_start(ap, format);
    if (vasprintf(&text, format, ap) < 0)
        fatal("out of memory: formatting \"%s\"", format);
    va_end(ap);
    return text;
}

void mem_free(void *ptr)
{
    free(ptr);
}
