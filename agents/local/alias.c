#include "agents/local/alias.h"

#include "agents/local/list.h"
#include "agents/local/report.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"
#include "table/table.h"

enum { DEPTH_MAX = 97 }; /* Postfix counts three more for the recipient itself, up to 100 */

static struct table_list *tables;

/* The tables are opened here, and not by proxymap, so that a command gets the rights of whose table it is. */
static char *without_proxy(const char *list)
{
    struct arena memory = {0};
    struct vec names = {0};
    struct str kept = {0};

    words_split_braced(&memory, list, WORDS_LIST, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        while (strncmp(name, "proxy:", 6) == 0)
            name += 6;
        str_addf(&kept, "%s%s", i > 0 ? " " : "", name);
    }
    vec_done(&names, NULL);
    arena_done(&memory);
    return str_take(&kept);
}

void local_alias_open(void)
{
    char *names = without_proxy(conf.alias_maps);

    tables = table_list_open(names, TABLE_FOLD | TABLE_NO_REGSUB | TABLE_NO_PROXY);
    table_list_set_title(tables, "alias_maps");
    mem_free(names);
}

/* postalias has written the name in external form (3.12), or as it is. */
static enum table_result find_in(struct table *table, const char *name, struct str *value)
{
    struct str quoted = {0};
    const char *external = quote_local(name, &quoted);
    enum table_result result = table_find(table, external, value);

    if (result == TABLE_ABSENT && external != name)
        result = table_find(table, name, value);
    str_done(&quoted);
    return result;
}

/* In which table? */
static enum table_result find(const char *name, struct str *value, struct table **where)
{
    for (size_t i = 0; i < table_list_count(tables); i++) {
        *where = table_list_at(tables, i);
        str_clear(value);
        enum table_result result = find_in(*where, name, value);
        if (result != TABLE_ABSENT)
            return result;
    }
    return TABLE_ABSENT;
}

/* --- rights --- */

/* What an alias does is done as the owner of its table, or as nobody in particular if that is root. */
static bool take_rights(struct target *t, const struct table *table)
{
    if (table_owner(table) == 0) {
        t->rights = (struct rights){0};
        return true;
    }
    if (local_target_become_uid(t, table_owner(table)))
        return true;
    log_warn("cannot find alias database owner for %s", table_name(table));
    return false;
}

/* --- the owner of a list --- */

static char *canonical(const struct target *t, const char *external)
{
    struct str result = {0}, internal = {0};
    char *address = NULL;

    if (rewrite_address("local", external, &result)) {
        quote_remove(&internal, str_text(&result));
        address = arena_strdup(t->job->memory, str_text(&internal));
    }
    str_done(&result);
    str_done(&internal);
    return address;
}

static enum table_result find_owner(const struct target *t, const char *name, const char **owner)
{
    struct str expansion = {0}, quoted = {0};
    struct table *where;
    enum table_result result = TABLE_ABSENT;
    const char *key = arena_printf(t->job->memory, "owner-%s", name);

    *owner = NULL;
    if (conf.owner_request_special)
        result = find(key, &expansion, &where);
    if (result == TABLE_FOUND) {
        *owner = canonical(t, conf.expand_owner_alias ? str_text(&expansion) : quote_local(key, &quoted));
        if (*owner == NULL)
            result = TABLE_ERROR;
    }
    str_done(&expansion);
    str_done(&quoted);
    return result;
}

const char *local_alias_owner(const struct target *t, const char *name)
{
    const char *owner;

    return find_owner(t, name, &owner) == TABLE_FOUND ? owner : NULL;
}

/* Failures behind an alias that has an owner are the owner's; RFC 3461 5.2.7.2: such a list is where mail
 * is delivered to, and what comes of it from there on is not the sender's business. False: try again. */
static bool take_owner(struct target *t, const char *name, bool *has_owner)
{
    const char *owner;

    switch (find_owner(t, name, &owner)) {
    case TABLE_FOUND:
        *has_owner = true;
        t->sender = t->owner = owner;
        t->original = t->dsn_orcpt = "";
        return true;
    case TABLE_ABSENT:
        if (conf.reset_owner_alias)
            t->owner = NULL;
        return true;
    case TABLE_ERROR:
        break;
    }
    return false;
}

/* --- delivery --- */

static enum outcome deliver_to_all(const struct target *from, const char *text, const struct table *table)
{
    struct target t = *from;
    bool has_owner = false;
    int count = 0;

    if (local_target_is_verification(&t))
        return local_report_sent(&t, "aliased to %s", text);
    t.origin = ORIGIN_ALIAS;
    if (!take_rights(&t, table))
        return local_report_failed(&t, "4.3.0", "cannot find alias database owner");
    if (!take_owner(&t, t.alias, &has_owner))
        return local_report_failed(&t, "4.3.0", "alias database unavailable");
    if (!conf.frozen_delivered_to)
        t.delivered = t.address;
    local_report_without_success(&t);
    enum outcome outcome = local_list_deliver(&t, text, &count);
    if (count == 0) { /* nobody would have got it */
        log_warn("no recipient in alias lookup result for %s", t.alias);
        return local_report_failed(&t, "4.3.0", "alias database unavailable");
    }
    if (outcome == OUTCOME_DONE)
        local_report_expanded(from, has_owner ? "delivered" : "expanded");
    return outcome;
}

bool local_alias_deliver(const struct target *from, const char *name, enum outcome *outcome)
{
    struct target t = *from;
    struct str text = {0};
    struct table *table;
    bool is_alias = true;

    if (t.alias != NULL && strcasecmp(t.alias, name) == 0)
        return false; /* a user that is in the alias of that name: it is the mailbox that is meant */
    if (t.level > DEPTH_MAX) {
        log_warn("alias database loop for %s", name);
        *outcome = local_report_failed(&t, "5.4.6", "alias database loop for %s", name);
        return true;
    }
    t.alias = arena_strdup(t.job->memory, name);
    switch (find(name, &text, &table)) {
    case TABLE_FOUND:
        *outcome = deliver_to_all(&t, str_text(&text), table);
        break;
    case TABLE_ERROR:
        log_warn("%s: lookup of '%s' failed", table_name(table), name);
        *outcome = local_report_failed(&t, "4.3.0", "alias database unavailable");
        break;
    case TABLE_ABSENT:
        is_alias = false;
        break;
    }
    str_done(&text);
    return is_alias;
}
