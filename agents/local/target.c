#include "agents/local/target.h"

#include <errno.h>
#include <pwd.h>

#include "config/config.h"

static char *fold(const struct target *t, const char *format, va_list ap)
{
    struct str key = {0};

    str_vaddf(&key, format, ap);
    str_lower(&key);
    char *copy = arena_strdup(t->job->memory, str_text(&key));
    str_done(&key);
    return copy;
}

bool local_target_is_known(const struct target *t, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    bool is_known = hash_get(&t->job->seen, fold(t, format, ap)) != NULL;
    va_end(ap);
    return is_known;
}

static bool note(const struct target *t, bool may_forget, const char *key)
{
    struct hash *seen = &t->job->seen;
    size_t limit = (size_t) conf.duplicate_filter_limit;

    if (hash_get(seen, key) != NULL)
        return true;
    if (!may_forget || limit == 0 || seen->count + 1 < limit) /* Postfix counts the recipient itself, too */
        hash_put(seen, key, t->job);
    return false;
}

bool local_target_is_repeated(const struct target *t, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    bool is_repeated = note(t, true, fold(t, format, ap));
    va_end(ap);
    return is_repeated;
}

/* If this were forgotten, a list that names itself would never end. */
bool local_target_is_expanded(const struct target *t, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    bool is_expanded = note(t, false, fold(t, format, ap));
    va_end(ap);
    return is_expanded;
}

bool local_target_is_probe(const struct target *t)
{
    return (t->job->d->flags & (DELIVERY_TRACE_VERIFY | DELIVERY_TRACE_BV)) != 0;
}

static bool take(struct target *t, const struct passwd *pw)
{
    struct arena *a = t->job->memory;

    if (pw == NULL)
        return false;
    t->rights = (struct rights){.uid = pw->pw_uid, .gid = pw->pw_gid, .name = arena_strdup(a, pw->pw_name),
        .home = arena_strdup(a, pw->pw_dir), .shell = arena_strdup(a, pw->pw_shell)};
    return true;
}

bool local_target_become(struct target *t, const char *name, int *error)
{
    errno = 0;
    const struct passwd *pw = getpwnam(name);
    *error = pw != NULL || errno == ENOENT || errno == ESRCH ? 0 : errno;
    return take(t, pw);
}

bool local_target_become_uid(struct target *t, uid_t uid)
{
    return take(t, getpwuid(uid));
}

bool local_target_is_verification(const struct target *t)
{
    return (t->job->d->flags & DELIVERY_TRACE_VERIFY) != 0;
}
