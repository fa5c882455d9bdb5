#include "mail/address_token.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const char operators[] = "<>@,;:.!%|)]";

static bool is_in(char c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static bool is_blank(char c)
{
    return isspace((unsigned char) c) != 0;
}

/* Copy one character, or what a backslash stands before, from *p to *to. */
static void copy_char(const char **p, char **to)
{
    if (**p == '\\' && *++*p == 0)
        return;
    *(*to)++ = is_blank(**p) ? ' ' : **p;
    ++*p;
}

/* What stands between a bracket or quote at *p and the closing one. */
static void copy_delimited(const char **p, char **to, char close)
{
    ++*p;
    while (**p != 0 && **p != close)
        copy_char(p, to);
    if (**p == close)
        ++*p;
}

static void copy_comment(const char **p, char **to)
{
    size_t depth = 0;

    do {
        if (**p == '\\' && (*p)[1] != 0)
            *(*to)++ = *(*p)++;
        else if (**p == '(')
            depth++;
        else if (**p == ')')
            depth--;
        *(*to)++ = *(*p)++;
    } while (depth > 0 && **p != 0);
}

/* What comes most, without a search. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* An atom with a backslash in it may contain anything; then it is as good as a quoted string. */
static enum address_token_type copy_atom(const char **p, char **to)
{
    enum address_token_type type = ADDRESS_ATOM;

    while (is_plain(**p))
        *(*to)++ = *(*p)++;
    while (**p != 0 && !is_blank(**p) && !is_in(**p, operators) && !is_in(**p, "()\"[")) {
        if (**p == '\\' && (is_blank((*p)[1]) || is_in((*p)[1], operators) || is_in((*p)[1], "(\"[\\")))
            type = ADDRESS_QUOTED;
        copy_char(p, to);
    }
    return type;
}

/* The token at *p; its text, if any, is written to *to. */
static struct address_token scan_one(const char **p, char **to)
{
    struct address_token token = {.type = ADDRESS_OPERATOR, .text = *to};

    if (is_in(**p, operators)) {
        token.op = *(*p)++;
        return token;
    }
    if (**p == '(') {
        token.type = ADDRESS_COMMENT;
        copy_comment(p, to);
    } else if (**p == '[') {
        token.type = ADDRESS_LITERAL;
        copy_delimited(p, to, ']');
    } else if (**p == '"') {
        token.type = ADDRESS_QUOTED;
        copy_delimited(p, to, '"');
    } else {
        token.type = copy_atom(p, to);
    }
    *(*to)++ = 0;
    return token;
}

struct address_tokens address_token_scan(struct arena *a, const char *text, size_t limit)
{
    enum { FIRST_ROOM = 16 };
    struct address_tokens tokens = {arena_alloc(a, FIRST_ROOM * sizeof(*tokens.items)), 0};
    size_t room = FIRST_ROOM;
    char *to = arena_alloc(a, 2 * strlen(text) + 1); /* each token adds a NUL to at least one byte */

    for (const char *p = text; limit == 0 || tokens.count < limit;) {
        while (is_blank(*p))
            p++;
        if (*p == 0)
            break;
        if (tokens.count == room) {
            struct address_token *more = arena_alloc(a, 2 * room * sizeof(*more));
            memcpy(more, tokens.items, room * sizeof(*more));
            tokens.items = more;
            room *= 2;
        }
        tokens.items[tokens.count++] = scan_one(&p, &to);
    }
    return tokens;
}

static void add_delimited(struct str *out, char open, const char *text, char close, const char *escape)
{
    str_addc(out, open);
    for (; *text != 0; text++) {
        if (is_in(*text, escape))
            str_addc(out, '\\');
        str_addc(out, *text);
    }
    str_addc(out, close);
}

void address_token_add(struct str *out, const struct address_token *token)
{
    switch (token->type) {
    case ADDRESS_OPERATOR:
        str_addc(out, token->op);
        return;
    case ADDRESS_QUOTED:
        add_delimited(out, '"', token->text, '"', "\"\\");
        return;
    case ADDRESS_LITERAL:
        add_delimited(out, '[', token->text, ']', "\\");
        return;
    case ADDRESS_ATOM:
    case ADDRESS_COMMENT:
        str_adds(out, token->text);
        return;
    }
}

void address_token_add_external(struct str *out, const struct address_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct address_token *token = &tokens->items[i];

        if (token->type == ADDRESS_COMMENT)
            continue;
        address_token_add(out, token);
        if (token->type == ADDRESS_OPERATOR && token->op == ',')
            str_addc(out, ' ');
    }
}

void address_token_add_internal(struct str *out, const struct address_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct address_token *token = &tokens->items[i];

        switch (token->type) {
        case ADDRESS_ATOM:
        case ADDRESS_QUOTED:
            str_adds(out, token->text);
            break;
        case ADDRESS_LITERAL:
            str_addf(out, "[%s]", token->text);
            break;
        case ADDRESS_OPERATOR:
            str_addc(out, token->op);
            break;
        case ADDRESS_COMMENT:
            break;
        }
    }
}

static bool is_word(const struct address_token *token)
{
    return token->type != ADDRESS_OPERATOR;
}

static bool is_operator(const struct address_token *token, char op)
{
    return token->type == ADDRESS_OPERATOR && token->op == op;
}

static bool is_spaced(const struct address_token *left, const struct address_token *right)
{
    if (is_word(left))
        return is_word(right) || is_operator(right, '<');
    return is_operator(left, ',') || (is_operator(left, '>') && is_word(right));
}

void address_token_add_line(struct str *out, const struct address_tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (i > 0 && is_spaced(&tokens->items[i - 1], &tokens->items[i]))
            str_addc(out, ' ');
        address_token_add(out, &tokens->items[i]);
    }
    if (tokens->count > 0 && is_operator(&tokens->items[tokens->count - 1], ','))
        str_addc(out, ' ');
}
