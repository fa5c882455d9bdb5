#include "services/trivial-rewrite/rewrite.h"

#include "base/arena.h"
#include "base/log.h"
#include "config/compat.h"
#include "config/config.h"
#include "mail/address_token.h"
#include "mail/quote.h"

void rewrite_address_done(struct rewrite_address *a)
{
    str_done(&a->text);
    str_done(&a->is_syntax);
}

/* --- scanning --- */

static void add(struct rewrite_address *a, const char *bytes, size_t n, bool is_syntax)
{
    str_add(&a->text, bytes, n);
    memset(str_grow(&a->is_syntax, n), is_syntax, n);
}

static void add_char(struct rewrite_address *a, char c)
{
    add(a, &c, 1, true);
}

static void add_token(struct rewrite_address *a, const struct address_token *t)
{
    switch (t->type) {
    case ADDRESS_OPERATOR:
        add_char(a, t->op);
        if (t->op == ',')
            add_char(a, ' ');
        return;
    case ADDRESS_LITERAL:
        add(a, "[", 1, false);
        add(a, t->text, strlen(t->text), false);
        add(a, "]", 1, false);
        return;
    case ADDRESS_ATOM:
        add(a, t->text, strlen(t->text), true);
        return;
    case ADDRESS_QUOTED:
    case ADDRESS_COMMENT:
        add(a, t->text, strlen(t->text), false);
        return;
    }
}

/* Words that stand side by side have one blank between them; a comment is a word. */
static void add_tokens(struct rewrite_address *a, const char *text)
{
    struct arena memory = {0};
    struct address_tokens tokens = address_token_scan(&memory, text, 0);

    for (size_t i = 0; i < tokens.count; i++) {
        const struct address_token *t = &tokens.items[i];
        if (i > 0 && t->type != ADDRESS_OPERATOR && t[-1].type != ADDRESS_OPERATOR)
            add(a, " ", 1, false);
        add_token(a, t);
    }
    arena_done(&memory);
}

void rewrite_scan_internal(struct rewrite_address *a, const char *internal, bool is_quoting)
{
    const char *at = strrchr(internal, '@');
    struct str local = {0}, quoted = {0};

    str_clear(&a->text);
    str_clear(&a->is_syntax);
    str_add(&local, internal, at == NULL ? strlen(internal) : (size_t) (at - internal));
    bool is_quoted = is_quoting && quote_local(str_text(&local), &quoted) != str_text(&local);
    add(a, str_text(&local), local.len, !is_quoted);
    if (at != NULL) {
        add_char(a, '@');
        add_tokens(a, at + 1);
    }
    str_done(&local);
    str_done(&quoted);
}

/* --- syntax --- */

/* The first or last such character that is syntax, or NULL. */
static char *find(const struct rewrite_address *a, char wanted, bool want_last)
{
    char *found = NULL;

    for (size_t i = 0; i < a->text.len; i++) {
        if (a->text.data[i] != wanted || !a->is_syntax.data[i])
            continue;
        found = a->text.data + i;
        if (!want_last)
            break;
    }
    return found;
}

char *rewrite_last_at(const struct rewrite_address *a)
{
    return find(a, '@', true);
}

bool rewrite_has_route(const struct rewrite_address *a)
{
    return rewrite_last_at(a) != NULL || (conf.swap_bangpath && find(a, '!', false) != NULL) ||
        (conf.allow_percent_hack && find(a, '%', true) != NULL);
}

/* --- the rules --- */

/* RFC 5321 appendix C lets a server ignore "@a,@b:" in front of an address. */
static void drop_source_route(struct rewrite_address *a)
{
    const char *colon = find(a, ':', false);

    if (colon == NULL || a->text.data[0] != '@' || !a->is_syntax.data[0])
        return;
    size_t n = (size_t) (colon - a->text.data) + 1;
    str_drop(&a->text, n);
    str_drop(&a->is_syntax, n);
}

/* host!user is user@host; of a!b!user only the first host is taken. */
static void swap_bang_path(struct rewrite_address *a)
{
    const char *bang = find(a, '!', false);
    struct rewrite_address out = {0};

    if (bang == NULL)
        return;
    size_t host = (size_t) (bang - a->text.data), user = host + 1;
    str_add(&out.text, a->text.data + user, a->text.len - user);
    str_add(&out.is_syntax, a->is_syntax.data + user, a->text.len - user);
    add_char(&out, '@');
    str_add(&out.text, a->text.data, host);
    str_add(&out.is_syntax, a->is_syntax.data, host);
    rewrite_address_done(a);
    *a = out;
}

/* user%host is user@host. */
static void swap_percent(struct rewrite_address *a)
{
    char *percent = find(a, '%', true);

    if (percent != NULL)
        *percent = '@';
}

bool rewrite_drop_dot(struct rewrite_address *a)
{
    const char *at = rewrite_last_at(a);
    size_t n = at == NULL ? 0 : strlen(at + 1);

    if (n == 0 || at[n] != '.')
        return false;
    if (n > 1 && at[n - 1] != '.') {
        str_cut(&a->text, a->text.len - 1);
        str_cut(&a->is_syntax, a->text.len);
    }
    return true;
}

static void append_dot_domain(struct rewrite_address *a, const char *domain)
{
    const char *host = rewrite_last_at(a) + 1;

    if (compat.append_dot_mydomain)
        log_info("using backwards-compatible default setting append_dot_mydomain=yes to rewrite \"%s\" to \"%s.%s\"%s",
            host, host, domain, strcasecmp(host, "localhost") == 0 ?
            "; please add \"localhost\" to mydestination or other address class" : "");
    add_char(a, '.');
    add(a, domain, strlen(domain), true);
}

void rewrite_standard(const struct rewrite_context *c, struct rewrite_address *a)
{
    drop_source_route(a);
    if (rewrite_last_at(a) == NULL && conf.swap_bangpath)
        swap_bang_path(a);
    if (rewrite_last_at(a) == NULL && conf.allow_percent_hack)
        swap_percent(a);
    if (rewrite_last_at(a) == NULL && conf.append_at_myorigin && *c->origin != 0) {
        add_char(a, '@');
        add(a, c->origin, strlen(c->origin), true);
    }
    bool is_complete = rewrite_drop_dot(a);
    const char *at = rewrite_last_at(a);
    if (is_complete || at == NULL || at[1] == 0 || strpbrk(at + 1, ".[") != NULL)
        return;
    if (conf.append_dot_mydomain && *c->dot_domain != 0)
        append_dot_domain(a, c->dot_domain);
}

static void put_external(const struct rewrite_address *a, struct str *out)
{
    const char *at = rewrite_last_at(a);
    struct str local = {0}, quoted = {0};

    str_add(&local, str_text(&a->text), at == NULL ? a->text.len : (size_t) (at - a->text.data));
    str_set(out, local.len == 0 ? "\"\"" : quote_local(str_text(&local), &quoted));
    if (at != NULL)
        str_adds(out, at);
    str_done(&local);
    str_done(&quoted);
}

void rewrite_apply(const struct rewrite_context *c, const char *address, struct str *out)
{
    struct rewrite_address a = {0};

    str_clear(out);
    if (*address == 0)
        return;
    add_tokens(&a, address);
    rewrite_standard(c, &a);
    put_external(&a, out);
    rewrite_address_done(&a);
}
