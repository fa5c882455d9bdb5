#include "services/verify/record.h"

#include <stdlib.h>

#include "config/config.h"

enum { PROBE_LOST_S = 1000 };

/* A number and its colon at *cursor. */
static bool get_number(const char **cursor, long long *number)
{
    char *end;

    if (**cursor < '0' || **cursor > '9')
        return false;
    *number = strtoll(*cursor, &end, 10);
    *cursor = end + 1;
    return *end == ':';
}

bool verify_record_get(struct verify_record *r, const char *value)
{
    long long status, probed, updated;

    if (!get_number(&value, &status) || !get_number(&value, &probed) || !get_number(&value, &updated) ||
        status > VERIFY_TODO)
        return false;
    *r = (struct verify_record){.status = (enum verify_status) status, .probed = (time_t) probed,
        .updated = (time_t) updated, .text = value};
    return true;
}

void verify_record_put(const struct verify_record *r, struct str *value)
{
    str_setf(value, "%d:%lld:%lld:%s", (int) r->status, (long long) r->probed, (long long) r->updated, r->text);
}

bool verify_record_may_probe(const struct verify_record *r, time_t now)
{
    return now - r->probed > PROBE_LOST_S;
}

bool verify_record_is_expired(const struct verify_record *r, time_t now)
{
    int lifetime = r->status == VERIFY_OK ? conf.address_verify_positive_expire_time
                                          : conf.address_verify_negative_expire_time;

    return r->updated + lifetime < now;
}

bool verify_record_is_due(const struct verify_record *r, time_t now)
{
    int rest = r->status == VERIFY_OK ? conf.address_verify_positive_refresh_time
                                      : conf.address_verify_negative_refresh_time;

    return r->updated + rest < now;
}
