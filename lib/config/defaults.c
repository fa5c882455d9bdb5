#include "config/defaults.h"

#include <limits.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "config/interfaces.h"

static const char *param(struct eval *e, const char *name)
{
    const char *value = eval_get(e, name);

    return value == NULL ? "" : value;
}

static void config_directory(struct eval *e, struct str *value)
{
    str_adds(value, e->config_dir);
}

static void process_id(struct eval *e, struct str *value)
{
    (void) e;
    str_addf(value, "%d", (int) getpid());
}

static void process_name(struct eval *e, struct str *value)
{
    str_adds(value, e->program);
}

static void service_name(struct eval *e, struct str *value)
{
    str_adds(value, e->service_name);
}

/* A host name without a domain gets mydomain, but only one that main.cf sets: the default of mydomain
 * is made from this. */
static void myhostname(struct eval *e, struct str *value)
{
    char name[HOST_NAME_MAX + 1] = "";
    bool has_domain = e->file != NULL && main_cf_get(e->file, "mydomain") != NULL;

    gethostname(name, sizeof(name) - 1);
    str_adds(value, name);
    if (strchr(name, '.') == NULL)
        str_addf(value, ".%s", has_domain ? param(e, "mydomain") : "localdomain");
}

static void mydomain(struct eval *e, struct str *value)
{
    const char *dot = strchr(param(e, "myhostname"), '.');

    str_adds(value, dot == NULL || dot[1] == 0 ? "localdomain" : dot + 1);
}

static void mynetworks(struct eval *e, struct str *value)
{
    const char *interfaces = param(e, "inet_interfaces"), *protocols = param(e, "inet_protocols");
    const char *style = param(e, "mynetworks_style");
    struct interfaces own = {0};
    struct str why = {0};

    if (e->why.len > 0) /* one of them cannot be expanded */
        return;
    if (!interfaces_find(&own, interfaces, protocols, &why) || !interfaces_networks(&own, style, value, &why))
        fatal("%s", str_text(&why));
    interfaces_done(&own);
    str_done(&why);
}

static const struct {
    const char *name;
    void (*compute)(struct eval *e, struct str *value);
} defaults[] = {
    {"config_directory", config_directory},
    {"mydomain", mydomain},
    {"myhostname", myhostname},
    {"mynetworks", mynetworks},
    {"process_id", process_id},
    {"process_name", process_name},
    {"service_name", service_name},
};

void defaults_compute(struct eval *e, const char *name, struct str *value)
{
    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
        if (strcmp(defaults[i].name, name) == 0)
            defaults[i].compute(e, value);
}
