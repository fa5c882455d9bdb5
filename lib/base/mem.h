/* mem.h: heap memory that is always there.
 *
 * Running out of memory ends the process with a fatal error, so no caller tests a result.
 * What these return is released with mem_free(), which accepts NULL.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/compiler.h"

void *mem_alloc(size_t size_bytes);                   /* not cleared */
void *mem_zalloc(size_t size_bytes);                  /* cleared */
void *mem_realloc(void *old, size_t size_bytes);      /* as realloc(3) */
void *mem_dup(const void *bytes, size_t size_bytes);  /* a copy */
char *mem_strdup(const char *text);                   /* NULL gives NULL */
char *mem_strndup(const char *bytes, size_t n);       /* n bytes and a NUL */
char *mem_printf(const char *format, ...) PRINTF(1, 2);
void mem_free(void *ptr);

#endif
