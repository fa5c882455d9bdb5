#include "cmd/postmulti/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/str.h"
#include "cmd/postmulti/remove.h"
#include "cmd/postmulti/settings.h"
#include "config/config.h"
#include "config/main_cf.h"

/* Where shared things are: each instance has the answers of the primary one. */
static const char *const shared_parameters[] = {
    "command_directory", "daemon_directory", "html_directory", "mail_owner",    "mailq_path",
    "manpage_directory", "meta_directory",   "newaliases_path", "readme_directory", "sample_directory",
    "sendmail_path",     "setgid_group",     "shlib_directory",
};

static bool has_file(const char *dir, const char *name)
{
    struct str path = {0};

    str_addf(&path, "%s/%s", dir, name);
    bool found = access(str_text(&path), F_OK) == 0;
    str_done(&path);
    return found;
}

void postmulti_files_check(const struct instance *i)
{
    static const char *const needed[] = {"main.cf", "master.cf"};

    for (size_t n = 0; n < ARRAY_SIZE(needed); n++)
        if (!has_file(i->config_dir, needed[n])) {
            postmulti_settings_use_script_tag();
            fatal("'%s' lacks a %s file", i->config_dir, needed[n]);
        }
}

static void require_prototypes(const char *meta_dir)
{
    static const char *const prototypes[][2] = {{"main.cf", "main.cf.proto"}, {"master.cf", "master.cf.proto"}};

    for (size_t n = 0; n < ARRAY_SIZE(prototypes); n++)
        if (!has_file(meta_dir, prototypes[n][1])) {
            postmulti_settings_use_script_tag();
            fatal("Missing %s prototype: %s/%s", prototypes[n][0], meta_dir, prototypes[n][1]);
        }
}

static void make_directory(const char *path)
{
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        fatal("mkdir %s: %m", path);
}

/* The directories above it. */
static void make_parents(const char *path)
{
    char *copy = mem_strdup(path);

    for (char *slash = copy; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = 0;
        make_directory(copy);
    }
    mem_free(copy);
}

static void copy_file(const char *from_dir, const char *from, const char *to_dir, const char *to)
{
    struct str source = {0}, target = {0}, text = {0}, why = {0};

    str_addf(&source, "%s/%s", from_dir, from);
    str_addf(&target, "%s/%s", to_dir, to);
    if (!file_read(str_text(&source), &text, &why) ||
        !file_replace(str_text(&target), str_text(&text), text.len, 0644, &why))
        fatal("%s", str_text(&why));
    str_done(&source);
    str_done(&target);
    str_done(&text);
    str_done(&why);
}

/* No network services before the administrator has said on which addresses; mail is sent by nobody but those
 * who use the primary instance. */
static void edit_main_cf(const struct instance *i, const char *dir)
{
    struct main_cf primary = {0};
    struct vec set = {0}, unset = {0};
    struct str path = {0}, why = {0};

    str_addf(&path, "%s/main.cf", config_dir());
    if (!main_cf_read(&primary, str_text(&path), &why))
        fatal("%s", str_text(&why));
    vec_add(&set, mem_printf("queue_directory = %s", i->queue_dir));
    vec_add(&set, mem_printf("data_directory = %s", i->data_dir));
    vec_add(&set, mem_strdup("authorized_submit_users ="));
    vec_add(&set, mem_strdup("master_service_disable = inet"));
    for (size_t n = 0; n < ARRAY_SIZE(shared_parameters); n++) {
        const char *value = main_cf_get(&primary, shared_parameters[n]);
        if (value == NULL)
            vec_add(&unset, (void *) shared_parameters[n]);
        else
            vec_add(&set, mem_printf("%s = %s", shared_parameters[n], value));
    }
    postmulti_settings_edit(dir, "-#", &unset);
    postmulti_settings_edit(dir, "-e", &set);
    vec_done(&set, mem_free);
    vec_done(&unset, NULL);
    main_cf_done(&primary);
    str_done(&path);
    str_done(&why);
}

/* Made aside, and main.cf moved into its place last: an instance has both files, or is none. */
void postmulti_files_create(const struct instance *i)
{
    const char *meta_dir = config_get("meta_directory");
    struct str dir = {0}, made = {0}, place = {0};

    if (has_file(i->config_dir, "main.cf") || has_file(i->config_dir, "master.cf"))
        return;
    require_prototypes(meta_dir);
    str_addf(&dir, "%s/.tmp", i->config_dir);
    make_parents(str_text(&dir));
    make_directory(str_text(&dir));
    copy_file(meta_dir, "main.cf.proto", str_text(&dir), "main.cf");
    edit_main_cf(i, str_text(&dir));
    copy_file(meta_dir, "master.cf.proto", i->config_dir, "master.cf");
    str_addf(&made, "%s/main.cf", str_text(&dir));
    str_addf(&place, "%s/main.cf", i->config_dir);
    if (rename(str_text(&made), str_text(&place)) < 0)
        fatal("rename %s to %s: %m", str_text(&made), str_text(&place));
    if (rmdir(str_text(&dir)) < 0)
        log_warn("remove %s: %m", str_text(&dir));
    str_done(&dir);
    str_done(&made);
    str_done(&place);
}

/* One of our programs, for this instance; its exit status. */
static int run_for(
    const struct instance *i, const char *directory_parameter, const char *program, const char *const *arguments)
{
    struct str path = {0};
    struct vec argv = {0};

    if (setenv("MAIL_CONFIG", i->config_dir, 1) < 0)
        fatal("setenv: %m");
    str_addf(&path, "%s/%s", config_get(directory_parameter), program);
    vec_add(&argv, path.data);
    for (; *arguments != NULL; arguments++)
        vec_add(&argv, (void *) *arguments);
    vec_add(&argv, NULL);
    int status = program_run((const char *const *) argv.items);
    vec_done(&argv, NULL);
    str_done(&path);
    return status;
}

void postmulti_files_make_directories(const struct instance *i)
{
    make_parents(i->queue_dir);
    make_directory(i->queue_dir);
    make_parents(i->data_dir); /* itself is made with the owner that it needs */
    if (run_for(i, "command_directory", "postfix", (const char *const[]){"post-install", "create-missing", NULL}) != 0)
        exit(1); /* it has said why */
}

void postmulti_files_require_stopped(const struct instance *i)
{
    if (!has_file(i->queue_dir, "pid") ||
        run_for(i, "daemon_directory", "master", (const char *const[]){"-t", NULL}) == 0)
        return;
    postmulti_settings_use_script_tag();
    fatal("Instance '%s' is not stopped", i->config_dir);
}

static void remove_config(const struct instance *i)
{
    static const char *const files[] = {"master.cf", "main.cf"};
    struct str path = {0};

    for (size_t n = 0; n < ARRAY_SIZE(files); n++) {
        str_setf(&path, "%s/%s", i->config_dir, files[n]);
        if (unlink(str_text(&path)) < 0 && errno != ENOENT)
            log_warn("remove %s: %m", str_text(&path));
    }
    str_done(&path);
    postmulti_remove_directory(AT_FDCWD, i->config_dir, "", REMOVE_NOTHING);
}

void postmulti_files_destroy(const struct instance *i)
{
    /* What is still in the journal becomes queue files, which are not removed. */
    bool is_settled = run_for(i, "command_directory", "postsuper", (const char *const[]){"-s", NULL}) == 0;

    postmulti_settings_use_script_tag();
    postmulti_remove_queue(i->queue_dir, is_settled);
    postmulti_remove_directory(AT_FDCWD, i->data_dir, "", REMOVE_DATA);
    postmulti_remove_directory(AT_FDCWD, i->queue_dir, "", REMOVE_NOTHING);
    remove_config(i);
}
