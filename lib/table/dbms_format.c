#include "table/dbms_format.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"

bool dbms_format_check(const char *table, const char *format, bool is_query, struct dbms_needs *needs, struct str *why)
{
    for (const char *p = format; *p != 0; p++) {
        if (*p != '%')
            continue;
        switch (*++p) {
        case '%': case 's': case 'S': break;
        case 'u': *(is_query ? &needs->key_user : &needs->value_user) = true; break;
        case 'd': *(is_query ? &needs->key_domain : &needs->value_domain) = true; break;
        case 'U': needs->key_user = true; break;
        case 'D': needs->key_domain = true; break;
        case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
            needs->key_domain = true;
            if (needs->labels < (unsigned) (*p - '0'))
                needs->labels = (unsigned) (*p - '0');
            break;
        default:
            str_setf(why, "db_common_parse: %s: Invalid %s template: %s", table, is_query ? "query" : "result", format);
            return false;
        }
    }
    return true;
}

/* A text with its parts. */
struct parts {
    const char *all, *domain; /* domain: NULL where there is no '@' */
};

static struct parts parts_of(const char *text)
{
    const char *at = text == NULL ? NULL : strrchr(text, '@');

    return (struct parts){.all = text, .domain = at == NULL ? NULL : at + 1};
}

static bool has_what(const struct parts *p, bool needs_user, bool needs_domain)
{
    if (needs_domain && (p->domain == NULL || *p->domain == 0))
        return false;
    return !needs_user || p->domain != p->all + 1;
}

/* The labels of a domain, as char * in copy, which the caller frees. */
static char *labels_of(const char *domain, struct vec *labels)
{
    char *copy = mem_strdup(domain == NULL ? "" : domain), *cursor = copy;

    for (char *label; (label = words_next(&cursor, ".")) != NULL;)
        vec_add(labels, label);
    return copy;
}

static bool add_bytes(const struct dbms_expansion *e, const char *bytes, size_t n, struct str *out)
{
    if (e->quote == NULL) {
        str_add(out, bytes, n);
        return true;
    }
    char *text = mem_strndup(bytes, n);
    bool ok = e->quote(e->context, text, out);
    mem_free(text);
    return ok;
}

static bool add_all(const struct dbms_expansion *e, const char *text, struct str *out)
{
    return add_bytes(e, text, strlen(text), out);
}

static bool add_user(const struct dbms_expansion *e, const struct parts *p, struct str *out)
{
    return add_bytes(e, p->all, p->domain == NULL ? strlen(p->all) : (size_t) (p->domain - 1 - p->all), out);
}

static bool add_letter(const struct dbms_expansion *e, char letter, const struct parts *key, const struct parts *value,
    const struct vec *labels, struct str *out)
{
    switch (letter) {
    case '%': str_addc(out, '%'); return true;
    case 's': return add_all(e, value->all, out);
    case 'u': return add_user(e, value, out);
    case 'd': return add_all(e, value->domain, out);
    case 'S': return add_all(e, key->all, out);
    case 'U': return add_user(e, key, out);
    case 'D': return add_all(e, key->domain, out);
    default: return add_all(e, labels->items[labels->count - (size_t) (letter - '0')], out);
    }
}

static bool fill_in(const struct dbms_expansion *e, const struct parts *key, const struct parts *value,
    const struct vec *labels, struct str *out)
{
    size_t before = out->len;

    if (before > 0)
        str_addc(out, ',');
    for (const char *p = e->format; *p != 0; p++) {
        if (*p != '%') {
            str_addc(out, *p);
        } else if (!add_letter(e, *++p, key, value, labels, out)) {
            str_cut(out, before);
            return false;
        }
    }
    return true;
}

/* An empty value says nothing, and an empty key has no question. */
static bool is_empty(const struct dbms_expansion *e)
{
    if (e->value != NULL && *e->value == 0) {
        log_warn("table \"%s:%s\": empty lookup result for: \"%s\" -- ignored", e->type, e->name, e->key);
        return true;
    }
    if (e->value == NULL && *e->key == 0)
        log_warn("table \"%s:%s\": empty query string -- ignored", e->type, e->name);
    return e->value == NULL && *e->key == 0;
}

bool dbms_format_expand(const struct dbms_expansion *e, struct str *out)
{
    struct parts key = parts_of(e->key), value = e->value == NULL ? key : parts_of(e->value);
    struct vec labels = {0};

    if (is_empty(e) || !has_what(&key, e->needs->key_user, e->needs->key_domain))
        return false;
    if (e->value != NULL && !has_what(&value, e->needs->value_user, e->needs->value_domain))
        return false;
    char *copy = labels_of(key.domain, &labels);
    bool ok = labels.count >= e->needs->labels && fill_in(e, &key, &value, &labels, out);
    mem_free(copy);
    vec_done(&labels, NULL);
    return ok;
}
