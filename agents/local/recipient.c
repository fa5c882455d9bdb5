#include "agents/local/recipient.h"

#include <sys/stat.h>

#include "agents/local/alias.h"
#include "agents/local/forward.h"
#include "agents/local/mailbox.h"
#include "agents/local/report.h"
#include "agents/local/resubmit.h"
#include "agents/local/setup.h"
#include "agents/local/unknown.h"
#include "base/log.h"
#include "config/config.h"
#include "deliver/delivered_to.h"
#include "mail/address.h"

static char *lower(struct arena *a, const char *text, size_t len)
{
    struct str s = {0};

    str_add(&s, text, len);
    str_lower(&s);
    char *copy = arena_strdup(a, str_text(&s));
    str_done(&s);
    return copy;
}

static void take_apart(struct target *t)
{
    struct arena *a = t->job->memory;
    size_t len = address_local_len(t->address);
    const char *domain = address_domain(t->address);

    if (domain == NULL)
        log_warn("no @ in recipient address: %s", t->address);
    t->local = lower(a, t->address, len);
    t->domain = domain == NULL ? "" : lower(a, domain, strlen(domain));
    size_t user_len = address_user_len(t->local, len, conf.recipient_delimiter, conf.double_bounce_sender);
    t->user = arena_strndup(a, t->local, user_len);
    t->extension = user_len < len ? t->local + user_len + 1 : NULL;
    if (t->extension != NULL && strchr(t->extension, '/') != NULL) {
        log_warn("%s: address with illegal extension: %s", t->job->d->queue_id, t->local);
        t->extension = NULL;
        t->local = t->user;
    }
}

/* For a name, then without its extension. */
static bool is_aliased(struct target *t, enum outcome *outcome)
{
    t->unmatched = NULL;
    if (local_alias_deliver(t, t->local, outcome))
        return true;
    if (t->extension == NULL)
        return false;
    if (local_setup_propagates(ORIGIN_ALIAS))
        t->unmatched = t->extension;
    if (local_alias_deliver(t, t->user, outcome))
        return true;
    t->unmatched = t->extension;
    return false;
}

/* What an alias with an owner, a .forward file or an :include: file names, gets a queue file of its own: its own
 * record of who has had it already. A plain alias does not, so that it may name the user that it hides. */
static bool is_queued_anew(const struct target *t)
{
    return (t->owner != NULL && strcasecmp(t->owner, t->user) != 0) || t->origin == ORIGIN_INCLUDE;
}

/* require_home_directory. False: it cannot be reached, which may be a file server's fault. */
static bool has_home(const struct target *from, enum outcome *outcome)
{
    struct target t = *from;
    struct stat st;
    int error;

    if (!conf.require_home_directory || !local_target_become(&t, t.user, &error) || stat(t.rights.home, &st) == 0)
        return true;
    *outcome = local_report_failed(&t, "4.3.0", "cannot access home directory %s: %m", t.rights.home);
    return false;
}

/* The one who can mend it is the list's owner, if it has one. */
static enum outcome stop_loop(struct target *t)
{
    const char *owner = local_alias_owner(t, t->user);

    if (owner != NULL)
        t->sender = owner;
    return local_report_failed(t, "5.4.6", "mail forwarding loop for %s", t->address);
}

enum outcome local_recipient_deliver(const struct target *from)
{
    struct target t = *from;
    enum outcome outcome;

    if (t.delivered == NULL)
        t.delivered = t.address;
    take_apart(&t);
    if (*t.user == 0)
        return local_report_failed(&t, "5.1.3", "null username in \"%s\"", t.address);
    if (delivered_to_has(&t.job->message, t.job->d->data_offset, t.address))
        return stop_loop(&t);
    if (is_aliased(&t, &outcome))
        return outcome;
    if (is_queued_anew(&t))
        return local_resubmit_add(&t);
    if (!has_home(&t, &outcome) || local_forward_deliver(&t, &outcome) || local_mailbox_deliver(&t, &outcome))
        return outcome;
    return local_unknown_deliver(&t);
}
