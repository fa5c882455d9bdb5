#include "cmd/postmulti/claims.h"

#include <string.h>

#include "base/compiler.h"
#include "base/log.h"
#include "config/config.h"

/* What is an instance's own: directories, any of which clashes with any other, and the name. */
struct claim {
    const char *parameter, *value;
};
enum { CLAIM_NAME, CLAIM_DIRECTORIES, CLAIMS = 4 };

static void list_claims(const struct instance *i, struct claim claims[CLAIMS])
{
    claims[CLAIM_NAME] = (struct claim){"multi_instance_name", i->name};
    claims[CLAIM_DIRECTORIES] = (struct claim){"config_directory", i->config_dir};
    claims[CLAIM_DIRECTORIES + 1] = (struct claim){"queue_directory", i->queue_dir};
    claims[CLAIM_DIRECTORIES + 2] = (struct claim){"data_directory", i->data_dir};
}

static void check_claim(
    const struct instance *ours, const struct claim *our, const char *their_dir, const struct claim *their)
{
    if (strcmp(our->value, their->value) == 0)
        fatal("instance %s, %s=%s conflicts with instance %s, %s=%s", ours->config_dir, our->parameter, our->value,
            their_dir, their->parameter, their->value);
}

static void check_against(const struct instance *i, const struct instance *other)
{
    struct claim ours[CLAIMS], theirs[CLAIMS];

    list_claims(i, ours);
    list_claims(other, theirs);
    if (*i->name != 0)
        check_claim(i, &ours[CLAIM_NAME], other->config_dir, &theirs[CLAIM_NAME]);
    for (int our = CLAIM_DIRECTORIES; our < CLAIMS; our++)
        for (int their = CLAIM_DIRECTORIES; their < CLAIMS; their++)
            check_claim(i, &ours[our], other->config_dir, &theirs[their]);
}

static void check_shared(const struct instance *i)
{
    static const char *const shared[] = {"command_directory", "daemon_directory", "shlib_directory"};
    struct claim ours[CLAIMS];

    list_claims(i, ours);
    for (size_t s = 0; s < ARRAY_SIZE(shared); s++)
        for (int our = CLAIM_DIRECTORIES; our < CLAIMS; our++)
            check_claim(i, &ours[our], config_dir(), &(struct claim){shared[s], config_get(shared[s])});
}

void postmulti_claims_check(const struct vec *instances, const struct instance *i)
{
    for (size_t n = 0; n < instances->count; n++)
        if (instances->items[n] != i)
            check_against(i, instances->items[n]);
    check_shared(i);
}

void postmulti_claims_check_new(const struct vec *instances, const char *config_dir)
{
    for (size_t n = 0; n < instances->count; n++) {
        const struct instance *other = instances->items[n];
        if (strcmp(other->config_dir, config_dir) == 0)
            fatal("new config_directory=%s is already in use by instance %s, config_directory=%s", config_dir,
                other->config_dir, other->config_dir);
    }
}
