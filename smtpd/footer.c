#include "smtpd/footer.h"

#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "smtpd/setup.h"

static const char *local_time(struct session *s)
{
    char text[64];
    time_t now = clock_seconds();
    struct tm tm;

    strftime(text, sizeof(text), "%b %d %H:%M:%S", localtime_r(&now, &tm));
    return arena_strdup(&s->scratch, text);
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The names that a footer may use; the values are what the client gave, and so are filtered. */
static const char *lookup(void *context, const char *name)
{
    struct session *s = context;
    struct peer *p = &s->peer;
    const struct {
        const char *name, *value;
    } names[] = {
        {"client_address", p->addr}, {"client_name", p->name}, {"client_port", p->port},
        {"server_address", or_empty(p->local_addr)}, {"server_port", or_empty(p->local_port)},
        {"helo_name", or_empty(s->helo_name)}, {"sender", s->mail == NULL ? "" : s->mail->sender},
        {"recipient", or_empty(s->recipient)}, {"protocol_name", s->is_esmtp ? "ESMTP" : "SMTP"},
    };

    if (strcmp(name, "localtime") == 0)
        return local_time(s);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(name, names[i].name) != 0)
            continue;
        char *value = arena_strdup(&s->scratch, names[i].value);
        for (char *c = value; *(c += strspn(c, conf.smtpd_expansion_filter)) != 0;)
            *c = '_';
        return value;
    }
    return NULL;
}

/* smtpd_reject_footer_maps is asked with the whole reply. False: there is no footer. */
static bool find_template(struct session *s, const struct reply *r, struct str *template)
{
    if (table_list_count(smtpd_setup.footer) > 0) {
        const char *line = arena_printf(
            &s->scratch, "%d %s%s%s", r->code, or_empty(r->dsn), r->dsn == NULL ? "" : " ", r->text);
        if (table_list_find(smtpd_setup.footer, line, template) == TABLE_FOUND)
            return true;
    }
    str_set(template, conf.smtpd_reject_footer);
    return template->len > 0;
}

/* "\n" in the template begins another line of the reply. */
static void break_lines(struct str *text)
{
    char *to = text->data;

    for (const char *from = text->data; *from != 0; from++)
        if (from[0] == '\\' && from[1] == 'n') {
            *to++ = '\n';
            from++;
        } else
            *to++ = *from;
    str_cut(text, (size_t) (to - text->data));
}

const char *smtpd_footer_add(struct session *s, const struct reply *r)
{
    struct str template = {0}, footer = {0}, why = {0};
    const char *text = r->text;

    if (find_template(s, r, &template)) {
        if (!config_expand(str_text(&template), lookup, s, &footer, &why))
            log_warn("smtpd_reject_footer: %s", str_text(&why));
        else if (footer.len > 0) {
            break_lines(&footer);
            bool is_appended = strncmp(footer.data, "\\c", 2) == 0;
            text = is_appended ? arena_printf(&s->scratch, "%s%s", text, footer.data + 2)
                               : arena_printf(&s->scratch, "%s\n%s", text, footer.data);
        }
    }
    str_done(&template);
    str_done(&footer);
    str_done(&why);
    return text;
}
