#include "master/reload.h"

#include <signal.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/compat.h"
#include "config/config.h"
#include "master/listen.h"
#include "master/service.h"

static struct master_cf present; /* services point into it: a worker may be started at any time */

static struct service *find(const struct master_service *line)
{
    list_each(pos, &master_services) {
        struct service *s = list_entry(pos, struct service, link);
        if (s->line->type == line->type && strcmp(s->line->name, line->name) == 0 &&
            s->line->is_private == line->is_private)
            return s;
    }
    return NULL;
}

/* master_service_disable: "name/type", or a type for all of it. */
static bool is_disabled(const struct master_service *line)
{
    struct arena a = {0};
    struct vec words = {0};
    bool is_off = false;

    words_split(&a, conf.master_service_disable, WORDS_LIST, &words);
    for (size_t i = 0; i < words.count; i++) {
        char *slash = strchr(words.items[i], '/');
        const char *type = slash == NULL ? words.items[i] : slash + 1;
        size_t n = slash == NULL ? 0 : (size_t) (slash - (char *) words.items[i]);
        if (strcmp(type, master_cf_type_name(line->type)) == 0 &&
            (n == 0 || (strlen(line->name) == n && strncmp(line->name, words.items[i], n) == 0)))
            is_off = true;
    }
    vec_done(&words, NULL);
    arena_done(&a);
    return is_off;
}

/* NULL: its sockets cannot be had. At the start that is the end, as in Postfix; later the other
 * services are worth more. */
static struct service *add(const struct master_service *line)
{
    struct service *s = mem_zalloc(sizeof(*s));
    struct str why = {0};

    s->line = line;
    s->name = mem_strdup(line->name);
    list_init(&s->workers);
    if (!master_listen_open(s, &why)) {
        if (master_generation == 1)
            fatal("%s", str_text(&why));
        log_error("%s", str_text(&why));
        master_service_end(s);
        s = NULL;
    }
    str_done(&why);
    return s;
}

/* Measured on two cores: one process each makes the largest batches, but for cleanup where it signs:
 * an RSA signature costs more than all the rest of a message (DESIGN section 3). */
static int default_workers(const struct master_service *line)
{
    bool signs = strcmp(line->command, "cleanup") == 0 && *conf.dkim_signing_maps != 0;

    return signs && sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
}

static void configure(struct service *s, const struct master_service *line)
{
    int workers = config_service_int(line->name, "_workers", 0, 0);

    s->line = line;
    mem_free(s->path);
    s->path = mem_printf("%s/%s", conf.daemon_directory, line->command);
    s->min_workers = workers > 0 ? workers : default_workers(line);
}

static bool has_line(const struct master_cf *cf, const struct service *s)
{
    for (size_t i = 0; i < cf->services.count; i++) {
        const struct master_service *line = cf->services.items[i];
        if (find(line) == s && !is_disabled(line))
            return true;
    }
    return false;
}

/* First, so that what comes may have their ports and names. */
static void end_removed(const struct master_cf *fresh)
{
    list_each_safe(pos, after, &master_services) {
        struct service *s = list_entry(pos, struct service, link);
        if (has_line(fresh, s))
            continue;
        list_remove(&s->link);
        master_service_end(s);
    }
}

static bool is_same(const struct master_service *a, const struct master_service *b)
{
    for (int i = 0; i < MASTER_COLUMNS; i++)
        if (strcmp(a->columns[i], b->columns[i]) != 0)
            return false;
    for (size_t i = 0; i < a->argv.count && i < b->argv.count; i++)
        if (strcmp(a->argv.items[i], b->argv.items[i]) != 0)
            return false;
    return a->argv.count == b->argv.count;
}

static void take_line(const struct master_service *line)
{
    struct service *s = find(line);

    if (s != NULL) {
        if (!is_same(s->line, line))
            s->share->line_version++;
        master_listen_warn_of_changes(s);
        master_service_stop(s, SIGHUP);
        list_remove(&s->link);
    } else if ((s = add(line)) == NULL)
        return;
    configure(s, line);
    list_append(&master_services, &s->link);
    master_service_start(s);
}

static void note_old_defaults(const struct master_cf *cf)
{
    if (!compat.chroot)
        return;
    for (size_t i = 0; i < cf->services.count; i++) {
        const struct master_service *line = cf->services.items[i];
        if (strcmp(line->columns[MASTER_CHROOT], "-") == 0)
            log_info("%s/master.cf: line %d: using backwards-compatible default setting chroot=y", config_dir(),
                line->line);
    }
}

void master_reload_services(void)
{
    struct master_cf fresh = {0};
    struct str why = {0};

    if (!master_cf_load(&fresh, &why)) {
        if (master_generation == 0)
            fatal("%s", str_text(&why));
        log_error("%s: the services go on as they are", str_text(&why));
        master_cf_done(&fresh);
        str_done(&why);
        return;
    }
    note_old_defaults(&fresh);
    master_generation++;
    end_removed(&fresh);
    for (size_t i = 0; i < fresh.services.count; i++)
        if (!is_disabled(fresh.services.items[i]))
            take_line(fresh.services.items[i]);
    master_cf_done(&present);
    present = fresh;
    str_done(&why);
}
