#include "services/bounce/reasons.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "mail/quote.h"
#include "queue/dirs.h"

/* What a far server said may hold anything; here a line is an attribute. */
static void add_line(struct str *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *) text; *p != 0; p++)
        str_addc(out, (char) (*p == '\n' || *p == '\r' ? ' ' : *p < ' ' || *p == 0x7f ? '?' : *p));
    str_addc(out, '\n');
}

static void add_text(struct str *out, const char *name, const char *value)
{
    if (value == NULL || *value == 0)
        return;
    str_addf(out, "%s=", name);
    add_line(out, value);
}

static void format(struct str *out, const struct reason *r)
{
    struct str quoted = {0}, line = {0};
    const char *address = quote_822(r->recipient.address, &quoted);

    str_addc(out, '\n');
    str_setf(&line, "<%s>: %s", address, r->dsn.reason);
    if (conf.backwards_bounce_logfile_compatibility)
        add_line(out, str_text(&line));
    str_done(&line);
    add_text(out, "recipient", *address == 0 ? "<>" : address);
    if (strcasecmp(r->recipient.original, r->recipient.address) != 0)
        add_text(out, "original_recipient", r->recipient.original);
    if (r->recipient.offset > 0)
        str_addf(out, "offset=%lu\n", (unsigned long) r->recipient.offset);
    add_text(out, "dsn_orig_rcpt", r->recipient.dsn_orcpt);
    if (r->recipient.dsn_notify != 0)
        str_addf(out, "notify_flags=%d\n", r->recipient.dsn_notify);
    add_text(out, "status", r->dsn.status);
    add_text(out, "action", r->dsn.action);
    add_text(out, "diag_type", r->dsn.diag_type);
    add_text(out, "diag_text", r->dsn.diag_text);
    add_text(out, "mta_type", r->dsn.mta_type);
    add_text(out, "mta_mname", r->dsn.mta_name);
    add_text(out, "reason", r->dsn.reason);
    str_addc(out, '\n');
    str_done(&quoted);
}

bool bounce_reasons_append(const char *directory, const char *queue_id, const struct reason *r)
{
    struct str text = {0};
    int fd = queue_open(directory, queue_id, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    bool ok = false;

    format(&text, r);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) {
        off_t before = lseek(fd, 0, SEEK_END);
        ok = file_write_all(fd, text.data, text.len);
        if (!ok && ftruncate(fd, before) < 0)
            log_warn("%s: truncate %s log: %m", queue_id, directory);
    }
    if (!ok)
        log_warn("%s: write %s log: %m", queue_id, directory);
    if (fd >= 0)
        close(fd);
    str_done(&text);
    return ok;
}

static const char *internal_form(struct arena *a, const char *external)
{
    struct str internal = {0};

    quote_remove(&internal, strcmp(external, "<>") == 0 ? "" : external);
    const char *copy = arena_strdup(a, str_text(&internal));
    str_done(&internal);
    return copy;
}

/* An entry of Postfix before 2.0 is nothing but "<address>: reason". */
static void take_old_line(struct arena *a, struct reason *r, char *line)
{
    char *end = strstr(line, ">: ");

    if (end == NULL)
        return;
    *end = 0;
    r->recipient.address = internal_form(a, line + 1);
    r->dsn.reason = end + strlen(">: ");
}

static void take_attribute(struct arena *a, struct reason *r, const char *name, const char *value)
{
    const struct {
        const char *name, **field;
    } texts[] = {
        {"original_recipient", &r->recipient.original}, {"dsn_orig_rcpt", &r->recipient.dsn_orcpt},
        {"status", &r->dsn.status},       {"action", &r->dsn.action},     {"diag_type", &r->dsn.diag_type},
        {"diag_text", &r->dsn.diag_text}, {"mta_type", &r->dsn.mta_type}, {"mta_mname", &r->dsn.mta_name},
        {"reason", &r->dsn.reason},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (strcmp(texts[i].name, name) == 0)
            *texts[i].field = value;
    if (strcmp(name, "recipient") == 0)
        r->recipient.address = internal_form(a, value);
    else if (strcmp(name, "offset") == 0)
        r->recipient.offset = (uint32_t) strtoul(value, NULL, 10);
    else if (strcmp(name, "notify_flags") == 0)
        r->recipient.dsn_notify = (int) strtol(value, NULL, 10);
}

static void finish_entry(struct vec *entries, struct reason *r)
{
    if (r == NULL || r->recipient.address == NULL)
        return;
    if (*r->recipient.original == 0)
        r->recipient.original = r->recipient.address;
    if (*r->dsn.reason == 0) /* a command's output may be a status and nothing else */
        r->dsn.reason = "(description unavailable)";
    vec_add(entries, r);
}

static struct reason *new_entry(struct arena *a)
{
    struct reason *r = arena_new(a, struct reason);

    r->recipient.original = r->recipient.dsn_orcpt = "";
    r->dsn = (struct dsn){"", "", "", "", "", "", ""};
    return r;
}

void bounce_reasons_parse(struct arena *a, char *text, struct vec *entries)
{
    struct reason *r = NULL;

    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = 0;
        if (*line == 0) {
            finish_entry(entries, r);
            r = NULL;
            continue;
        }
        if (r == NULL)
            r = new_entry(a);
        char *equals = strchr(line, '=');
        if (*line == '<')
            take_old_line(a, r, line);
        else if (equals != NULL) {
            *equals = 0;
            take_attribute(a, r, line, equals + 1);
        }
    }
    finish_entry(entries, r);
}

bool bounce_reasons_read(struct arena *a, const char *directory, const char *queue_id, struct vec *entries)
{
    struct str path = {0}, text = {0}, why = {0};
    bool ok = true;

    queue_path(&path, directory, queue_id);
    if (file_read(str_text(&path), &text, &why))
        bounce_reasons_parse(a, arena_strndup(a, str_text(&text), text.len), entries);
    else if (errno != ENOENT) {
        log_warn("%s: %s", queue_id, str_text(&why));
        ok = false;
    }
    str_done(&path);
    str_done(&text);
    str_done(&why);
    return ok;
}

void bounce_reasons_remove(const char *directory, const char *queue_id)
{
    if (!queue_remove(directory, queue_id) && errno != ENOENT)
        log_warn("%s: remove %s log: %m", queue_id, directory);
}
