/* The text of a message on sendmail's standard input. */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/sendmail/content.h"
#include "config/config.h"

static bool put(void *context, int type, const char *text, size_t n)
{
    (void) context;
    return type != 0 && (n == 0 || text != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    int choice = size > 0 ? data[0] : 0, fd = memfd_create("message", 0);
    struct sendmail_content c = {.fd = fd, .line_ends = (enum sendmail_line_ends)(choice % 3),
        .has_no_end_dot = (choice & 8) != 0, .reads_recipients = (choice & 16) != 0, .line_limit = 1 + (size_t) choice,
        .arena = &arena, .put = put};

    conf.header_size_limit = 2000;
    if (fd >= 0 && write(fd, data, size) == (ssize_t) size && lseek(fd, 0, SEEK_SET) == 0)
        sendmail_content_read(&c);
    close(fd);
    vec_done(&c.recipients, NULL);
    arena_done(&arena);
    return 0;
}
