#include "agents/local/file.h"

#include "agents/local/report.h"
#include "agents/local/setup.h"
#include "config/config.h"
#include "deliver/maildir.h"
#include "deliver/mailbox.h"

struct copy local_file_copy(const struct target *t, unsigned flags, unsigned where)
{
    if ((local_setup.headers & where) == 0)
        flags &= ~(unsigned) COPY_DELIVERED;
    return (struct copy){.flags = flags, .sender = t->sender, .original = t->original,
        .delivered = conf.frozen_delivered_to ? t->delivered : t->address, .message = t->job->message,
        .data_offset = t->job->d->data_offset, .default_status = "5.2.0"};
}

enum outcome local_file_deliver_maildir(const struct target *t, const char *path, uid_t uid, gid_t gid)
{
    struct copy c = local_file_copy(t, COPY_HEADERS, HEADER_IN_FILE);

    if (local_target_is_probe(t))
        return local_report_sent(t, "delivers to maildir");
    enum outcome outcome = maildir_deliver(path, uid, gid, &c)
        ? local_report_sent(t, "delivered to maildir")
        : local_report_copy(t, &c, "%s", str_text(&c.reason));
    str_done(&c.reason);
    return outcome;
}

/* A program that is appended to would run the mail. */
static bool is_executable(const struct stat *st)
{
    return S_ISREG(st->st_mode) && (st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

static bool append(const char *path, uid_t uid, gid_t gid, struct copy *c)
{
    struct mailbox m = {.path = path, .uid = uid, .gid = gid, .owner = (uid_t) -1, .owner_group = (gid_t) -1,
        .locks = local_setup.locks | MAILBOX_DOTLOCK_IF_POSSIBLE};
    bool ok = mailbox_open(&m, c);

    if (ok && is_executable(&m.st))
        ok = copy_refused(c, "5.7.1", "file is executable");
    ok = ok && mailbox_append(&m, c, uid, gid);
    mailbox_close(&m);
    return ok;
}

enum outcome local_file_deliver(const struct target *t, const char *path)
{
    bool is_nobodys = t->rights.uid == 0;
    uid_t uid = is_nobodys ? config_ids.default_uid : t->rights.uid;
    gid_t gid = is_nobodys ? config_ids.default_gid : t->rights.gid;

    if (local_target_is_repeated(t, "file %ld %s", (long) t->rights.uid, path))
        return OUTCOME_DONE;
    if ((local_setup.to_files & t->origin) == 0)
        return local_report_failed(t, "5.7.1", "mail to file is restricted");
    if (local_target_is_probe(t))
        return local_report_sent(t, "delivers to file: %s", path);
    if (path[strlen(path) - 1] == '/')
        return local_file_deliver_maildir(t, path, uid, gid);
    struct copy c = local_file_copy(t, COPY_MAILBOX, HEADER_IN_FILE);
    enum outcome outcome = append(path, uid, gid, &c)
        ? local_report_sent(t, "delivered to file: %s", path)
        : local_report_copy(t, &c, "cannot append message to file %s: %s", path, str_text(&c.reason));
    str_done(&c.reason);
    return outcome;
}
