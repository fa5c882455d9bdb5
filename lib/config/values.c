#include "config/values.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "base/words.h"
#include "config/config.h"

static bool is_in_range(const char *name, long value, long min, long max, struct str *why)
{
    if (min != 0 && value < min) {
        str_setf(why, "invalid %s parameter value %ld < %ld", name, value, min);
        return false;
    }
    if (max != 0 && value > max) {
        str_setf(why, "invalid %s parameter value %ld > %ld", name, value, max);
        return false;
    }
    return true;
}

static bool parse_long(
    const char *name, const char *text, long min, long max, long lowest, long highest, long *value, struct str *why)
{
    if (!words_to_long(text, value) || *value < lowest || *value > highest) {
        str_setf(why, "bad numerical configuration: %s = %s", name, text);
        return false;
    }
    return is_in_range(name, *value, min, max, why);
}

bool values_parse_int(const char *name, const char *text, long min, long max, int *value, struct str *why)
{
    long wide;

    if (!parse_long(name, text, min, max, INT_MIN, INT_MAX, &wide, why))
        return false;
    *value = (int) wide;
    return true;
}

static long seconds_of_unit(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 60 * 60;
    case 'd':
        return 24 * 60 * 60;
    case 'w':
        return 7 * 24 * 60 * 60;
    }
    return 0;
}

/* What follows the unit letter is ignored: "10min" has always been ten minutes. */
bool config_parse_time(const char *text, char default_unit, int *seconds)
{
    char *end;

    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || errno != 0 || n < 0)
        return false;
    long unit = seconds_of_unit(*end == 0 ? default_unit : *end);
    if (unit == 0 || n > INT_MAX / unit)
        return false;
    *seconds = (int) (n * unit);
    return true;
}

bool values_parse_time(
    const char *name, const char *text, char default_unit, long min, long max, int *seconds, struct str *why)
{
    if (!config_parse_time(text, default_unit, seconds)) {
        str_setf(why, "parameter %s: bad time value or unit: %s", name, text);
        return false;
    }
    if (min != 0 && *seconds < min) {
        str_setf(why, "invalid %s: %d (min %ld)", name, *seconds, min);
        return false;
    }
    if (max != 0 && *seconds > max) {
        str_setf(why, "invalid %s: %d (max %ld)", name, *seconds, max);
        return false;
    }
    return true;
}

char values_time_unit(const struct param *p)
{
    size_t len = strlen(p->default_value);
    char last = len == 0 ? 's' : p->default_value[len - 1];
    /* "300s" and "${stress?{10}:{300}}s" have a unit; "$smtpd_starttls_timeout" only ends in a letter. */
    bool is_unit = len > 1 && (isdigit((unsigned char) p->default_value[len - 2]) || p->default_value[len - 2] == '}');

    return is_unit && seconds_of_unit(last) != 0 ? last : 's';
}

static bool parse_bool(const struct param *p, const char *text, bool *value, struct str *why)
{
    if (strcasecmp(text, "yes") != 0 && strcasecmp(text, "no") != 0) {
        str_setf(why, "bad boolean configuration: %s = %s", p->name, text);
        return false;
    }
    *value = strcasecmp(text, "yes") == 0;
    return true;
}

static bool check_length(const struct param *p, const char *text, struct str *why)
{
    long len = (long) strlen(text);

    if (p->min != 0 && len < p->min)
        str_setf(why, "bad string length %ld < %ld: %s = %s", len, p->min, p->name, text);
    else if (p->max != 0 && len > p->max)
        str_setf(why, "bad string length %ld > %ld: %s = %s", len, p->max, p->name, text);
    else
        return true;
    return false;
}

bool values_store(const struct param *p, const char *text, void *field, struct str *why)
{
    switch (p->class) {
    case PARAM_STR:
    case PARAM_RAW:
        if (!check_length(p, text, why))
            return false;
        *(const char **) field = text;
        return true;
    case PARAM_BOOL:
    case PARAM_NBOOL:
        return parse_bool(p, text, field, why);
    case PARAM_INT:
    case PARAM_NINT:
        return values_parse_int(p->name, text, p->min, p->max, field, why);
    case PARAM_LONG:
        return parse_long(p->name, text, p->min, p->max, LONG_MIN, LONG_MAX, field, why);
    case PARAM_TIME:
        return values_parse_time(p->name, text, values_time_unit(p), p->min, p->max, field, why);
    }
    return false;
}
