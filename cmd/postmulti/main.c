/* postmulti: several mail systems on one machine. See postmulti(1). */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cmd/postmulti/edit.h"
#include "cmd/postmulti/iterate.h"
#include "config/config.h"
#include "places.h"

/* The primary instance is always the one whose configuration directory is built in. */
static void require_primary(void)
{
    const char *dir = getenv("MAIL_CONFIG");

    if (dir != NULL && strcmp(dir, CONFIG_DIR) != 0)
        fatal("Non-default configuration directory: MAIL_CONFIG=%s", dir);
}

static int run(struct vec *instances, const struct options *o)
{
    switch (o->mode) {
    case MODE_LIST:    return postmulti_iterate_list(instances, o);
    case MODE_POSTFIX: return postmulti_iterate_postfix(instances, o);
    case MODE_PROGRAM: return postmulti_iterate_program(instances, o);
    case MODE_EDIT:    postmulti_edit(instances, o); return 0;
    }
    panic("mode %d", (int) o->mode);
}

int main(int argc, char **argv)
{
    struct options options;
    struct vec instances = {0};

    log_set_tag("postmulti");
    postmulti_options_parse(&options, argc, argv);
    require_primary();
    config_open("postmulti", "postmulti");
    setenv("MAIL_LOGTAG", config_get("syslog_name"), 0);
    postmulti_instance_list(&instances);
    return run(&instances, &options);
}
