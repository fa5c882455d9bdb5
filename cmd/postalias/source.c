#include "cmd/postalias/source.h"

#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "mail/address_token.h"
#include "mail/quote.h"

/* The colon behind the name: not one in quotes, in a comment, or behind a backslash. NULL: there is none. */
static char *colon_of(char *line)
{
    bool in_quotes = false;
    int depth = 0;

    for (char *p = line; *p != 0; p++) {
        if (*p == '\\' && p[1] != 0)
            p++;
        else if (*p == '"' && depth == 0)
            in_quotes = !in_quotes;
        else if (*p == '(' && !in_quotes)
            depth++;
        else if (*p == ')' && depth > 0)
            depth--;
        else if (*p == ':' && !in_quotes && depth == 0)
            return p;
    }
    return NULL;
}

static bool has_domain(const struct address_tokens *key)
{
    for (size_t i = 0; i < key->count; i++)
        if (key->items[i].type == ADDRESS_OPERATOR && key->items[i].op == '@')
            return true;
    return false;
}

static const char *text_of(struct postalias_source *s, const struct address_tokens *tokens)
{
    struct str text = {0};

    address_token_add_line(&text, tokens);
    const char *copy = arena_strdup(&s->arena, str_text(&text));
    str_done(&text);
    return copy;
}

/* As local(8) looks it up: in quotes if it needs them. */
static const char *name_of(struct postalias_source *s, const struct address_tokens *tokens)
{
    struct str quoted = {0};

    if (tokens->count != 1 || tokens->items[0].type != ADDRESS_QUOTED)
        return text_of(s, tokens);
    const char *copy = arena_strdup(&s->arena, quote_local(tokens->items[0].text, &quoted));
    str_done(&quoted);
    return copy;
}

static bool take_line(struct postalias_source *s, char *line, const char **key, const char **value)
{
    char *colon = colon_of(line);
    struct address_tokens name = {0}, rest = {0};

    if (s->is_utf8 && !utf8_is_valid(line, strlen(line))) {
        log_warn("%s, line %d: non-UTF-8 input \"%s\" -- ignoring this line", s->reader.name, s->reader.line, line);
        return false;
    }
    if (colon != NULL) {
        *colon = 0;
        name = address_token_scan(&s->arena, line, 0);
        rest = address_token_scan(&s->arena, colon + 1, 0);
    }
    *key = name_of(s, &name);
    *value = text_of(s, &rest);
    if (**key == 0 || **value == 0) {
        log_warn("%s, line %d: need name:value pair", s->reader.name, s->reader.line);
        return false;
    }
    if (has_domain(&name)) {
        log_warn("%s, line %d: name must be local", s->reader.name, s->reader.line);
        return false;
    }
    return true;
}

bool postalias_source_next(struct postalias_source *s, const char **key, const char **value)
{
    char *line;

    do {
        arena_clear(&s->arena);
        line = reader_next(&s->reader);
    } while (line != NULL && !take_line(s, line, key, value));
    return line != NULL;
}

void postalias_source_done(struct postalias_source *s)
{
    reader_close(&s->reader);
    arena_done(&s->arena);
}
