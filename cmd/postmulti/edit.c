#include "cmd/postmulti/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/str.h"
#include "base/words.h"
#include "cmd/postmulti/claims.h"
#include "cmd/postmulti/files.h"
#include "cmd/postmulti/settings.h"
#include "config/config.h"

static struct instance *primary(const struct vec *instances)
{
    return instances->items[0];
}

/* --- which instances there are --- */

static void write_list(const struct vec *instances)
{
    struct str list = {0};

    str_adds(&list, "multi_instance_directories =");
    for (size_t n = 1; n < instances->count; n++)
        str_addf(&list, " %s", ((const struct instance *) instances->items[n])->config_dir);
    postmulti_settings_write(primary(instances)->config_dir, str_text(&list), NULL);
    str_done(&list);
}

/* Where a new instance comes in: in front of the first other one that was selected; not selected: at the end. */
static size_t place_for(const struct vec *instances, const struct selection *s)
{
    for (size_t n = 1; n < instances->count; n++)
        if (postmulti_instance_is_selected(instances->items[n], s))
            return n;
    if (s->by == SELECT_GROUP || s->by == SELECT_NAME)
        fatal("No matching secondary instances");
    return instances->count;
}

static void insert(struct vec *instances, size_t place, struct instance *i)
{
    vec_add(instances, NULL);
    memmove(&instances->items[place + 1], &instances->items[place],
        (instances->count - 1 - place) * sizeof(instances->items[0]));
    instances->items[place] = i;
}

static void take_out(struct vec *instances, const struct instance *i)
{
    size_t kept = 0;

    for (size_t n = 0; n < instances->count; n++)
        if (instances->items[n] != i)
            instances->items[kept++] = instances->items[n];
    instances->count = kept;
}

static struct instance *selected(const struct vec *instances, const struct options *o)
{
    for (size_t n = 0; n < instances->count; n++)
        if (postmulti_instance_is_selected(instances->items[n], &o->selection))
            return instances->items[n];
    fatal("No instance named %s", o->selection.text);
}

/* --- a new one --- */

/* The primary one's directory, with the instance's name for its last part. */
static const char *beside(const char *parameter, const char *primary_dir, const char *name)
{
    size_t len = strlen(primary_dir);

    if (name == NULL || *name == 0)
        fatal("Missing %s parameter value", parameter);
    if (*primary_dir != '/')
        fatal("Invalid default %s parameter value: '%s': specify an absolute pathname", parameter, primary_dir);
    while (len > 1 && primary_dir[len - 1] == '/')
        len--;
    while (primary_dir[len - 1] != '/')
        len--;
    return mem_printf("%.*s%s", (int) len, primary_dir, name);
}

static const char *absolute_path(const char *name, char *value)
{
    size_t len = strlen(value);

    if (*value != '/')
        fatal("Parameter setting '%s' is not an absolute path", name);
    while (len > 1 && value[len - 1] == '/')
        value[--len] = 0;
    if (len == 1)
        fatal("Parameter setting '%s' is the root directory", name);
    return mem_strdup(value);
}

/* "queue_directory=/where" of the command line. An instance that exists has its own main.cf for all but the first. */
static void take_parameter(struct instance *i, const struct options *o, const char *argument)
{
    const struct {
        const char *name, **value;
        bool is_for_import;
    } parameters[] = {
        {"config_directory", &i->config_dir, true},
        {"queue_directory", &i->queue_dir, false},
        {"data_directory", &i->data_dir, false},
    };
    char *copy = mem_strdup(argument), *name, *value;

    if (words_name_value(copy, &name, &value) != NULL)
        fatal("Malformed parameter setting '%s'", argument);
    for (size_t p = 0; p < ARRAY_SIZE(parameters); p++)
        if (strcmp(parameters[p].name, name) == 0 && (o->action == EDIT_CREATE || parameters[p].is_for_import)) {
            *parameters[p].value = absolute_path(name, value);
            mem_free(copy);
            return;
        }
    fatal("Parameter '%s' not valid with action %s", name, o->action_name);
}

static void find_directories(struct instance *i, const struct vec *instances, const struct options *o)
{
    const struct instance *first = primary(instances);

    for (char *const *a = o->arguments; *a != NULL; a++)
        take_parameter(i, o, *a);
    if (i->config_dir == NULL)
        i->config_dir = beside("config_directory", first->config_dir, o->new_name);
    postmulti_claims_check_new(instances, i->config_dir);
    if (o->action == EDIT_IMPORT) {
        postmulti_instance_load(i, i->config_dir);
        return;
    }
    if (i->queue_dir == NULL)
        i->queue_dir = beside("queue_directory", first->queue_dir, o->new_name);
    if (i->data_dir == NULL)
        i->data_dir = beside("data_directory", first->data_dir, o->new_name);
}

static void write_names(const struct instance *i, const struct options *o)
{
    struct str name = {0}, group = {0};

    str_addf(&name, "multi_instance_name = %s", i->name);
    str_addf(&group, "multi_instance_group = %s", i->group);
    if (o->new_group != NULL)
        postmulti_settings_write(i->config_dir, str_text(&group), NULL);
    if (o->new_name != NULL)
        postmulti_settings_write(i->config_dir, str_text(&name), NULL);
    str_done(&name);
    str_done(&group);
}

static void take_names(struct instance *i, const struct options *o)
{
    if (o->new_name != NULL)
        i->name = o->new_name;
    if (o->new_group != NULL)
        i->group = o->new_group;
}

/* create and import: they differ in whether there are files already. */
static void add(struct vec *instances, const struct options *o)
{
    struct instance *i = mem_zalloc(sizeof(*i));
    size_t place = place_for(instances, &o->selection);

    i->name = i->group = "";
    find_directories(i, instances, o);
    take_names(i, o);
    postmulti_claims_check(instances, i);
    postmulti_settings_require_init();
    if (o->action == EDIT_CREATE)
        postmulti_files_create(i);
    postmulti_files_check(i);
    write_names(i, o);
    insert(instances, place, i);
    write_list(instances);
    postmulti_files_make_directories(i);
}

/* --- one that is there --- */

static void deport(struct vec *instances, const struct instance *i)
{
    take_out(instances, i);
    write_list(instances);
}

static void remove_instance(struct vec *instances, struct instance *i, const struct options *o)
{
    if (i->is_primary)
        fatal("Cannot remove the primary instance");
    if (i->is_enabled)
        fatal("Cannot remove enabled instances");
    postmulti_files_require_stopped(i);
    deport(instances, i); /* first: a list with an instance that has no main.cf is of no use to anybody */
    if (o->action == EDIT_DESTROY)
        postmulti_files_destroy(i);
}

static void assign(const struct vec *instances, struct instance *i, const struct options *o)
{
    take_names(i, o);
    postmulti_claims_check(instances, i);
    write_names(i, o);
}

void postmulti_edit(struct vec *instances, const struct options *o)
{
    if (o->action == EDIT_INIT) {
        postmulti_settings_write(primary(instances)->config_dir,
            "multi_instance_wrapper = ${command_directory}/postmulti -p --", "multi_instance_enable = yes");
        return;
    }
    if (o->action == EDIT_CREATE || o->action == EDIT_IMPORT) {
        add(instances, o);
        return;
    }
    struct instance *i = selected(instances, o);
    switch (o->action) {
    case EDIT_INIT:
    case EDIT_CREATE:
    case EDIT_IMPORT:
        break;
    case EDIT_DESTROY:
    case EDIT_DEPORT:
        remove_instance(instances, i, o);
        break;
    case EDIT_ENABLE:
    case EDIT_DISABLE:
        postmulti_settings_require_init();
        postmulti_settings_write(i->config_dir,
            o->action == EDIT_ENABLE ? "multi_instance_enable = yes" : "multi_instance_enable = no", NULL);
        break;
    case EDIT_ASSIGN:
        postmulti_settings_require_init();
        assign(instances, i, o);
        break;
    }
}
