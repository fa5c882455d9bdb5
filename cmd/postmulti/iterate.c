#include "cmd/postmulti/iterate.h"

#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/str.h"
#include "base/words.h"
#include "config/config.h"

/* visit() returns an exit status; they are joined into one. */
typedef int visitor(const struct instance *i, void *context);

static int each(const struct vec *instances, const struct selection *s, bool is_reversed, visitor *visit, void *context)
{
    int status = 0;

    for (size_t n = 0; n < instances->count; n++) {
        const struct instance *i = instances->items[is_reversed ? instances->count - 1 - n : n];
        if (postmulti_instance_is_selected(i, s) && visit(i, context) != 0)
            status = 1;
    }
    return status;
}

static const char *or_dash(const char *name)
{
    return *name == 0 ? "-" : name;
}

static int print_columns(const struct instance *i, void *context)
{
    (void) context;
    printf("%-15s %-15s %-9s %s\n", or_dash(i->name), or_dash(i->group), i->is_enabled ? "y" : "n", i->config_dir);
    return 0;
}

static void add_member(struct str *line, const char *name, const char *text)
{
    str_addf(line, "%s\"%s\": ", line->len == 0 ? "{" : ", ", name);
    json_add_string(line, text);
}

static int print_json(const struct instance *i, void *context)
{
    struct str line = {0};

    (void) context;
    add_member(&line, "name", or_dash(i->name));
    add_member(&line, "group", or_dash(i->group));
    add_member(&line, "enabled", i->is_enabled ? "y" : "n");
    add_member(&line, "config_directory", i->config_dir);
    printf("%s}\n", str_text(&line));
    str_done(&line);
    return 0;
}

int postmulti_iterate_list(const struct vec *instances, const struct options *o)
{
    each(instances, &o->selection, o->is_reversed, o->is_json ? print_json : print_columns, NULL);
    if (fflush(stdout) != 0)
        fatal("error writing output: %m");
    return 0;
}

/* Postfix's own commands then work on that instance, and on no other. */
static void set_environment(const struct instance *i)
{
    if (setenv("MAIL_CONFIG", i->config_dir, 1) < 0)
        fatal("setenv: %m");
}

/* Is the word on the list that the parameter has? */
static bool is_listed(const char *parameter, const char *word)
{
    char *list = mem_strdup(config_get(parameter)), *cursor = list, *element;
    bool found = false;

    while (!found && (element = words_next(&cursor, WORDS_LIST)) != NULL)
        found = strcmp(element, word) == 0;
    mem_free(list);
    return found;
}

/* What -p asks for, and what that means for instances that are not enabled. */
struct postfix_command {
    const char *path;
    char *const *arguments;
    bool is_start, is_for_enabled;
};

/* Who is not enabled is not started, but still checked: an error is better found before it matters. */
static int run_postfix(const struct instance *i, void *context)
{
    const struct postfix_command *c = context;
    struct vec argv = {0};

    if (!i->is_enabled && c->is_for_enabled)
        return 0;
    vec_add(&argv, (void *) c->path);
    vec_add(&argv, (void *) "--");
    if (!i->is_enabled && c->is_start)
        vec_add(&argv, (void *) "check");
    else
        for (char *const *a = c->arguments; *a != NULL; a++)
            vec_add(&argv, *a);
    vec_add(&argv, NULL);
    set_environment(i);
    int status = program_run((const char *const *) argv.items);
    vec_done(&argv, NULL);
    return status;
}

int postmulti_iterate_postfix(const struct vec *instances, const struct options *o)
{
    struct str path = {0};
    const char *command = o->arguments[0];
    bool is_stop = is_listed("postmulti_stop_commands", command);

    str_addf(&path, "%s/postfix", config_get("command_directory"));
    struct postfix_command c = {
        .path = str_text(&path),
        .arguments = o->arguments,
        .is_start = is_listed("postmulti_start_commands", command),
        .is_for_enabled = is_stop || is_listed("postmulti_control_commands", command),
    };
    int status = each(instances, &o->selection, is_stop, run_postfix, &c);
    str_done(&path);
    return status;
}

static int run_program(const struct instance *i, void *context)
{
    char *const *argv = context;
    const struct {
        const char *name, *value;
    } variables[] = {
        {"command_directory", config_get("command_directory")},
        {"daemon_directory", config_get("daemon_directory")},
        {"config_directory", i->config_dir},
        {"queue_directory", i->queue_dir},
        {"data_directory", i->data_dir},
        {"multi_instance_name", i->name},
        {"multi_instance_group", i->group},
        {"multi_instance_enable", i->is_enabled ? "yes" : "no"},
    };

    set_environment(i);
    for (size_t v = 0; v < ARRAY_SIZE(variables); v++)
        if (setenv(variables[v].name, variables[v].value, 1) < 0)
            fatal("setenv: %m");
    return program_run((const char *const *) argv);
}

int postmulti_iterate_program(const struct vec *instances, const struct options *o)
{
    struct str path = {0};
    const char *before = getenv("PATH");

    str_addf(&path, "%s:%s", config_get("command_directory"), before != NULL && *before != 0 ? before : _PATH_STDPATH);
    if (setenv("PATH", str_text(&path), 1) < 0)
        fatal("setenv: %m");
    str_done(&path);
    return each(instances, &o->selection, o->is_reversed, run_program, (void *) o->arguments);
}
