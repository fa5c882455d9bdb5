#include "cmd/postdrop/input.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"

enum { READ_BYTES = 16 * 1024, LENGTH_BYTES = 4 };

static struct {
    struct str bytes;
    size_t next;               /* what is before it has been taken */
    sigset_t mask_while_waiting;
} input;

static volatile sig_atomic_t is_stopped;

static void stop(int signal_number)
{
    (void) signal_number;
    is_stopped = 1;
}

void postdrop_input_open(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    struct sigaction action = {.sa_handler = stop};
    sigset_t held;

    sigemptyset(&held);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        struct sigaction old;
        sigaction(signals[i], NULL, &old);
        if (old.sa_handler == SIG_IGN) /* nohup(1) */
            continue;
        sigaction(signals[i], &action, NULL);
        sigaddset(&held, signals[i]);
    }
    sigprocmask(SIG_BLOCK, &held, &input.mask_while_waiting);
}

bool postdrop_input_is_stopped(void)
{
    struct pollfd nothing = {.fd = -1};
    const struct timespec now = {0};

    ppoll(&nothing, 1, &now, &input.mask_while_waiting);
    return is_stopped != 0;
}

static enum postdrop_input fill(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

    str_drop(&input.bytes, input.next);
    input.next = 0;
    while (is_stopped == 0) {
        if (ppoll(&p, 1, NULL, &input.mask_while_waiting) < 0)
            continue;
        str_reserve(&input.bytes, READ_BYTES);
        ssize_t n = read(STDIN_FILENO, input.bytes.data + input.bytes.len, READ_BYTES);
        if (n > 0) {
            str_grow(&input.bytes, (size_t) n);
            return POSTDROP_RECORD;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return POSTDROP_EOF;
    }
    return POSTDROP_STOPPED;
}

/* At least n bytes from input.next on. */
static enum postdrop_input need(size_t n)
{
    while (input.bytes.len - input.next < n) {
        enum postdrop_input result = fill();
        if (result != POSTDROP_RECORD)
            return result;
    }
    return POSTDROP_RECORD;
}

static enum postdrop_input cut_off(enum postdrop_input why, const char *where, int type, size_t length)
{
    if (why == POSTDROP_STOPPED)
        return why;
    if (length > 0)
        log_warn("stdin: unexpected EOF %s, record type %d length %zu", where, type, length);
    else
        log_warn("stdin: unexpected EOF %s, record type %d", where, type);
    return POSTDROP_MALFORMED;
}

enum postdrop_input postdrop_input_next(struct record *r, size_t limit_bytes)
{
    size_t head = 1, len = 0;
    enum postdrop_input result = need(1);
    unsigned char c;

    if (result != POSTDROP_RECORD)
        return result;
    r->type = (unsigned char) input.bytes.data[input.next];
    do {
        if ((result = need(head + 1)) != POSTDROP_RECORD)
            return cut_off(result, "reading length", r->type, 0);
        c = (unsigned char) input.bytes.data[input.next + head];
        len |= (size_t) (c & 0x7f) << (7 * (head - 1));
        head++;
    } while ((c & 0x80) != 0 && head <= LENGTH_BYTES);
    if ((c & 0x80) != 0 || len > limit_bytes) {
        log_warn("stdin: illegal length %zu, record type %d", len, r->type);
        return POSTDROP_MALFORMED;
    }
    if ((result = need(head + len)) != POSTDROP_RECORD)
        return cut_off(result, "in data", r->type, len);
    r->payload = input.bytes.data + input.next + head;
    r->len = len;
    input.next += head + len;
    return POSTDROP_RECORD;
}
