#include "smtpd/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/utf8.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/address.h"
#include "mail/address_path.h"
#include "queue/envelope.h"
#include "smtpd/hostname.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Behind the bracket or quote that ends what begins at text; at the NUL: it does not end. */
static const char *closing(const char *text, char end)
{
    for (text++; *text != 0 && *text != end; text++) {
        if (*text == '\\' && text[1] != 0)
            text++;
        else if (*text == '"' && end != '"') {
            text = closing(text, '"');
            if (*text == 0)
                return text;
            text--;
        }
    }
    return *text == 0 ? text : text + 1;
}

static const char *word_end(const char *text, bool *is_bad)
{
    while (*text != 0 && !is_blank(*text)) {
        if (*text != '<' && *text != '"') {
            text += *text == '\\' && text[1] != 0 ? 2 : 1;
            continue;
        }
        const char *next = closing(text, *text == '<' ? '>' : '"');
        if (*next == 0 && (next[-1] != (*text == '<' ? '>' : '"') || next - text < 2))
            *is_bad = true;
        text = next;
    }
    return text;
}

/* "FROM:" and "TO:" are words of their own, with or without a blank behind them. */
static size_t keyword_len(const char *text)
{
    if (strncasecmp(text, "FROM:", 5) == 0)
        return 5;
    return strncasecmp(text, "TO:", 3) == 0 ? 3 : 0;
}

/* What follows such a keyword. */
static bool is_path(const struct words *w)
{
    return w->count == 2 && keyword_len(w->item[1].text) == strlen(w->item[1].text);
}

static struct word *add_word(struct arena *a, struct words *w)
{
    enum { FEW = 8 };

    if (w->count == w->room) {
        struct word *more = arena_alloc(a, (w->room == 0 ? FEW : w->room * 2) * sizeof(*more));
        if (w->room > 0)
            memcpy(more, w->item, w->room * sizeof(*more));
        w->room = w->room == 0 ? FEW : w->room * 2;
        w->item = more;
    }
    return &w->item[w->count];
}

bool smtpd_parse_words(struct arena *a, const char *line, struct words *w)
{
    *w = (struct words){0};
    for (;;) {
        while (is_blank(*line))
            line++;
        if (*line == 0)
            return w->count > 0;
        struct word *word = add_word(a, w);
        word->is_bad = false;
        size_t len = w->count == 1 ? keyword_len(line) : 0;
        const char *end = line + len;
        if (is_path(w)) {
            bool is_closed;
            end = address_path_end(line, &is_closed);
            word->is_bad = !is_closed;
        }
        if (end == line)
            end = word_end(line, &word->is_bad);
        word->text = arena_strndup(a, line, (size_t) (end - line));
        w->count++;
        line = end;
    }
}

const char *smtpd_parse_rest(struct arena *a, const struct words *w, size_t from)
{
    const char *text = w->item[from].text;

    for (size_t i = from + 1; i < w->count; i++)
        text = arena_printf(a, "%s %s", text, w->item[i].text);
    return text;
}

const char *smtpd_parse_option(const struct word *word, const char *name_equals)
{
    size_t n = strlen(name_equals);

    return strncasecmp(word->text, name_equals, n) == 0 ? word->text + n : NULL;
}

bool smtpd_parse_address(const char *path, int options, bool has_smtputf8, struct str *address)
{
    if (!address_path_parse(path, strlen(path), options, address))
        return false;
    if (*str_text(address) == '-' && !conf.allow_min_user) /* a command would take it for an option */
        return false;
    const char *domain = address_domain(str_text(address));
    if (domain == NULL)
        return true;
    return (has_smtputf8 || utf8_is_ascii(domain, strlen(domain))) && smtpd_hostname_is_mail_domain(domain);
}

bool smtpd_parse_is_word(const struct word *word, const char *text)
{
    return strcasecmp(word->text, text) == 0;
}

bool smtpd_parse_number(const char *text, long *number)
{
    if (*text == 0 || text[strspn(text, "0123456789")] != 0)
        return false;
    errno = 0;
    *number = strtol(text, NULL, 10);
    return errno == 0;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c == 0 ? NULL : strchr(digits, toupper((unsigned char) c));

    return at == NULL ? -1 : (int) (at - digits);
}

bool smtpd_parse_xtext(const char *text, struct str *out)
{
    for (; *text != 0; text++) {
        if (*text != '+') {
            str_addc(out, *text);
            continue;
        }
        int high = hex_digit(text[1]);
        int low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || (high == 0 && low == 0)) /* a NUL would end the text early */
            return false;
        str_addc(out, (char) (high * 16 + low));
        text += 2;
    }
    return true;
}

/* RFC 6533 3: utf-8-addr-xtext and utf-8-addr-unitext: \x{HEX} is a character. */
static bool parse_unicode_xtext(const char *text, struct str *out)
{
    char *end;

    while (*text != 0) {
        if (*text != '\\') {
            str_addc(out, *text++);
            continue;
        }
        if (strncmp(text, "\\x{", 3) != 0 || hex_digit(text[3]) < 0)
            return false;
        unsigned long point = strtoul(text + 3, &end, 16);
        if (*end != '}' || point == 0 || !utf8_add(out, point))
            return false;
        text = end + 1;
    }
    return utf8_is_valid(str_text(out), out->len);
}

int smtpd_parse_notify(struct arena *a, const char *text)
{
    static const struct {
        const char *name;
        int bit;
    } names[] = {{"NEVER", DSN_NOTIFY_NEVER}, {"SUCCESS", DSN_NOTIFY_SUCCESS}, {"FAILURE", DSN_NOTIFY_FAILURE},
        {"DELAY", DSN_NOTIFY_DELAY}};
    char *cursor = arena_strdup(a, text);
    int mask = 0;

    for (char *word; (word = words_next(&cursor, ",")) != NULL;) {
        size_t i = 0;
        while (i < ARRAY_SIZE(names) && strcasecmp(word, names[i].name) != 0)
            i++;
        if (i == ARRAY_SIZE(names)) {
            log_warn("unknown DSN NOTIFY command value \"%s\" in \"%s\"", word, text);
            return 0;
        }
        mask |= names[i].bit;
    }
    bool is_contradiction = (mask & DSN_NOTIFY_NEVER) != 0 && mask != DSN_NOTIFY_NEVER;
    return is_contradiction ? 0 : mask;
}

int smtpd_parse_ret(const char *text)
{
    if (strcasecmp(text, "FULL") == 0)
        return DSN_RET_FULL;
    return strcasecmp(text, "HDRS") == 0 ? DSN_RET_HDRS : 0;
}

bool smtpd_parse_orcpt(const char *text, struct str *out)
{
    const char *semicolon = strchr(text, ';');

    str_clear(out);
    if (semicolon == NULL || semicolon == text)
        return false;
    for (const char *p = text; p < semicolon; p++)
        if (!isalnum((unsigned char) *p) && strchr("-_.", *p) == NULL)
            return false;
    str_add(out, text, (size_t) (semicolon - text) + 1);
    size_t type_len = out->len;
    bool is_unicode = strncasecmp(text, "utf-8;", 6) == 0;
    if (!(is_unicode ? parse_unicode_xtext : smtpd_parse_xtext)(semicolon + 1, out))
        return false;
    for (size_t i = type_len; i < out->len; i++)
        if ((unsigned char) out->data[i] < ' ' || out->data[i] == 0x7f)
            return false;
    return true;
}

bool smtpd_parse_is_header(const char *word)
{
    size_t len = 0;

    while (word[len] > ' ' && word[len] < 127 && word[len] != ':')
        len++;
    return len > 0 && word[len] == ':';
}
