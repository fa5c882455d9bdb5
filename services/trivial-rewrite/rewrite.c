#include "services/trivial-rewrite/rewrite.h"

#include "config/config.h"

const char *rewrite_last_at(const char *address)
{
    const char *at = NULL;
    bool is_quoted = false;

    for (const char *p = address; *p != 0; p++) {
        if (*p == '\\' && p[1] != 0)
            p++;
        else if (*p == '"')
            is_quoted = !is_quoted;
        else if (*p == '@' && !is_quoted)
            at = p;
    }
    return at;
}

/* The first or last such character outside of quotes. */
static const char *find(const char *text, size_t n, char wanted, bool want_last)
{
    const char *found = NULL;
    bool is_quoted = false;

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            is_quoted = !is_quoted;
        else if (text[i] == wanted && !is_quoted) {
            found = text + i;
            if (!want_last)
                break;
        }
    }
    return found;
}

/* RFC 5321 4.1.1.3 lets a server ignore "@a,@b:" in front of an address. */
static void drop_source_route(struct str *a)
{
    if (a->len == 0 || a->data[0] != '@')
        return;
    const char *colon = find(a->data, a->len, ':', true);
    if (colon != NULL)
        str_drop(a, (size_t) (colon - a->data) + 1);
}

/* host!user is user@host; of a!b!user only the first host is taken. */
static void swap_bang_path(struct str *a)
{
    const char *bang = find(a->data, a->len, '!', false);
    struct str out = {0};

    if (bang == NULL)
        return;
    str_add(&out, bang + 1, a->len - (size_t) (bang - a->data) - 1);
    str_addc(&out, '@');
    str_add(&out, a->data, (size_t) (bang - a->data));
    str_done(a);
    *a = out;
}

/* user%host is user@host. */
static void swap_percent(struct str *a)
{
    const char *percent = find(a->data, a->len, '%', true);

    if (percent != NULL)
        a->data[percent - a->data] = '@';
}

static void complete_domain(const struct rewrite_context *c, struct str *a)
{
    const char *at = rewrite_last_at(a->data);
    const char *domain = at + 1;

    if (*domain == 0 || *domain == '[') {
        if (*domain == 0)
            str_cut(a, (size_t) (at - a->data));
        return;
    }
    size_t n = strlen(domain);
    if (domain[n - 1] == '.') { /* "user@host.": complete as it is */
        str_cut(a, a->len - 1);
        return;
    }
    if (strchr(domain, '.') == NULL && *c->dot_domain != 0)
        str_addf(a, ".%s", c->dot_domain);
}

void rewrite_apply(const struct rewrite_context *c, const char *address, struct str *out)
{
    str_set(out, address);
    if (out->len == 0)
        return;
    drop_source_route(out);
    if (rewrite_last_at(str_text(out)) == NULL && conf.swap_bangpath)
        swap_bang_path(out);
    if (rewrite_last_at(str_text(out)) == NULL && conf.allow_percent_hack)
        swap_percent(out);
    if (rewrite_last_at(str_text(out)) != NULL)
        complete_domain(c, out);
    if (out->len > 0 && rewrite_last_at(str_text(out)) == NULL && *c->origin != 0) {
        str_addf(out, "@%s", c->origin);
        complete_domain(c, out);
    }
}
