#include "cmd/postdrop/sender.h"

#include <pwd.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/address.h"
#include "mail/cleanup_client.h"
#include "table/table.h"

/* The sender without its extension. */
static char *bare_address(const char *sender)
{
    size_t local = address_local_len(sender);
    size_t user = address_user_len(sender, local, conf.recipient_delimiter, conf.double_bounce_sender);

    return mem_printf("%.*s%s", (int) user, sender, sender + local);
}

static bool is_allowed(const char *pattern, const char *address)
{
    const char *domain = address_domain(address);

    if (strcmp(pattern, "*") == 0)
        return true;
    if (*address == 0)
        return strcmp(pattern, conf.empty_address_local_login_sender_maps_lookup_key) == 0;
    if (*pattern == '@' && domain != NULL && strcasecmp(pattern + 1, domain) == 0)
        return true;
    return strcasecmp(pattern, address) == 0;
}

static bool any_allowed(char *patterns, const char *sender)
{
    char *bare = bare_address(sender);
    bool found = false;

    for (const char *word; !found && (word = words_next(&patterns, WORDS_LIST)) != NULL;)
        found = is_allowed(word, bare);
    mem_free(bare);
    return found;
}

static int look_up(const char *login, const char *sender, struct str *why)
{
    struct table_list *maps = table_list_open(conf.local_login_sender_maps, TABLE_FOLD);
    struct str patterns = {0};
    int status = CLEANUP_STAT_NOPERM;

    table_list_set_title(maps, conf.local_login_sender_maps);
    str_setf(why, "not authorized to use sender='%s'", sender);
    switch (table_list_find(maps, login, &patterns)) {
    case TABLE_FOUND:
        if (any_allowed(patterns.data, sender))
            status = 0;
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        log_warn("%s lookup error for \"%s\"", conf.local_login_sender_maps, login);
        str_setf(why, "local_login_sender_maps table lookup error for '%s'", conf.local_login_sender_maps);
        status = CLEANUP_STAT_WRITE;
        break;
    }
    str_done(&patterns);
    table_list_close(maps);
    return status;
}

int postdrop_sender_check(uid_t uid, const char *sender, struct str *why)
{
    const struct passwd *pw = getpwuid(uid);

    if (strcmp(conf.local_login_sender_maps, "static:*") == 0)
        return 0;
    char *login = pw != NULL ? mem_strdup(pw->pw_name) : mem_printf("uid:%ld", (long) uid);
    int status = look_up(login, sender, why);
    mem_free(login);
    return status;
}
