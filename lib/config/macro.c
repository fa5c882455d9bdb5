#include "config/macro.h"

#include <ctype.h>

#include "base/compiler.h"
#include "base/idna.h"
#include "base/utf8.h"
#include "config/level.h"

struct span {
    const char *at, *end;
};

struct expansion {
    macro_lookup *lookup;
    void *context;
    struct str *why;
    bool *has_undefined; /* may be NULL */
    int depth;
};

static bool expand(struct expansion *e, struct span text, struct str *out);

static size_t span_len(struct span s)
{
    return (size_t) (s.end - s.at);
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char) c) || c == '_';
}

static struct span skip_space(struct span s)
{
    while (s.at < s.end && isspace((unsigned char) *s.at))
        s.at++;
    return s;
}

static bool starts_with(struct span s, char c)
{
    return s.at < s.end && *s.at == c;
}

/* "...what came before>>>what cannot be here" */
static bool unexpected(struct expansion *e, const char *problem, struct span before, const char *then, struct span rest)
{
    enum { SHOW_MAX = 20 };

    str_setf(e->why, "%s at: \"...%.*s%s>>>%.*s\"", problem, (int) span_len(before), before.at, then,
        (int) (span_len(rest) < SHOW_MAX ? span_len(rest) : SHOW_MAX), rest.at);
    return false;
}

/* What stands between the bracket at s->at and its partner; s moves behind that. False: it has none. */
static bool bracketed(struct span *s, char open, char close, struct span *inside)
{
    int depth = 0;

    for (const char *p = s->at; p < s->end; p++) {
        if (*p == open)
            depth++;
        else if (*p == close && --depth == 0) {
            *inside = (struct span){s->at + 1, p};
            s->at = p + 1;
            return true;
        }
    }
    return false;
}

static bool braced(struct expansion *e, struct span *s, struct span *inside)
{
    if (bracketed(s, '{', '}', inside))
        return true;
    str_setf(e->why, "unbalanced {} in attribute value: \"%.*s\"", (int) span_len(*s), s->at);
    return false;
}

/* The value of a name; NULL when undefined. */
static const char *value_of(struct expansion *e, struct span name)
{
    struct str text = {0};

    str_add(&text, name.at, span_len(name));
    const char *value = e->lookup(e->context, str_text(&text));
    str_done(&text);
    return value;
}

/* A name stands for its value, or, undefined, for nothing. */
static void substitute(struct expansion *e, const char *value, struct str *out)
{
    if (value != NULL)
        str_adds(out, value);
    else if (e->has_undefined != NULL)
        *e->has_undefined = true;
}

/* The text after ':' that nothing may follow: in braces, or all there is. */
static bool last_branch(struct expansion *e, struct span rest, bool is_taken, struct str *out)
{
    struct span text = rest, after = skip_space(rest);

    if (starts_with(after, '{')) {
        if (!braced(e, &after, &text))
            return false;
        after = skip_space(after);
        if (after.at < after.end)
            return unexpected(e, "unexpected input", text, "}", after);
    }
    return is_taken ? expand(e, text, out) : true;
}

/* rest begins with the '?' or ':' that follows a name or a comparison. */
static bool conditional(struct expansion *e, struct span rest, bool is_true, struct str *out)
{
    char which = *rest.at++;
    struct span text = rest, after = skip_space(rest);

    if (which == ':')
        return last_branch(e, rest, !is_true, out);
    if (!starts_with(after, '{'))
        return is_true ? expand(e, text, out) : true;
    if (!braced(e, &after, &text) || (is_true && !expand(e, text, out)))
        return false;
    after = skip_space(after);
    if (after.at == after.end)
        return true;
    if (*after.at != ':')
        return unexpected(e, "\":\" expected", text, "}", after);
    after.at++;
    return last_branch(e, after, !is_true, out);
}

enum comparison { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

static const struct {
    const char *text, *spaced; /* spaced: for error texts */
    enum comparison comparison;
} operators[] = {
    {"==", " ==", EQUAL},
    {"!=", " !=", NOT_EQUAL},
    {"<", " <", LESS},
    {"<=", " <=", LESS_EQUAL},
    {">", " >", GREATER},
    {">=", " >=", GREATER_EQUAL},
};

static bool holds(enum comparison comparison, int order)
{
    switch (comparison) {
    case EQUAL:
        return order == 0;
    case NOT_EQUAL:
        return order != 0;
    case LESS:
        return order < 0;
    case LESS_EQUAL:
        return order <= 0;
    case GREATER:
        return order > 0;
    case GREATER_EQUAL:
        return order >= 0;
    }
    return false;
}

static bool is_all_digits(const char *text)
{
    return *text != 0 && text[strspn(text, "0123456789")] == 0;
}

/* By digits, so that no number is too long. */
static int compare_numbers(const char *a, const char *b)
{
    a += strspn(a, "0");
    b += strspn(b, "0");
    if (strlen(a) != strlen(b))
        return strlen(a) < strlen(b) ? -1 : 1;
    return strcmp(a, b);
}

static bool compare_levels(struct expansion *e, const char *left, const char *right, int *order)
{
    struct level l, r;
    const char *bad = !level_parse(left, &l) ? left : !level_parse(right, &r) ? right : NULL;

    if (bad != NULL) {
        str_setf(e->why, "malformed compatibility level syntax: \"%s\"", bad);
        return false;
    }
    *order = level_compare(&l, &r);
    return true;
}

static bool compare(
    struct expansion *e, struct span left, struct span right, bool are_levels, enum comparison wanted, bool *result)
{
    struct str a = {0}, b = {0};
    int order = 0;
    bool ok = expand(e, left, &a) && expand(e, right, &b);

    if (ok && are_levels)
        ok = compare_levels(e, str_text(&a), str_text(&b), &order);
    else if (is_all_digits(str_text(&a)) && is_all_digits(str_text(&b)))
        order = compare_numbers(str_text(&a), str_text(&b));
    else
        order = strcmp(str_text(&a), str_text(&b));
    *result = holds(wanted, order);
    str_done(&a);
    str_done(&b);
    return ok;
}

/* "<=level": the operator and its suffix; *s moves behind them. left is for the error text. */
static bool operator(struct expansion *e, struct span *s, struct span left, size_t *which, bool *are_levels)
{
    struct span op = *s, suffix;

    while (s->at < s->end && strchr("<>!=", *s->at) != NULL)
        s->at++;
    op.end = s->at;
    size_t i = 0;
    while (i < ARRAY_SIZE(operators) &&
           (strlen(operators[i].text) != span_len(op) || memcmp(operators[i].text, op.at, span_len(op)) != 0))
        i++;
    if (i == ARRAY_SIZE(operators)) {
        s->at = op.at;
        return unexpected(e, "\"==\" or \"!=\" or \"<\" or \"<=\" or \">=\" or \">\" expected", left, "}", *s);
    }
    *which = i;
    suffix = (struct span){s->at, s->at};
    while (suffix.end < s->end && is_name_char(*suffix.end))
        suffix.end++;
    s->at = suffix.end;
    *are_levels = span_len(suffix) == 5 && memcmp(suffix.at, "level", 5) == 0;
    if (span_len(suffix) > 0 && !*are_levels)
        return unexpected(e, "bad operator suffix", op, "", suffix);
    return true;
}

/* "{text} op {text}", then nothing, or '?' or ':' */
static bool relation(struct expansion *e, struct span body, struct str *out)
{
    struct span left, right, s = body;
    size_t op = 0;
    bool are_levels = false, is_true = false;

    if (!braced(e, &s, &left))
        return false;
    struct span left_braced = {body.at, s.at};
    s = skip_space(s);
    if (!operator(e, &s, left, &op, &are_levels))
        return false;
    struct span behind = s;
    s = skip_space(s);
    if (!starts_with(s, '{'))
        return unexpected(e, "\"{expression}\" expected", left_braced, operators[op].spaced, behind);
    if (!braced(e, &s, &right) || !compare(e, left, right, are_levels, operators[op].comparison, &is_true))
        return false;
    s = skip_space(s);
    if (s.at < s.end && *s.at != '?' && *s.at != ':')
        return unexpected(e, "\"?\" or \":\" expected", (struct span){s.at, s.at}, "}", s);
    if (s.at < s.end)
        return conditional(e, s, is_true, out);
    if (is_true)
        str_adds(out, "true");
    return true;
}

/* What is ASCII stays as it is written. */
static bool to_ascii(const char *domain, struct str *out)
{
    if (!utf8_is_ascii(domain, strlen(domain)))
        return idna_to_ascii(domain, out);
    str_set(out, domain);
    return true;
}

static const struct {
    const char *name;
    bool (*apply)(const char *text, struct str *out); /* replaces what is in out */
} functions[] = {
    {"domain_to_ascii", to_ascii},
    {"domain_to_utf8", idna_to_utf8},
};

/* rest begins with the brace after the name of a function. */
static bool function_call(struct expansion *e, struct span name, struct span rest, struct str *out)
{
    struct span argument, after = rest;
    struct str value = {0}, result = {0};

    size_t i = 0;
    while (i < ARRAY_SIZE(functions) &&
           (strlen(functions[i].name) != span_len(name) || memcmp(functions[i].name, name.at, span_len(name)) != 0))
        i++;
    if (i == ARRAY_SIZE(functions))
        return unexpected(e, "attribute name syntax error", name, "", rest);
    if (!braced(e, &after, &argument))
        return false;
    after = skip_space(after);
    if (after.at < after.end)
        return unexpected(e, "unexpected input", argument, "}", after);
    bool ok = expand(e, argument, &value);
    if (ok && !functions[i].apply(str_text(&value), &result)) {
        str_setf(e->why, "%s: bad domain name: \"%s\"", functions[i].name, str_text(&value));
        ok = false;
    }
    str_add(out, str_text(&result), result.len);
    str_done(&value);
    str_done(&result);
    return ok;
}

/* What stands in the outer braces. */
static bool braced_reference(struct expansion *e, struct span body, struct str *out)
{
    body = skip_space(body);
    if (starts_with(body, '{'))
        return relation(e, body, out);

    struct span name = {body.at, body.at};
    while (name.end < body.end && is_name_char(*name.end))
        name.end++;
    struct span behind = {name.end, body.end}, rest = skip_space(behind);
    if (rest.at < rest.end && strchr("?:{", *rest.at) == NULL)
        return unexpected(e, "attribute name syntax error", name, "", behind);
    if (starts_with(rest, '{'))
        return function_call(e, name, rest, out);
    const char *value = value_of(e, name);
    if (rest.at < rest.end)
        return conditional(e, rest, value != NULL && *value != 0, out);
    substitute(e, value, out);
    return true;
}

/* rest->at is behind a '$', and moves behind the reference. whole is for the error text. */
static bool reference(struct expansion *e, struct span whole, struct span *rest, struct str *out)
{
    struct span body = {rest->at, rest->at};
    bool is_braced = starts_with(*rest, '{') || starts_with(*rest, '(');

    if (is_braced) {
        if (!bracketed(rest, *rest->at, *rest->at == '{' ? '}' : ')', &body)) {
            str_setf(e->why, "truncated macro reference: \"%.*s\"", (int) span_len(whole), whole.at);
            return false;
        }
    } else {
        while (body.end < rest->end && is_name_char(*body.end))
            body.end++;
        rest->at = body.end;
    }
    if (span_len(body) == 0) {
        str_setf(e->why, "empty macro name: \"%.*s\"", (int) span_len(whole), whole.at);
        return false;
    }
    if (is_braced)
        return braced_reference(e, body, out);
    substitute(e, value_of(e, body), out);
    return true;
}

static bool expand(struct expansion *e, struct span text, struct str *out)
{
    struct span rest = text;
    bool ok = e->depth++ < MACRO_DEPTH_MAX;

    if (!ok)
        str_setf(e->why, "unreasonable macro call nesting: \"%.*s\"", (int) span_len(text), text.at);
    while (ok && rest.at < rest.end) {
        const char *dollar = memchr(rest.at, '$', span_len(rest));
        str_add(out, rest.at, (size_t) ((dollar == NULL ? rest.end : dollar) - rest.at));
        if (dollar == NULL)
            break;
        rest.at = dollar + 1;
        if (starts_with(rest, '$')) {
            str_addc(out, '$');
            rest.at++;
        } else
            ok = reference(e, text, &rest, out);
    }
    e->depth--;
    return ok;
}

bool macro_expand_noting(const char *text, macro_lookup *lookup, void *context, bool *has_undefined, struct str *out,
    struct str *why)
{
    struct expansion e = {.lookup = lookup, .context = context, .why = why, .has_undefined = has_undefined};

    return expand(&e, (struct span){text, text + strlen(text)}, out);
}

bool macro_expand(const char *text, macro_lookup *lookup, void *context, struct str *out, struct str *why)
{
    return macro_expand_noting(text, lookup, context, NULL, out, why);
}
