#include "config/service.h"

#include <string.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "config/values.h"

static bool is_any(const struct master_service *s)
{
    (void) s;
    return true;
}

static bool runs_one_of(const struct master_service *s, const char *const *commands, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(s->command, commands[i]) == 0)
            return true;
    return false;
}

/* What qmgr may name as a transport. */
static bool is_transport(const struct master_service *s)
{
    static const char *const agents[] = {"local", "error", "virtual", "smtp", "lmtp", "pipe"};

    return runs_one_of(s, agents, ARRAY_SIZE(agents));
}

static bool runs_commands(const struct master_service *s)
{
    static const char *const runners[] = {"pipe", "spawn"};

    return runs_one_of(s, runners, ARRAY_SIZE(runners));
}

#define LIKE_DEFAULT(suffix) {suffix, "$default" suffix, is_transport}
const struct service_param service_params[] = {
    LIKE_DEFAULT("_delivery_slot_cost"),
    LIKE_DEFAULT("_delivery_slot_discount"),
    LIKE_DEFAULT("_delivery_slot_loan"),
    LIKE_DEFAULT("_destination_concurrency_failed_cohort_limit"),
    LIKE_DEFAULT("_destination_concurrency_limit"),
    LIKE_DEFAULT("_destination_concurrency_negative_feedback"),
    LIKE_DEFAULT("_destination_concurrency_positive_feedback"),
    LIKE_DEFAULT("_destination_rate_delay"),
    LIKE_DEFAULT("_destination_recipient_limit"),
    LIKE_DEFAULT("_extra_recipient_limit"),
    {"_initial_destination_concurrency", "$initial_destination_concurrency", is_transport},
    LIKE_DEFAULT("_minimum_delivery_slots"),
    LIKE_DEFAULT("_recipient_limit"),
    LIKE_DEFAULT("_recipient_refill_delay"),
    LIKE_DEFAULT("_recipient_refill_limit"),
    LIKE_DEFAULT("_transport_rate_delay"),
    {"_time_limit", "$command_time_limit", runs_commands},
    {"_workers", NULL, is_any},
    {"_worker_session_limit", NULL, is_any},
};
const size_t service_params_count = ARRAY_SIZE(service_params);

const struct service_special service_specials[] = {
    {"local_destination_concurrency_limit", "2"},
    {"local_destination_recipient_limit", "1"},
};
const size_t service_specials_count = ARRAY_SIZE(service_specials);

/* The value of "<service><suffix>", its name in *name; NULL: neither set nor special. */
static const char *find(const char *service, const char *suffix, struct str *name)
{
    str_addf(name, "%s%s", service, suffix);
    const char *value = config_get(str_text(name));
    for (size_t i = 0; value == NULL && i < service_specials_count; i++)
        if (strcmp(service_specials[i].name, str_text(name)) == 0)
            value = service_specials[i].default_value;
    return value;
}

int config_service_int(const char *service, const char *suffix, int fallback, int min)
{
    struct str name = {0}, why = {0};
    const char *text = find(service, suffix, &name);
    int value = fallback;

    if (text != NULL && !values_parse_int(str_text(&name), text, min, 0, &value, &why))
        fatal("%s", str_text(&why));
    str_done(&name);
    return value;
}

int config_service_time(const char *service, const char *suffix, int fallback_seconds, int min)
{
    struct str name = {0}, why = {0};
    const char *text = find(service, suffix, &name);
    int value = fallback_seconds;

    if (text != NULL && !values_parse_time(str_text(&name), text, 's', min, 0, &value, &why))
        fatal("%s", str_text(&why));
    str_done(&name);
    return value;
}

const char *config_service_str(const char *service, const char *suffix, const char *fallback)
{
    struct str name = {0};
    const char *text = find(service, suffix, &name);

    str_done(&name);
    return text == NULL ? fallback : text;
}
