#include "cmd/postmulti/settings.h"

#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "base/program.h"
#include "base/str.h"
#include "config/config.h"

void postmulti_settings_use_script_tag(void)
{
    struct str tag = {0};

    str_addf(&tag, "%s/postmulti-script", config_get("syslog_name"));
    log_set_tag(str_text(&tag));
    str_done(&tag);
}

void postmulti_settings_require_init(void)
{
    const char *why = NULL;

    if (*config_get("multi_instance_wrapper") == 0)
        why = "multi_instance_wrapper is empty";
    else if (strcasecmp(config_get("multi_instance_enable"), "yes") != 0)
        why = "multi_instance_enable!=yes";
    if (why == NULL)
        return;
    postmulti_settings_use_script_tag();
    fatal("%s, run 'postmulti -e init' first.", why);
}

void postmulti_settings_edit(const char *config_dir, const char *option, const struct vec *settings)
{
    struct str path = {0};
    struct vec argv = {0};

    if (settings->count == 0)
        return;
    str_addf(&path, "%s/postconf", config_get("command_directory"));
    vec_add(&argv, path.data);
    vec_add(&argv, (void *) "-c");
    vec_add(&argv, (void *) config_dir);
    vec_add(&argv, (void *) option);
    for (size_t i = 0; i < settings->count; i++)
        vec_add(&argv, settings->items[i]);
    vec_add(&argv, NULL);
    if (program_run((const char *const *) argv.items) != 0)
        exit(1); /* postconf has said why */
    vec_done(&argv, NULL);
    str_done(&path);
}

void postmulti_settings_write(const char *config_dir, const char *first, const char *second)
{
    struct vec settings = {0};

    vec_add(&settings, (void *) first);
    if (second != NULL)
        vec_add(&settings, (void *) second);
    postmulti_settings_edit(config_dir, "-e", &settings);
    vec_done(&settings, NULL);
}
