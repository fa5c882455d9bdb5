#include "agents/virtual/place.h"

#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/addr_find.h"

static struct addr_find mailboxes, uids, gids;

static struct addr_find open_tables(const char *tables)
{
    return (struct addr_find){
        .tables = table_list_open(tables, TABLE_FOLD | TABLE_NO_REGSUB | TABLE_NO_PROXY),
        .steps = ADDR_FIND_FULL | ADDR_FIND_NO_EXTENSION | ADDR_FIND_AT_DOMAIN,
        .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender,
    };
}

void virtual_place_open(void)
{
    mailboxes = open_tables(conf.virtual_mailbox_maps);
    uids = open_tables(conf.virtual_uid_maps);
    gids = open_tables(conf.virtual_gid_maps);
}

/* "a/../b" would leave virtual_mailbox_base. */
static bool has_parent_step(const char *path)
{
    for (; path != NULL && *path != 0; path = strchr(path, '/')) {
        path += strspn(path, "/");
        if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == 0))
            return true;
    }
    return false;
}

/* A user or group id from its table. False: logged. */
static bool find_id(const struct addr_find *tables, const char *what, const char *parameter, const char *address,
    long minimum, long *id)
{
    struct str value = {0};
    bool ok = false;

    switch (addr_find(tables, address, &value, NULL)) {
    case TABLE_FOUND:
        ok = words_to_long(str_text(&value), id) && *id >= minimum;
        if (!ok)
            log_warn("recipient %s: bad %s %s in %s", address, what, str_text(&value), parameter);
        break;
    case TABLE_ABSENT:
    case TABLE_ERROR: /* the table itself has said why */
        log_warn("recipient %s: not found in %s", address, parameter);
        break;
    }
    str_done(&value);
    return ok;
}

enum place_result virtual_place_find(const char *address, struct place *p)
{
    struct str value = {0};
    enum place_result result = PLACE_ERROR;
    long uid, gid;

    switch (addr_find(&mailboxes, address, &value, NULL)) {
    case TABLE_FOUND:
        break;
    case TABLE_ABSENT:
        result = PLACE_UNKNOWN;
        goto done;
    case TABLE_ERROR:
        log_warn("table virtual_mailbox_maps: lookup %s: Application error", address);
        goto done;
    }
    if (has_parent_step(str_text(&value))) {
        log_warn("recipient %s: \"..\" in mailbox path %s", address, str_text(&value));
        goto done;
    }
    if (!find_id(&uids, "uid", "virtual_uid_maps", address, conf.virtual_minimum_uid, &uid) ||
        !find_id(&gids, "gid", "virtual_gid_maps", address, 1, &gid))
        goto done;
    str_setf(&p->path, "%s/%s", conf.virtual_mailbox_base, str_text(&value));
    p->is_maildir = p->path.data[p->path.len - 1] == '/';
    p->uid = (uid_t) uid;
    p->gid = (gid_t) gid;
    result = PLACE_FOUND;
done:
    str_done(&value);
    return result;
}
