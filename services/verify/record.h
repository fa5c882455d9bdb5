/* record.h: what is known of an address, as it is in the cache: "status:probed:updated:text".
 *
 * Times are seconds since 1970; probed is 0 when no probe is on its way, updated when there was no
 * result yet.
 */
#ifndef VERIFY_RECORD_H
#define VERIFY_RECORD_H

#include <stdbool.h>
#include <time.h>

#include "mail/verify_client.h"

struct verify_record {
    enum verify_status status;
    time_t probed, updated;
    const char *text; /* in the value that was read */
};

bool verify_record_get(struct verify_record *r, const char *value); /* false: malformed */
void verify_record_put(const struct verify_record *r, struct str *value);

/* Another probe would do no harm: none has been sent lately. A probe without a result for 1000 seconds
 * is taken to be lost. */
bool verify_record_may_probe(const struct verify_record *r, time_t now);

/* Too old to be used at all (address_verify_*_expire_time); old enough to be looked after again
 * (address_verify_*_refresh_time). */
bool verify_record_is_expired(const struct verify_record *r, time_t now);
bool verify_record_is_due(const struct verify_record *r, time_t now);

#endif
