#include "agents/local/mailbox.h"

#include "agents/local/biff.h"
#include "agents/local/command.h"
#include "agents/local/file.h"
#include "agents/local/report.h"
#include "agents/local/setup.h"
#include "base/log.h"
#include "config/config.h"
#include "deliver/identity.h"
#include "deliver/mailbox.h"
#include "mail/delivery_pass.h"
#include "table/table.h"

static struct table_list *transports, *commands;

void local_mailbox_open(void)
{
    transports = table_list_open(conf.mailbox_transport_maps, TABLE_FOLD | TABLE_NO_REGSUB);
    commands = table_list_open(conf.mailbox_command_maps, TABLE_FOLD | TABLE_NO_REGSUB | TABLE_NO_PROXY);
    table_list_set_title(transports, "mailbox_transport_maps");
    table_list_set_title(commands, "mailbox_command_maps");
}

/* --- another transport --- */

bool local_mailbox_is_repeated(const struct target *t)
{
    return local_target_is_repeated(t, "mailbox %s", t->local);
}

enum outcome local_mailbox_pass(const struct target *t, const char *transport)
{
    struct job *job = t->job;
    struct delivery_recipient r = {.address = t->address, .original = t->original, .dsn_orcpt = t->dsn_orcpt,
        .dsn_notify = t->dsn_notify, .offset = job->recipient->offset};
    struct delivery d = *job->d;

    d.recipients = &r;
    d.recipient_count = 1;
    if (!delivery_pass(job->memory, transport, &d))
        return local_report_failed(t, "4.3.0", "mail transport unavailable");
    job->is_all_sent = job->is_all_sent && r.is_sent;
    return r.outcome;
}

/* --- a mailbox file --- */

/* Who opens and locks it, with the least rights that will do: in his home the user; in the spool directory the user
 * if all may write there, with the directory's group if that may, else root, who gives a new one away. */
static void choose_identity(const struct rights *user, const char *spool, struct mailbox *m)
{
    struct stat st;

    m->owner = (uid_t) -1;
    m->owner_group = (gid_t) -1;
    m->uid = user->uid;
    m->gid = user->gid;
    if (spool == NULL || stat(spool, &st) < 0 || (st.st_mode & S_IWOTH) != 0)
        return;
    if ((st.st_mode & S_IWGRP) != 0) {
        m->gid = st.st_gid;
        return;
    }
    m->uid = 0;
    m->gid = 0;
    if (user->uid != 0) {
        m->owner = user->uid;
        m->owner_group = user->gid;
    }
}

/* False: status and reason of c. */
static bool append(const struct target *t, struct mailbox *m, struct copy *c)
{
    if (!mailbox_open(m, c))
        return false;
    if (!S_ISREG(m->st.st_mode))
        return copy_refused(c, "5.2.0", "destination %s is not a regular file", m->path);
    if (conf.strict_mailbox_ownership && m->st.st_uid != t->rights.uid) {
        log_warn("specify \"strict_mailbox_ownership = no\" to ignore mailbox ownership mismatch");
        return copy_refused(c, "4.2.0", "destination %s is not owned by recipient", m->path);
    }
    return mailbox_append(m, c, t->rights.uid, t->rights.gid);
}

static enum outcome deliver_to_file(const struct target *t, const char *path, const char *spool)
{
    struct mailbox m = {.path = path, .locks = local_setup.locks};
    struct copy c = local_file_copy(t, COPY_MAILBOX, HEADER_IN_FILE);
    enum outcome outcome;

    if (local_target_is_probe(t))
        return local_report_sent(t, "delivers to mailbox");
    choose_identity(&t->rights, spool, &m);
    bool ok = append(t, &m, &c);
    mailbox_close(&m);
    if (ok) {
        outcome = local_report_sent(t, "delivered to mailbox");
        if (conf.biff)
            local_biff_notify(t->rights.name, m.st.st_size);
    } else
        outcome = local_report_copy(
            t, &c, "cannot update mailbox %s for user %s. %s", path, t->user, str_text(&c.reason));
    str_done(&c.reason);
    return outcome;
}

/* --- the user's own --- */

static bool is_maildir(const char *path)
{
    return *path != 0 && path[strlen(path) - 1] == '/';
}

static enum outcome deliver_to_user(const struct target *t)
{
    struct arena *a = t->job->memory;
    const struct rights *user = &t->rights;
    struct str command = {0};
    enum outcome outcome;

    switch (table_list_find(commands, t->user, &command)) {
    case TABLE_FOUND:
        outcome = local_command_deliver(t, arena_strdup(a, str_text(&command)));
        str_done(&command);
        return outcome;
    case TABLE_ERROR:
        return local_report_failed(t, "4.3.0", "table lookup failure");
    case TABLE_ABSENT:
        break;
    }
    if (*conf.mailbox_command != 0)
        return local_command_deliver(t, conf.mailbox_command);
    if (is_maildir(conf.home_mailbox))
        return local_file_deliver_maildir(
            t, arena_printf(a, "%s/%s", user->home, conf.home_mailbox), user->uid, user->gid);
    if (*conf.home_mailbox != 0)
        return deliver_to_file(t, arena_printf(a, "%s/%s", user->home, conf.home_mailbox), NULL);
    if (is_maildir(conf.mail_spool_directory))
        return local_file_deliver_maildir(
            t, arena_printf(a, "%s%s/", conf.mail_spool_directory, t->user), user->uid, user->gid);
    return deliver_to_file(
        t, arena_printf(a, "%s/%s", conf.mail_spool_directory, t->user), conf.mail_spool_directory);
}

/* mailbox_transport_maps, mailbox_transport. False: neither has any for this name. */
static bool find_transport(const struct target *t, struct str *transport, bool *has_failed)
{
    enum table_result result = table_list_find(transports, t->user, transport);

    *has_failed = result == TABLE_ERROR;
    if (result == TABLE_ABSENT)
        str_set(transport, conf.mailbox_transport);
    return *has_failed || transport->len > 0;
}

static enum outcome deliver_by_transport(const struct target *t, const char *transport, bool has_failed)
{
    if (local_mailbox_is_repeated(t))
        return OUTCOME_DONE;
    return has_failed ? local_report_failed(t, "4.3.0", "table lookup failure") : local_mailbox_pass(t, transport);
}

bool local_mailbox_deliver(const struct target *from, enum outcome *outcome)
{
    struct target t = *from;
    struct str transport = {0};
    bool has_failed;
    int error;

    if (find_transport(&t, &transport, &has_failed))
        *outcome = deliver_by_transport(&t, str_text(&transport), has_failed);
    else if (local_target_become(&t, t.user, &error))
        *outcome = local_mailbox_is_repeated(&t) ? OUTCOME_DONE : deliver_to_user(&t);
    else if (error == 0)
        return false;
    else {
        log_warn("error looking up passwd info for %s: %s", t.user, strerror(error));
        *outcome = local_report_failed(&t, "4.0.0", "user lookup error");
    }
    str_done(&transport);
    return true;
}
