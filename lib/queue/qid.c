#include "queue/qid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { ID_MAX = 255, SECONDS_DIGITS = 6, MICROSECONDS_DIGITS = 4, LONG_PREFIX = SECONDS_DIGITS + MICROSECONDS_DIGITS };
enum { CLOCK_STEP_BACK_S = 10 };

/* Digits without vowels, so that no id spells a word. Base 51 leaves out the last: "z" is the separator. */
static const char digits[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

/* The number in the given base, most significant digit first, at least width digits; the end of what was written. */
static char *put_number(char *out, uint64_t number, unsigned base, int width)
{
    char reversed[16];
    int n = 0;

    while (number > 0 || n < width) {
        reversed[n++] = digits[number % base];
        number /= base;
    }
    while (n > 0)
        *out++ = reversed[--n];
    *out = 0;
    return out;
}

static bool get_number(const char *text, size_t n, unsigned base, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < n; i++) {
        const char *digit = memchr(digits, text[i], base);
        if (digit == NULL || *number > (UINT64_MAX - base) / base)
            return false;
        *number = *number * base + (uint64_t) (digit - digits);
    }
    return true;
}

void qid_format(char out[QID_SIZE], struct timeval when, uint64_t number, bool is_long)
{
    if (!is_long) {
        snprintf(out, QID_SIZE, "%05lX%lX", (unsigned long) when.tv_usec, (unsigned long) number);
        return;
    }
    out = put_number(out, (uint64_t) when.tv_sec, 52, SECONDS_DIGITS);
    out = put_number(out, (uint64_t) when.tv_usec, 52, MICROSECONDS_DIGITS);
    *out++ = 'z';
    put_number(out, number, 51, 1);
}

static bool is_after(struct timeval a, struct timeval b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_usec > b.tv_usec;
}

void qid_make(char out[QID_SIZE], unsigned slot, bool is_long, struct timeval *when)
{
    /* The last time used: two ids in one microsecond, or a clock that was set back a little, must not
     * give the same id twice. */
    static struct timeval last;
    struct timeval now = clock_wall();

    if (!is_after(now, last) && last.tv_sec - now.tv_sec <= CLOCK_STEP_BACK_S) {
        now = last;
        if (++now.tv_usec == 1000000) {
            now.tv_usec = 0;
            now.tv_sec++;
        }
    }
    last = *when = now;
    qid_format(out, now, ((uint64_t) now.tv_sec & 0xffffff) << 12 | (slot & 0xfff), is_long);
}

bool qid_is_valid(const char *id)
{
    size_t n = 0;

    for (; id[n] != 0; n++)
        if (n == ID_MAX || !((id[n] >= '0' && id[n] <= '9') || (id[n] >= 'A' && id[n] <= 'Z') ||
                               (id[n] >= 'a' && id[n] <= 'z') || id[n] == '_'))
            return false;
    return n > 0;
}

bool qid_is_long(const char *id)
{
    const char *z = strrchr(id, 'z');

    return z != NULL && z - id >= LONG_PREFIX;
}

bool qid_time(const char *id, struct timeval *when)
{
    uint64_t seconds = 0, microseconds;

    if (qid_is_long(id)) {
        size_t n = (size_t) (strrchr(id, 'z') - id) - MICROSECONDS_DIGITS;
        if (!get_number(id, n, 52, &seconds) || !get_number(id + n, MICROSECONDS_DIGITS, 52, &microseconds))
            return false;
    } else {
        char hex[6] = {0};
        char *end;
        memcpy(hex, id, strnlen(id, sizeof(hex) - 1));
        microseconds = strtoul(hex, &end, 16);
        if (end != hex + sizeof(hex) - 1 || hex[0] == '-' || hex[0] == '+')
            return false;
    }
    if (microseconds >= 1000000)
        return false;
    when->tv_sec = (time_t) seconds;
    when->tv_usec = (suseconds_t) microseconds;
    return true;
}
