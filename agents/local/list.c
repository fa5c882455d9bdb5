#include "agents/local/list.h"

#include "agents/local/command.h"
#include "agents/local/destination.h"
#include "agents/local/file.h"
#include "agents/local/include.h"
#include "agents/local/recipient.h"
#include "agents/local/report.h"
#include "agents/local/resubmit.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "mail/address.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"

/* user@domain gets the extension that nothing has matched, behind the delimiter that it had. */
static const char *with_extension(const struct target *t, const char *address)
{
    size_t len = address_local_len(address);

    if (t->unmatched == NULL)
        return address;
    char delimiter = t->local[strlen(t->user)];
    return arena_printf(t->job->memory, "%.*s%c%s%s", (int) len, address, delimiter, t->unmatched, address + len);
}

enum outcome local_list_deliver_address(const struct target *from, const char *address)
{
    struct target t = *from;
    struct str quoted = {0}, rewritten = {0}, internal = {0};
    struct resolved to;
    enum outcome outcome;

    t.level += 4;
    bool is_known = rewrite_address("local", quote_822(address, &quoted), &rewritten);
    quote_remove(&internal, str_text(&rewritten));
    is_known = is_known && resolve_address(t.job->memory, t.sender, str_text(&internal), &to);
    if (!is_known || (to.flags & RESOLVE_FAIL) != 0)
        outcome = local_report_failed(&t, "4.3.0", "address resolver failure");
    else if ((to.flags & RESOLVE_ERROR) != 0)
        outcome = local_report_failed(&t, "5.1.3", "bad recipient address syntax: %s", to.recipient);
    else {
        t.address = with_extension(&t, to.recipient);
        outcome = strcmp(to.transport, daemon_service_name()) == 0 ? local_recipient_deliver(&t)
                                                                   : local_resubmit_add(&t);
    }
    str_done(&quoted);
    str_done(&rewritten);
    str_done(&internal);
    return outcome;
}

/* A file in the home directory of whose rights the list has. */
static enum outcome deliver_at_home(const struct target *t, const char *path)
{
    const char *home = t->rights.home, *below = path + 1;

    if (*below != '/')
        log_warn("bad home directory syntax for: %s", path);
    else if (home == NULL)
        log_warn("unknown home directory for: %s", path);
    else
        return local_file_deliver(
            t, strcmp(home, "/") == 0 ? below : arena_printf(t->job->memory, "%s%s", home, below));
    return local_report_failed(t, "5.3.5", "mail system configuration error");
}

static enum outcome deliver_one(const struct target *t, const struct destination *d)
{
    switch (d->kind) {
    case DESTINATION_FILE:
        return local_file_deliver(t, d->text);
    case DESTINATION_HOME:
        return deliver_at_home(t, d->text);
    case DESTINATION_COMMAND:
        return local_command_deliver_listed(t, d->text);
    case DESTINATION_INCLUDE:
        return local_include_deliver(t, d->text);
    case DESTINATION_ADDRESS:
        return local_list_deliver_address(t, d->text);
    }
    panic("unknown destination kind");
}

enum outcome local_list_deliver(const struct target *from, const char *text, int *count)
{
    struct target t = *from;
    size_t n;
    const struct destination *list = local_destination_parse(t.job->memory, text, &n);
    enum outcome outcome = OUTCOME_DONE;

    t.level += 2;
    for (size_t i = 0; i < n; i++)
        outcome = local_report_both(outcome, deliver_one(&t, &list[i]));
    if (count != NULL)
        *count += (int) n;
    return outcome;
}

enum outcome local_list_deliver_file(const struct target *t, FILE *file, int *count)
{
    struct str line = {0};
    enum outcome outcome = OUTCOME_DONE;

    while (outcome == OUTCOME_DONE && local_destination_read(file, (size_t) conf.line_length_limit, &line))
        outcome = local_list_deliver(t, str_text(&line), count);
    if (outcome == OUTCOME_DONE && ferror(file))
        outcome = local_report_failed(t, "4.3.0", "error reading forwarding file: %m");
    str_done(&line);
    return outcome;
}
