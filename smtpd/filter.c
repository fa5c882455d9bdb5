#include "smtpd/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "mail/dsn.h"
#include "smtpd/chat.h"
#include "smtpd/session.h"
#include "smtpd/setup.h"
#include "smtpd/verdict.h"

bool smtpd_filter_command(struct session *s, struct reply *why)
{
    const char *line = str_text(&s->line) + strspn(str_text(&s->line), " \t");
    struct str other = {0};
    bool ok = true;

    if (smtpd_setup.command_filter == NULL)
        return true;
    switch (table_find(smtpd_setup.command_filter, line, &other)) {
    case TABLE_FOUND:
        log_info("%s: replacing command \"%s\" with \"%s\"", s->peer.namaddr, str_text(&s->line),
            str_text(&other));
        str_set(&s->line, str_text(&other));
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        log_warn("%s lookup error for \"%.100s\"", table_name(smtpd_setup.command_filter), line);
        *why = smtpd_chat_reply(s, 421, "4.3.0", "%s Server local data error", conf.myhostname);
        log_info("NOQUEUE: reject: %s from %s: 421 4.3.0 %s", s->where, s->peer.namaddr, why->text);
        ok = false;
        break;
    }
    str_done(&other);
    return ok;
}

/* "450 4.2.1 text" as a refusal, in the memory of the command. False: it is none. */
static bool parse(struct session *s, const char *line, struct reply *r)
{
    size_t digits = strspn(line, "0123456789");

    if (digits != 3 || (*line != '4' && *line != '5') || line[digits] != ' ')
        return false;
    const char *rest = line + digits + 1;
    size_t n = dsn_status_at(rest);
    if (n == 0 || rest[n] != ' ' || *rest != *line)
        return false;
    r->code = atoi(line);
    r->dsn = arena_strndup(&s->scratch, rest, n);
    r->text = arena_strdup(&s->scratch, rest + n + 1);
    return true;
}

void smtpd_filter_refusal(struct session *s, struct reply *r)
{
    struct str other = {0};

    if (table_list_count(smtpd_setup.reject_filter) == 0)
        return;
    const char *line = arena_printf(&s->scratch, "%d %s%s%s", r->code, r->dsn == NULL ? "" : r->dsn,
        r->dsn == NULL ? "" : " ", r->text);
    if (table_list_find(smtpd_setup.reject_filter, line, &other) == TABLE_FOUND) {
        if (parse(s, str_text(&other), r)) {
            smtpd_verdict_log(s, "reject filter in", line);
            smtpd_verdict_log(s, "reject filter out", str_text(&other));
        } else
            log_warn("smtpd_reject_filter_maps: ignoring \"%s\", which is no refusal", str_text(&other));
    }
    str_done(&other);
}
