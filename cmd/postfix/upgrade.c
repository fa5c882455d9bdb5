#include "cmd/postfix/upgrade.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/program.h"
#include "base/str.h"
#include "config/config.h"
#include "config/master_cf.h"

/* Services that others take for granted, with the release that they came with. */
static const struct {
    const char *name;
    enum master_type type;
    const char *line; /* "-" for chroot is what compatibility_level makes of it, as for all other services */
} services[] = {
    {"relay",      MASTER_UNIX,       "relay unix - - n - - smtp " /* 2.0 */
        "-o syslog_name=${multi_instance_name?{$multi_instance_name}:{postfix}}/$service_name"},
    {"flush",      MASTER_UNIX,       "flush unix n - n 1000? 0 flush"},          /* 1.1 */
    {"trace",      MASTER_UNIX,       "trace unix - - n - 0 bounce"},             /* 2.1 */
    {"verify",     MASTER_UNIX,       "verify unix - - n - 1 verify"},            /* 2.1 */
    {"proxymap",   MASTER_UNIX,       "proxymap unix - - n - - proxymap"},        /* 2.0 */
    {"anvil",      MASTER_UNIX,       "anvil unix - - n - 1 anvil"},              /* 2.2 */
    {"scache",     MASTER_UNIX,       "scache unix - - n - 1 scache"},            /* 2.2 */
    {"discard",    MASTER_UNIX,       "discard unix - - n - - discard"},          /* 2.2 */
    {"tlsmgr",     MASTER_UNIX,       "tlsmgr unix - - n 1000? 1 tlsmgr"},        /* 2.2 */
    {"retry",      MASTER_UNIX,       "retry unix - - n - - error"},              /* 2.4 */
    {"proxywrite", MASTER_UNIX,       "proxywrite unix - - n - 1 proxymap"},      /* 2.6 */
    {"postlog",    MASTER_UNIX_DGRAM, "postlog unix-dgram n - n - 1 postlogd"},   /* 3.4 */
};

/* What such a service was in old releases, and must not be any more. */
static const struct {
    const char *name;
    enum master_type type;
    enum master_column column;
    const char *field, *bad, *good, *what;
} changes[] = {
    {"pickup", MASTER_FIFO, MASTER_UNPRIVILEGED, "unprivileged", "n", "-", "making the pickup service unprivileged"},
    {"pickup", MASTER_UNIX, MASTER_UNPRIVILEGED, "unprivileged", "n", "-", "making the pickup service unprivileged"},
    {"cleanup", MASTER_UNIX, MASTER_PRIVATE, "private", "-", "n", "making the cleanup service public"},
    {"flush", MASTER_UNIX, MASTER_PRIVATE, "private", "-", "n", "making the flush service public"},
    {"verify", MASTER_UNIX, MASTER_PROCESS_LIMIT, "process_limit", "-", "1", "setting verify process limit to 1"},
    {"proxywrite", MASTER_UNIX, MASTER_PROCESS_LIMIT, "process_limit", "-", "1",
        "setting proxywrite process limit to 1"},
};

static bool postconf(const char *option, const char *argument)
{
    struct str path = {0};

    str_addf(&path, "%s/postconf", conf.command_directory);
    bool ok = program_run((const char *const[]){str_text(&path), "-c", config_dir(), option, argument, NULL}) == 0;
    str_done(&path);
    return ok;
}

static void tell(const char *what)
{
    printf("Editing %s/master.cf, %s\n", config_dir(), what);
    fflush(stdout); /* before what postconf may have to say */
}

static bool add_service(size_t n)
{
    bool is_datagram = services[n].type == MASTER_UNIX_DGRAM;
    struct str text = {0};

    str_addf(&text, "adding missing entry for %s%s service", services[n].name,
        is_datagram ? " unix-domain datagram" : "");
    tell(str_text(&text));
    str_setf(&text, "%s/%s=%s", services[n].name, master_cf_type_name(services[n].type), services[n].line);
    bool ok = postconf("-M", str_text(&text));
    str_done(&text);
    return ok;
}

/* tlsmgr was a fifo once: a line of another type is replaced, not doubled. */
static bool replace_fifo(const struct master_cf *file, const char *name)
{
    struct str text = {0};

    if (master_cf_find(file, name, MASTER_FIFO) == NULL)
        return true;
    str_addf(&text, "updating the %s from fifo to unix service", name);
    tell(str_text(&text));
    str_setf(&text, "%s/fifo/type=unix", name);
    bool ok = postconf("-F", str_text(&text));
    str_done(&text);
    return ok;
}

static bool change_field(size_t n)
{
    struct str text = {0};

    tell(changes[n].what);
    str_addf(&text, "%s/%s/%s=%s", changes[n].name, master_cf_type_name(changes[n].type), changes[n].field,
        changes[n].good);
    bool ok = postconf("-F", str_text(&text));
    str_done(&text);
    return ok;
}

static bool upgrade_master_cf(const struct master_cf *file)
{
    bool ok = replace_fifo(file, "tlsmgr");

    for (size_t n = 0; n < ARRAY_SIZE(services) && ok; n++) {
        bool is_fifo = strcmp(services[n].name, "tlsmgr") == 0 && master_cf_find(file, "tlsmgr", MASTER_FIFO) != NULL;
        if (!is_fifo && master_cf_find(file, services[n].name, services[n].type) == NULL)
            ok = add_service(n);
    }
    for (size_t n = 0; n < ARRAY_SIZE(changes) && ok; n++) {
        const struct master_service *s = master_cf_find(file, changes[n].name, changes[n].type);
        if (s != NULL && strcmp(s->columns[changes[n].column], changes[n].bad) == 0)
            ok = change_field(n);
    }
    return ok;
}

bool postfix_upgrade_configuration(void)
{
    struct master_cf file = {0};
    struct str why = {0};
    bool ok = master_cf_load(&file, &why);

    if (ok)
        ok = upgrade_master_cf(&file);
    else
        log_error("%s", str_text(&why));
    master_cf_done(&file);
    str_done(&why);
    return ok;
}
