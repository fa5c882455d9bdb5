#include "cmd/postmulti/instance.h"

#include "base/compiler.h"
#include "tests/unit/test.h"

static const struct instance primary = {.config_dir = "/etc/postfix", .name = "", .group = "", .is_primary = true};
static const struct instance out = {.config_dir = "/etc/postfix-out", .name = "postfix-out", .group = "mta"};
static const struct instance nameless = {.config_dir = "/etc/other", .name = "", .group = ""};

static const struct {
    const char *what;
    const struct instance *instance;
    struct selection selection;
    bool want;
} cases[] = {
    {"nothing",             &primary,  {SELECT_NOTHING, NULL}, false},
    {"all",                 &out,      {SELECT_ALL, NULL}, true},
    {"its group",           &out,      {SELECT_GROUP, "mta"}, true},
    {"another group",       &out,      {SELECT_GROUP, "msa"}, false},
    {"no group",            &nameless, {SELECT_GROUP, ""}, false},
    {"name",                &out,      {SELECT_NAME, "postfix-out"}, true},
    {"name in short",       &out,      {SELECT_NAME, "out"}, true},
    {"another name",        &out,      {SELECT_NAME, "postfix-in"}, false},
    {"directory",           &out,      {SELECT_NAME, "/etc/postfix-out"}, true},
    {"another directory",   &out,      {SELECT_NAME, "/etc/postfix"}, false},
    {"nameless, directory", &nameless, {SELECT_NAME, "/etc/other"}, true},
    {"the primary one",     &primary,  {SELECT_NAME, "-"}, true},
    {"not the primary one", &nameless, {SELECT_NAME, "-"}, false},
};

static void knows_who_is_meant(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (postmulti_instance_is_selected(cases[i].instance, &cases[i].selection) != cases[i].want)
            fail_msg("%s", cases[i].what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(knows_who_is_meant)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
