/* service.h: parameters that exist once for each service of master.cf, as
 * "slow_destination_concurrency_limit" for a service slow.
 */
#ifndef CONFIG_SERVICE_H
#define CONFIG_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/master_cf.h"

struct service_param {
    const char *suffix;        /* "_destination_concurrency_limit" */
    const char *default_value; /* "$default_destination_concurrency_limit"; NULL: ours, listed only if set */
    bool (*applies)(const struct master_service *s);
};
extern const struct service_param service_params[];
extern const size_t service_params_count;

/* Those that differ from everybody's default, and exist without a line in master.cf. */
struct service_special {
    const char *name, *default_value;
};
extern const struct service_special service_specials[];
extern const size_t service_specials_count;

#endif
