#include "cmd/postfix/post_install.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/str.h"
#include "base/vec.h"
#include "base/words.h"
#include "cmd/postfix/files_list.h"
#include "cmd/postfix/instance.h"
#include "cmd/postfix/permissions.h"
#include "cmd/postfix/upgrade.h"
#include "config/config.h"

/* Those of the queue are made whatever the list says: that of an older release does not have all of ours. */
static bool create_missing(void)
{
    postfix_instance_make_directories();
    return !postfix_files_list_exists() || postfix_permissions_set(PERMISSIONS_MISSING);
}

static bool set_permissions(void)
{
    return create_missing() && postfix_permissions_set(PERMISSIONS_ALL);
}

static bool upgrade_permissions(void)
{
    return create_missing() && postfix_permissions_set(PERMISSIONS_UPGRADE);
}

static bool upgrade_package(void)
{
    return set_permissions() && postfix_upgrade_configuration();
}

static bool upgrade_source(void)
{
    return upgrade_permissions() && postfix_upgrade_configuration();
}

static bool remind(void)
{
    printf("\n    Before the first \"postfix start\": say in %s/main.cf who this machine is (myhostname),\n"
           "    which mail is for it (mydestination) and who may send through it (mynetworks), and run newaliases.\n\n",
        config_dir());
    return true;
}

static const struct {
    const char *name;
    bool (*run)(void);
    const char *text;
} commands[] = {
    {"create-missing",         create_missing,        "Make directories of the queue that are missing."},
    {"set-permissions",        set_permissions,       "Set owner and mode of everything that is installed."},
    {"upgrade-permissions",    upgrade_permissions,   "The same for what changes between releases."},
    {"upgrade-configuration",  postfix_upgrade_configuration, "Add to master.cf what a new release needs."},
    {"upgrade-package",        upgrade_package,       "Both, after a package was unpacked."},
    {"upgrade-source",         upgrade_source,        "Both, after make install."},
    {"first-install-reminder", remind,                "Say what is to be done before the first start."},
};

/* What can be said on the command line, and ends up in main.cf. */
static const char *const parameters[] = {
    "command_directory", "daemon_directory", "data_directory",   "html_directory",  "mail_owner",
    "mailq_path",        "manpage_directory", "meta_directory",  "newaliases_path", "queue_directory",
    "readme_directory",  "sample_directory", "sendmail_path",    "setgid_group",    "shlib_directory",
};

static int usage(void)
{
    fprintf(stderr, "post-install: Error: Usage: postfix post-install [name=value] command\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(stderr, "    %-23s %s\n", commands[i].name, commands[i].text);
    fprintf(stderr, "    %-23s %s\n", "name=value", "Set an installation parameter in main.cf.");
    return 1;
}

static size_t find_command(const char *word)
{
    size_t i = 0;

    while (i < ARRAY_SIZE(commands) && strcmp(commands[i].name, word) != 0)
        i++;
    return i;
}

static bool is_parameter(const char *setting)
{
    size_t len = strcspn(setting, "=");

    for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
        if (strlen(parameters[i]) == len && strncmp(parameters[i], setting, len) == 0)
            return true;
    return false;
}

/* Of a setting that main.cf has already, or that is the default, nothing is written. */
static bool is_news(const char *setting)
{
    char *copy = mem_strdup(setting), *name, *value;
    bool differs = words_name_value(copy, &name, &value) == NULL && strcmp(config_get(name), value) != 0;

    mem_free(copy);
    return differs;
}

/* conf has the new values when this returns. */
static bool write_settings(const struct vec *settings)
{
    struct str path = {0};
    struct vec argv = {0};

    if (settings->count == 0)
        return true;
    str_addf(&path, "%s/postconf", conf.command_directory);
    vec_add(&argv, path.data);
    vec_add(&argv, (void *) "-c");
    vec_add(&argv, (void *) config_dir());
    vec_add(&argv, (void *) "-e");
    for (size_t i = 0; i < settings->count; i++)
        vec_add(&argv, settings->items[i]);
    vec_add(&argv, NULL);
    bool ok = program_run((const char *const *) argv.items) == 0;
    vec_done(&argv, NULL);
    str_done(&path);
    if (ok)
        config_reload();
    return ok;
}

int postfix_post_install(char *const *argv)
{
    bool is_asked[ARRAY_SIZE(commands)] = {false}, has_command = false;
    struct vec settings = {0};

    for (char *const *word = argv; *word != NULL; word++) {
        size_t n = find_command(*word);
        if (n < ARRAY_SIZE(commands))
            is_asked[n] = has_command = true;
        else if (strchr(*word, '=') == NULL || !is_parameter(*word))
            return usage();
        else if (is_news(*word))
            vec_add(&settings, *word);
    }
    if (!has_command)
        return usage();
    bool ok = write_settings(&settings);
    for (size_t n = 0; n < ARRAY_SIZE(commands) && ok; n++)
        ok = !is_asked[n] || commands[n].run();
    vec_done(&settings, NULL);
    return ok ? 0 : 1;
}
