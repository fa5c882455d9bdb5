#include "mail/address_list.h"

#include <string.h>

#include "mail/address_token.h"
#include "mail/quote.h"

/* What a list is made of, from left to right: tokens outside addresses, and addresses. A comment
 * in an address comes behind it. */
struct item {
    struct item *next;
    struct address *address; /* NULL: a token */
    const struct address_token *token;
    bool starts_group; /* the token is the colon of a group */
};

struct address {
    struct address *next;
    struct address_tokens tokens;
    const char *internal, *external; /* NULL until asked for */
};

struct address_list {
    struct arena *arena;
    struct item *items;
    struct address *addresses; /* in order */
    struct address **at;       /* by index */
    size_t count;
    bool changed;
};

static const struct address_token comma = {.type = ADDRESS_OPERATOR, .op = ','};

static bool is_operator(const struct address_token *t, char op)
{
    return t->type == ADDRESS_OPERATOR && t->op == op;
}

static bool is_word(const struct address_token *t)
{
    return t->type != ADDRESS_OPERATOR && t->type != ADDRESS_COMMENT;
}

/* The parser goes from right to left, because only there it is clear what something is: what
 * precedes <...> is a phrase, and what precedes a colon a group's name if a ';' follows. */
struct parser {
    struct address_list *list;
    const struct address_token *items;
    size_t left;      /* tokens not yet seen */
    bool in_group;    /* there is a ';' to the right: a colon is that of a group */
    bool in_phrase;   /* there is <...> to the right */
    bool in_name;     /* there is a group to the right; all is its name, up to a comma */
    bool needs_comma; /* an address is to the right, without a separator before it */
};

static struct item *prepend(struct parser *p, const struct address_token *token)
{
    struct item *item = arena_new(p->list->arena, struct item);

    item->token = token;
    item->next = p->list->items;
    p->list->items = item;
    return item;
}

/* An address of the tokens from..to, its comments behind it. Nothing but comments: no address. */
static void prepend_address(struct parser *p, size_t from, size_t to)
{
    struct arena *a = p->list->arena;
    struct address *address = arena_new(a, struct address);

    address->tokens.items = arena_alloc(a, (to - from) * sizeof(struct address_token));
    for (size_t i = to; i > from; i--)
        if (p->items[i - 1].type == ADDRESS_COMMENT)
            prepend(p, &p->items[i - 1]);
    for (size_t i = from; i < to; i++)
        if (p->items[i].type != ADDRESS_COMMENT)
            address->tokens.items[address->tokens.count++] = p->items[i];
    if (address->tokens.count == 0)
        return;
    address->next = p->list->addresses;
    p->list->addresses = address;
    p->list->count++;
    prepend(p, NULL)->address = address;
}

/* Before a '>': the address between it and the next '<' to the left, or all that there is. */
static void parse_angle(struct parser *p)
{
    size_t to = p->left - 1, from = to;

    while (from > 0 && !is_operator(&p->items[from - 1], '<'))
        from--;
    if (p->needs_comma)
        prepend(p, &comma);
    p->needs_comma = false;
    prepend(p, &p->items[to]);
    prepend_address(p, from, to);
    if (from > 0)
        prepend(p, &p->items[--from]);
    p->left = from;
    p->in_phrase = true;
}

/* Before a word or an operator that is part of an address: all of that. */
static void parse_plain(struct parser *p)
{
    size_t to = p->left, from = to;
    bool after_word = false;

    for (; from > 0; from--) {
        const struct address_token *t = &p->items[from - 1];

        if (is_operator(t, ',') || is_operator(t, ';') || is_operator(t, '>') || (p->in_group && is_operator(t, ':')))
            break;
        if (is_word(t) && after_word)
            break;
        if (t->type != ADDRESS_COMMENT)
            after_word = is_word(t);
    }
    if (p->needs_comma)
        prepend(p, &comma);
    prepend_address(p, from, to);
    p->left = from;
    p->needs_comma = true;
}

/* Before a separator: what is to the right of it no longer matters. */
static void parse_separator(struct parser *p, const struct address_token *t)
{
    if (p->needs_comma && is_operator(t, ';'))
        prepend(p, &comma);
    prepend(p, t)->starts_group = p->in_group && is_operator(t, ':');
    p->in_group = p->in_group || is_operator(t, ';');
    p->in_name = p->in_group && is_operator(t, ':');
    p->in_phrase = p->needs_comma = false;
    p->left--;
}

static bool is_separator(const struct parser *p, const struct address_token *t)
{
    if (p->in_name)
        return is_operator(t, ',');
    return is_operator(t, ',') || is_operator(t, ';') || (is_operator(t, ':') && (p->in_group || p->in_phrase));
}

static void parse(struct parser *p)
{
    while (p->left > 0) {
        const struct address_token *t = &p->items[p->left - 1];

        if (is_separator(p, t)) {
            parse_separator(p, t);
        } else if (is_operator(t, '>') && !p->in_name) {
            parse_angle(p);
        } else if (p->in_phrase || p->in_name || t->type == ADDRESS_COMMENT) {
            prepend(p, t);
            p->left--;
        } else {
            parse_plain(p);
        }
    }
}

struct address_list *address_list_parse(struct arena *a, const char *text, size_t token_limit)
{
    struct address_tokens tokens = address_token_scan(a, text, token_limit);
    struct address_list *list = arena_new(a, struct address_list);
    struct parser parser = {.list = list, .items = tokens.items, .left = tokens.count};

    list->arena = a;
    parse(&parser);
    list->at = arena_alloc(a, list->count * sizeof(*list->at));
    size_t i = 0;
    for (struct address *address = list->addresses; address != NULL; address = address->next)
        list->at[i++] = address;
    return list;
}

size_t address_list_count(const struct address_list *l)
{
    return l->count;
}

const char *address_list_internal(struct address_list *l, size_t index)
{
    struct address *address = l->at[index];
    struct str text = {0};

    if (address->internal == NULL) {
        address_token_add_internal(&text, &address->tokens);
        address->internal = arena_strndup(l->arena, str_text(&text), text.len);
        str_done(&text);
    }
    return address->internal;
}

const char *address_list_external(struct address_list *l, size_t index)
{
    struct address *address = l->at[index];
    struct str text = {0};

    if (address->external == NULL) {
        address_token_add_external(&text, &address->tokens);
        address->external = arena_strndup(l->arena, str_text(&text), text.len);
        str_done(&text);
    }
    return address->external;
}

void address_list_set_external(struct address_list *l, size_t index, const char *text)
{
    struct address *address = l->at[index];

    if (strcmp(address_list_external(l, index), text) == 0)
        return;
    address->tokens = address_token_scan(l->arena, text, 0);
    address->internal = address->external = NULL;
    l->changed = true;
}

void address_list_set_internal(struct address_list *l, size_t index, const char *text)
{
    struct address *address = l->at[index];
    struct str quoted = {0};

    if (strcmp(address_list_internal(l, index), text) == 0)
        return;
    address->tokens = address_token_scan(l->arena, quote_822(text, &quoted), 0);
    address->internal = address->external = NULL;
    l->changed = true;
    str_done(&quoted);
}

bool address_list_is_changed(const struct address_list *l)
{
    return l->changed;
}

bool address_list_is_plain(const struct address_list *l)
{
    for (const struct item *item = l->items; item != NULL; item = item->next)
        if (item->token != NULL && !is_operator(item->token, '<') && !is_operator(item->token, '>'))
            return false;
    return true;
}

/* Is there a blank between two neighbours that neither is a comma? */
static bool is_spaced(const struct item *left, const struct item *right)
{
    bool left_word = left->address != NULL || left->token->type != ADDRESS_OPERATOR;
    bool right_word = right->address != NULL || right->token->type != ADDRESS_OPERATOR;

    if (left->starts_group || (right->token != NULL && is_operator(right->token, '<')))
        return true;
    return left_word && right_word;
}

static void add_item(const struct item *item, struct str *out)
{
    struct str internal = {0}, quoted = {0};

    if (item->address == NULL) {
        address_token_add(out, item->token);
        return;
    }
    address_token_add_internal(&internal, &item->address->tokens);
    str_adds(out, internal.len == 0 ? "\"\"" : quote_822(str_text(&internal), &quoted));
    str_done(&internal);
    str_done(&quoted);
}

enum { FOLD_COLUMNS = 70 }; /* without the tab */

/* One line an address, from start on, becomes as many on a line as fit. */
static void fill_lines(struct str *header, const char *lines)
{
    size_t line_start = header->len;
    bool first = true;

    while (header->len > 0 && line_start > 0 && header->data[line_start - 1] != '\n')
        line_start--;
    for (const char *line = lines; line != NULL; first = false) {
        size_t len = strcspn(line, "\n");
        if (!first && header->len + 1 + len - line_start < FOLD_COLUMNS) {
            str_addc(header, ' ');
        } else if (!first) {
            str_adds(header, *line == ' ' || *line == '\t' ? "\n" : "\n\t");
            line_start = header->len;
        }
        str_add(header, line, len);
        line = line[len] == 0 ? NULL : line + len + 1;
    }
}

void address_list_format(const struct address_list *l, struct str *header)
{
    struct str lines = {0};

    for (const struct item *item = l->items; item != NULL; item = item->next) {
        add_item(item, &lines);
        if (item->token != NULL && is_operator(item->token, ','))
            str_addc(&lines, '\n');
        else if (item->next != NULL && is_spaced(item, item->next))
            str_addc(&lines, ' ');
    }
    fill_lines(header, str_text(&lines));
    str_done(&lines);
}
