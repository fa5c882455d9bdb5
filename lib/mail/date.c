#include "mail/date.h"

#include <stdio.h>
#include <stdlib.h>

/* strftime(3) would write the names in the user's language. */
static const char day_names[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

enum { TEXT_SIZE = 128 };

const char *date_rfc5322(time_t when)
{
    static char text[TEXT_SIZE]; /* a busy server asks many times in the same second */
    static time_t text_is_for;
    struct tm tm;

    if (when == text_is_for && text[0] != 0)
        return text;
    localtime_r(&when, &tm);
    long minutes = labs(tm.tm_gmtoff) / 60;
    snprintf(text, sizeof(text), "%s, %02d %s %d %02d:%02d:%02d %c%02ld%02ld (%s)", day_names[tm.tm_wday], tm.tm_mday,
        month_names[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_gmtoff < 0 ? '-' : '+',
        minutes / 60, minutes % 60, tm.tm_zone);
    text_is_for = when;
    return text;
}

const char *date_asctime(time_t when)
{
    static char text[TEXT_SIZE];
    struct tm tm;

    localtime_r(&when, &tm);
    snprintf(text, sizeof(text), "%s %s %2d %02d:%02d:%02d %d", day_names[tm.tm_wday], month_names[tm.tm_mon],
        tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
    return text;
}
