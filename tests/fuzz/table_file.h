/* table_file.h: fuzzed bytes as a table's file.
 */
#ifndef TESTS_FUZZ_TABLE_FILE_H
#define TESTS_FUZZ_TABLE_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "table/table.h"

static void table_file_drop(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

/* Open the bytes behind the first line as a table, and ask it for the first line. */
static inline void table_file_ask(const char *type, const uint8_t *data, size_t size)
{
    const uint8_t *newline = size == 0 ? NULL : memchr(data, '\n', size);
    size_t key_len = newline == NULL ? size : (size_t) (newline - data);
    size_t skip = newline == NULL ? size : key_len + 1;
    char *key = mem_strndup((const char *) data, key_len);
    int fd = memfd_create("table", MFD_CLOEXEC);
    char *name = mem_printf("%s:/proc/self/fd/%d", type, fd);
    struct str value = {0};

    log_remove_sinks();
    log_add_sink(table_file_drop, NULL);
    if (fd < 0 || !file_write_all(fd, data + skip, size - skip))
        abort();
    struct table *t = table_open(name, TABLE_FOLD | TABLE_UTF8);
    table_find(t, key, &value);
    table_close(t);
    close(fd);
    mem_free(name);
    mem_free(key);
    str_done(&value);
}

#endif
