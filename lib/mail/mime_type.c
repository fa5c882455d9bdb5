#include "mail/mime_type.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* RFC 2045 5.1 tspecials: they end a token, and are one each. */
static const char specials[] = "()<>@,;:\\\"/[]?=";

static bool is_special(char c)
{
    return c != 0 && strchr(specials, c) != NULL;
}

static const char *skip_comment(const char *p)
{
    int depth = 0;

    for (; *p != 0; p++) {
        if (*p == '\\' && p[1] != 0)
            p++;
        else if (*p == '(')
            depth++;
        else if (*p == ')' && --depth == 0)
            return p + 1;
    }
    return p;
}

static const char *skip_blanks(const char *p)
{
    while (isspace((unsigned char) *p) || *p == '(')
        p = *p == '(' ? skip_comment(p) : p + 1;
    return p;
}

static const char *read_quoted(const char *p, struct str *token)
{
    for (p++; *p != 0 && *p != '"'; p++) {
        if (*p == '\n')
            continue;
        if (*p == '\\' && p[1] != 0)
            p++;
        str_addc(token, *p);
    }
    return *p == '"' ? p + 1 : p;
}

/* The token at *p replaces what is in token; false at the end, and at a ';'. */
static bool next_token(const char **p, struct str *token)
{
    str_clear(token);
    *p = skip_blanks(*p);
    if (**p == 0 || **p == ';')
        return false;
    if (**p == '"') {
        *p = read_quoted(*p, token);
        return true;
    }
    if (is_special(**p)) {
        str_addc(token, *(*p)++);
        return true;
    }
    const char *start = *p;
    while (**p != 0 && !is_special(**p) && !isspace((unsigned char) **p) && !iscntrl((unsigned char) **p))
        ++*p;
    str_add(token, start, *p == start ? (size_t) (++*p - start) : (size_t) (*p - start));
    return true;
}

static void skip_parameter(const char **p, struct str *scratch)
{
    while (next_token(p, scratch))
        ;
    if (**p == ';')
        ++*p;
}

static enum mime_type subtype(bool multipart, const char *name)
{
    static const struct {
        const char *name;
        enum mime_type type;
    } messages[] = {
        {"rfc822", MIME_TYPE_MESSAGE},
        {"global", MIME_TYPE_GLOBAL},
        {"partial", MIME_TYPE_FRAGMENT},
        {"external-body", MIME_TYPE_FRAGMENT},
    };

    if (multipart)
        return strcasecmp(name, "digest") == 0 ? MIME_TYPE_DIGEST : MIME_TYPE_MULTIPART;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        if (strcasecmp(name, messages[i].name) == 0)
            return messages[i].type;
    return MIME_TYPE_MESSAGE_OTHER;
}

enum mime_type mime_type_parse(const char *value, const char **rest)
{
    struct str token = {0};
    enum mime_type type = MIME_TYPE_OTHER;

    *rest = value;
    next_token(rest, &token);
    bool multipart = strcasecmp(str_text(&token), "multipart") == 0;
    if (multipart || strcasecmp(str_text(&token), "message") == 0) {
        bool slash = next_token(rest, &token) && strcmp(str_text(&token), "/") == 0;
        type = subtype(multipart, slash && next_token(rest, &token) ? str_text(&token) : "");
    } else if (strcasecmp(str_text(&token), "text") == 0) {
        type = MIME_TYPE_TEXT;
    }
    skip_parameter(rest, &token);
    str_done(&token);
    return type;
}

bool mime_type_boundary(const char **rest, struct str *boundary)
{
    struct str token = {0};
    bool found = false;

    while (!found && **rest != 0) {
        bool named = next_token(rest, &token) && strcasecmp(str_text(&token), "boundary") == 0;
        found = named && next_token(rest, &token) && strcmp(str_text(&token), "=") == 0 && next_token(rest, boundary);
        skip_parameter(rest, &token);
    }
    str_done(&token);
    return found;
}

void mime_type_word(const char *value, struct str *word)
{
    const char *p = value;

    next_token(&p, word);
    str_lower(word);
}
