#include "config/check.h"

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "config/level.h"
#include "config/main_cf.h"
#include "places.h"

enum { HOST_NAME_LEN = 255, LABEL_LEN = 63 };

struct config_ids config_ids;

/* One label of a host name; NULL: fine. */
static const char *label_problem(const char *label, size_t len, bool is_first, bool is_last)
{
    if (len == 0)
        return is_first && is_last ? "empty hostname" : "misplaced delimiter";
    if (len > LABEL_LEN)
        return "hostname label too long";
    if (label[0] == '-' || label[len - 1] == '-')
        return "misplaced hyphen";
    return NULL;
}

/* RFC 1123 names, and '_', which people use. Bytes above 127 are left to IDNA. */
static const char *host_name_problem(const char *name)
{
    bool is_numeric = true;

    if (strlen(name) > HOST_NAME_LEN)
        return "bad length";
    for (const char *p = name; *p != 0; p++) {
        unsigned char c = (unsigned char) *p;
        if (c < 0x80 && !isalnum(c) && c != '.' && c != '-' && c != '_')
            return "invalid character";
        is_numeric &= isdigit(c) || c == '.';
    }
    for (const char *label = name;;) {
        size_t len = strcspn(label, ".");
        const char *problem = label_problem(label, len, label == name, label[len] == 0);
        if (problem != NULL)
            return problem;
        if (label[len] == 0)
            return is_numeric ? "numeric hostname" : NULL;
        label += len + 1;
    }
}

static void check_host_name(const char *path, const char *parameter, const char *value)
{
    const char *problem = host_name_problem(value);

    if (problem == NULL)
        return;
    log_warn("valid_hostname: %s: %.100s", problem, value);
    fatal("file %s: parameter %s: bad parameter value: %s", path, parameter, value);
}

static void find_user(const char *path, const char *parameter, const char *name, uid_t *uid, gid_t *gid)
{
    const struct passwd *pw = getpwnam(name);

    if (pw == NULL)
        fatal("file %s: parameter %s: unknown user name value: %s", path, parameter, name);
    if (pw->pw_uid == 0)
        fatal("file %s: parameter %s: user %s has privileged user ID", path, parameter, name);
    if (pw->pw_gid == 0)
        fatal("file %s: parameter %s: user %s has privileged group ID", path, parameter, name);
    *uid = pw->pw_uid;
    *gid = pw->pw_gid;
}

static void check_users(const char *path)
{
    struct config_ids *ids = &config_ids;

    find_user(path, "mail_owner", conf.mail_owner, &ids->owner_uid, &ids->owner_gid);
    find_user(path, "default_privs", conf.default_privs, &ids->default_uid, &ids->default_gid);
    if (ids->owner_uid == ids->default_uid)
        fatal("file %s: parameters default_privs and mail_owner specify the same user %s", path, conf.mail_owner);
    if (ids->owner_gid == ids->default_gid)
        fatal("file %s: parameters default_privs and mail_owner: users %s and %s have the same group ID: %ld", path,
            conf.default_privs, conf.mail_owner, (long) ids->owner_gid);
}

static void check_group(const char *path)
{
    struct config_ids *ids = &config_ids;
    const struct group *gr = getgrnam(conf.setgid_group);

    if (gr == NULL)
        fatal("file %s: parameter setgid_group: unknown group name: %s", path, conf.setgid_group);
    if (gr->gr_gid == 0)
        fatal("file %s: parameter setgid_group: group %s has privileged group ID", path, conf.setgid_group);
    ids->setgid_gid = gr->gr_gid;
    if (ids->owner_gid == ids->setgid_gid)
        fatal("file %s: parameters mail_owner and setgid_group: user %s and group %s have the same group ID: %ld", path,
            conf.mail_owner, conf.setgid_group, (long) ids->owner_gid);
    if (ids->default_gid == ids->setgid_gid)
        fatal("file %s: parameters default_privs and setgid_group: user %s and group %s have the same group ID: %ld",
            path, conf.default_privs, conf.setgid_group, (long) ids->default_gid);
}

void check_level(const char *compatibility_level)
{
    struct level level;

    if (!level_parse(compatibility_level, &level))
        fatal("malformed compatibility level syntax: \"%s\"", compatibility_level);
}

void check_conf(const char *path)
{
    check_host_name(path, "myhostname", conf.myhostname);
    check_host_name(path, "mydomain", conf.mydomain);
    if (strcasecmp(conf.myhostname, conf.relayhost) == 0)
        fatal("myhostname and relayhost parameter settings must not be identical: %s", conf.myhostname);
    check_users(path);
    check_group(path);
}

static bool is_listed(const struct main_cf *m, const char *parameter, const char *dir)
{
    const char *list = main_cf_get(m, parameter);
    struct arena arena = {0};
    struct vec dirs = {0};
    bool found = false;

    words_split(&arena, list == NULL ? "" : list, WORDS_LIST, &dirs);
    for (size_t i = 0; i < dirs.count && !found; i++)
        found = strcmp(dirs.items[i], dir) == 0;
    vec_done(&dirs, NULL);
    arena_done(&arena);
    return found;
}

void check_dir_is_listed(const char *dir)
{
    struct main_cf builtin = {0};
    struct str why = {0};

    if (strcmp(dir, CONFIG_DIR) == 0)
        return;
    if (!main_cf_read(&builtin, CONFIG_DIR "/main.cf", &why))
        fatal("%s", str_text(&why));
    if (!is_listed(&builtin, "alternate_config_directories", dir) &&
        !is_listed(&builtin, "multi_instance_directories", dir)) {
        log_error("unauthorized configuration directory name: %s", dir);
        fatal("specify \"alternate_config_directories = %s\" or \"multi_instance_directories = %s\" in %s/main.cf", dir,
            dir, CONFIG_DIR);
    }
    main_cf_done(&builtin);
}

void check_dir(const char *dir)
{
    bool has_more_rights = getuid() != geteuid() || getgid() != getegid();

    if (has_more_rights && getuid() != 0)
        check_dir_is_listed(dir);
}
