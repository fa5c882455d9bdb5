#include "cmd/postmulti/instance.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "cmd/postmulti/names.h"
#include "config/config.h"
#include "config/eval.h"

/* A parameter of an instance's main.cf, expanded there; fatal if it has no value. */
static const char *parameter(struct eval *e, const char *name)
{
    const char *value = eval_get(e, name);

    if (value != NULL)
        return mem_strdup(value);
    log_warn("%s", str_text(&e->why));
    fatal("Failed to obtain all required %s/main.cf parameters", e->config_dir);
}

static bool truth(const char *config_dir, const char *name, const char *value)
{
    if (strcasecmp(value, "yes") == 0)
        return true;
    if (strcasecmp(value, "no") != 0)
        fatal("Unexpected %s/main.cf entry: %s = %s", config_dir, name, value);
    return false;
}

void postmulti_instance_load(struct instance *i, const char *config_dir)
{
    struct main_cf file = {0};
    struct eval e = {.file = &file, .program = "postmulti", .service_name = "", .config_dir = config_dir};
    struct str path = {0}, why = {0};

    str_addf(&path, "%s/main.cf", config_dir);
    if (!main_cf_read(&file, str_text(&path), &why)) {
        log_error("%s", str_text(&why));
        fatal("Failed to obtain all required %s/main.cf parameters", config_dir);
    }
    i->config_dir = mem_strdup(config_dir);
    i->queue_dir = parameter(&e, "queue_directory");
    i->data_dir = parameter(&e, "data_directory");
    i->name = parameter(&e, "multi_instance_name");
    i->group = parameter(&e, "multi_instance_group");
    i->is_enabled = truth(config_dir, "multi_instance_enable", parameter(&e, "multi_instance_enable"));
    eval_done(&e);
    main_cf_done(&file);
    str_done(&path);
    str_done(&why);
}

static struct instance *add(struct vec *instances, const char *config_dir)
{
    struct instance *i = mem_zalloc(sizeof(*i));

    postmulti_instance_load(i, config_dir);
    vec_add(instances, i);
    return i;
}

void postmulti_instance_list(struct vec *instances)
{
    struct instance *primary = add(instances, config_dir());
    char *list = mem_strdup(config_get("multi_instance_directories")), *cursor = list, *dir;

    primary->is_primary = true;
    while ((dir = words_next(&cursor, WORDS_LIST)) != NULL)
        add(instances, dir);
    if (instances->count == 1)
        primary->is_enabled = true; /* who is alone has nobody to enable it */
    mem_free(list);
}

static bool is_named(const struct instance *i, const char *text)
{
    bool has_prefix = strncmp(i->name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0;

    if (strcmp(text, "-") == 0)
        return i->is_primary;
    if (*text == '/' || *i->name == 0)
        return strcmp(text, i->config_dir) == 0;
    return strcmp(text, i->name) == 0 || (has_prefix && strcmp(text, i->name + strlen(NAME_PREFIX)) == 0);
}

bool postmulti_instance_is_selected(const struct instance *i, const struct selection *s)
{
    switch (s->by) {
    case SELECT_NOTHING: return false;
    case SELECT_ALL:     return true;
    case SELECT_GROUP:   return *i->group != 0 && strcmp(s->text, i->group) == 0;
    case SELECT_NAME:    return is_named(i, s->text);
    }
    panic("selection %d", (int) s->by);
}
