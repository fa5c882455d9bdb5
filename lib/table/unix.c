/* unix:passwd.byname, unix:group.byname: the accounts and groups of this machine, as the lines of their files.
 *
 * Postfix asks the system's name services, which may block; this reads /etc/passwd and /etc/group into
 * memory, so accounts that only NIS, LDAP or sssd knows are not found here. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include "base/mem.h"
#include "table/memory.h"
#include "table/types.h"

/* getpwnam() gives the first of several entries, and never the "+" and "-" of NIS. As with these, case
 * matters: with TABLE_FOLD an account in capitals is not found. */
static void store(struct memory *m, const char *name, const char *line)
{
    if (*name == 0 || *name == '+' || *name == '-')
        return;
    struct hash_entry *e = hash_slot(&m->values, name, strlen(name));
    if (e->value == NULL)
        e->value = arena_strdup(&m->arena, line);
}

static void load_passwd(struct memory *m, FILE *f)
{
    struct str line = {0};

    for (const struct passwd *p; (p = fgetpwent(f)) != NULL;) {
        str_setf(&line, "%s:%s:%lu:%lu:%s:%s:%s", p->pw_name, p->pw_passwd, (unsigned long) p->pw_uid,
            (unsigned long) p->pw_gid, p->pw_gecos, p->pw_dir, p->pw_shell);
        store(m, p->pw_name, str_text(&line));
    }
    str_done(&line);
}

static void load_group(struct memory *m, FILE *f)
{
    struct str line = {0};

    for (const struct group *g; (g = fgetgrent(f)) != NULL;) {
        str_setf(&line, "%s:%s:%lu:", g->gr_name, g->gr_passwd, (unsigned long) g->gr_gid);
        for (char **member = g->gr_mem; *member != NULL; member++)
            str_addf(&line, "%s%s", member == g->gr_mem ? "" : ",", *member);
        store(m, g->gr_name, str_text(&line));
    }
    str_done(&line);
}

static const struct map {
    const char *name, *path;
    void (*load)(struct memory *m, FILE *f);
} maps[] = {
    {"passwd.byname", "/etc/passwd", load_passwd},
    {"group.byname", "/etc/group", load_group},
};

static const struct map *find_map(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
        if (strcmp(maps[i].name, name) == 0)
            return &maps[i];
    return NULL;
}

static bool unix_open(struct table *t, struct str *why)
{
    const struct map *map = find_map(t->name);

    if (map == NULL) {
        str_setf(why, "unknown table: unix:%s", t->name);
        return false;
    }
    t->path = mem_strdup(map->path);
    FILE *f = fopen(map->path, "re");
    if (f == NULL) {
        str_setf(why, "open %s: %s", map->path, strerror(errno));
        return false;
    }
    t->state = mem_zalloc(sizeof(struct memory));
    map->load(t->state, f);
    bool ok = !ferror(f);
    if (!ok)
        str_setf(why, "read %s: %s", map->path, strerror(errno));
    fclose(f);
    return ok;
}

const struct type_ops unix_ops = {.open = unix_open, .close = memory_close, .find = memory_find};
