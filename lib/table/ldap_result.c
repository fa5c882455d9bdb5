#ifdef WITH_LDAP
#include <strings.h>

#include "base/log.h"
#include "table/ldap_internal.h"

static const char where[] = "dict_ldap_get_values";

/* One lookup, which may lead from entry to entry. */
struct walk {
    struct ldap_table *l;
    const char *key;
    struct str *value;
    int count; /* values so far */
};

static bool walk_entries(struct walk *w, LDAPMessage *found, int depth);

static size_t begin_of(const struct ldap_table *l, enum ldap_part part)
{
    return part == 0 ? 0 : l->ends[part - 1];
}

/* Has the entry a value of one of these attributes? */
static bool has_any(const struct ldap_table *l, LDAPMessage *entry, enum ldap_part part)
{
    for (size_t i = begin_of(l, part); i < l->ends[part]; i++) {
        struct berval **values = ldap_get_values_len(l->ld, entry, l->attributes.items[i]);
        bool has = ldap_count_values_len(values) > 0;
        ldap_value_free_len(values);
        if (has)
            return true;
    }
    return false;
}

/* What an attribute of that name is; LDAP_PARTS: nothing to us. */
static enum ldap_part part_of(const struct ldap_table *l, const char *attribute)
{
    for (enum ldap_part part = 0; part < LDAP_PARTS; part++)
        for (size_t i = begin_of(l, part); i < l->ends[part]; i++)
            if (strcasecmp(l->attributes.items[i], attribute) == 0)
                return part;
    return LDAP_PARTS;
}

/* --- values that lead elsewhere --- */

static bool follow(struct walk *w, const char *base, int scope, const char *filter, char **attributes, int depth)
{
    LDAPMessage *found = NULL;
    int code = ldap_connect_search(w->l, base, scope, filter, attributes, &found);
    bool ok = true;

    if (code == LDAP_SUCCESS) {
        ok = walk_entries(w, found, depth + 1);
    } else if (code == LDAP_NO_SUCH_OBJECT) { /* as if it had no attributes that we want */
        log_warn("%s[%d]: DN %s not found, skipping ", where, depth, base);
    } else {
        log_warn("%s[%d]: search error %d: %s ", where, depth, code, ldap_err2string(code));
        ok = false;
    }
    if (found != NULL)
        ldap_msgfree(found);
    return ok;
}

/* RFC 4516: an URL without attributes means all of them; else those that both want. */
static void url_attributes(const struct ldap_table *l, const LDAPURLDesc *url, struct vec *attributes)
{
    for (size_t i = 0; l->attributes.items[i] != NULL; i++) {
        bool is_wanted = url->lud_attrs == NULL;
        for (size_t j = 0; url->lud_attrs != NULL && url->lud_attrs[j] != NULL; j++)
            if (strcasecmp(url->lud_attrs[j], l->attributes.items[i]) == 0 || strcmp(url->lud_attrs[j], "*") == 0)
                is_wanted = true;
        if (is_wanted)
            vec_add(attributes, l->attributes.items[i]);
    }
}

static bool follow_url(struct walk *w, const char *text, int depth)
{
    struct vec attributes = {0};
    LDAPURLDesc *url;
    int code = ldap_url_parse(text, &url);
    bool ok = true;

    if (code != LDAP_URL_SUCCESS) {
        log_warn("%s[%d]: malformed URL %s: %s(%d)", where, depth, text, ldap_err2string(code), code);
        return false;
    }
    url_attributes(w->l, url, &attributes);
    if (attributes.count > 0) {
        vec_add(&attributes, NULL);
        ok = follow(w, url->lud_dn == NULL ? "" : url->lud_dn, url->lud_scope, url->lud_filter,
            (char **) attributes.items, depth);
    } else if (log_verbose > 0) {
        log_info("%s[%d]: skipping URL %s: no pertinent attributes", where, depth, text);
    }
    vec_done(&attributes, NULL);
    ldap_free_urldesc(url);
    return ok;
}

static bool follow_value(struct walk *w, const char *attribute, const char *text, int depth)
{
    if (depth >= w->l->recursion_limit) {
        log_warn("%s[%d]: %s: Recursion limit exceeded for special attribute %s=%s", where, depth, w->l->dbms.name,
            attribute, text);
        return false;
    }
    if (ldap_is_ldap_url(text))
        return follow_url(w, text, depth);
    return follow(w, text, LDAP_SCOPE_BASE, "objectclass=*", (char **) w->l->attributes.items, depth);
}

/* --- entries --- */

static bool add_value(struct walk *w, const char *text, int depth)
{
    if (dbms_add(&w->l->dbms, w->key, text, &w->count, w->value))
        return true;
    log_warn("%s[%d]: %s: Expansion limit exceeded for key: '%s'", where, depth, w->l->dbms.name, w->key);
    return false;
}

static bool take_attribute(struct walk *w, LDAPMessage *entry, const char *attribute, enum ldap_part part, int depth)
{
    struct berval **values = ldap_get_values_len(w->l->ld, entry, attribute);
    int count = ldap_count_values_len(values);
    bool ok = true;

    for (int i = 0; ok && i < count; i++) {
        const char *text = values[i]->bv_val;
        if (strlen(text) != values[i]->bv_len) /* a NUL is in no address */
            continue;
        ok = part == LDAP_PART_SPECIAL ? follow_value(w, attribute, text, depth) : add_value(w, text, depth);
    }
    ldap_value_free_len(values);
    return ok;
}

static bool walk_entry(struct walk *w, LDAPMessage *entry, int depth)
{
    const struct ldap_table *l = w->l;
    bool is_terminal = has_any(l, entry, LDAP_PART_TERMINAL), ok = true;
    bool leads_on = !is_terminal && has_any(l, entry, LDAP_PART_SPECIAL);
    BerElement *cursor = NULL;

    for (char *name = ldap_first_attribute(l->ld, entry, &cursor); name != NULL;
         name = ldap_next_attribute(l->ld, entry, cursor)) {
        enum ldap_part part = part_of(l, name);
        bool counts = is_terminal ? part == LDAP_PART_TERMINAL : part != LDAP_PART_LEAF || !leads_on;
        if (ok && counts && part != LDAP_PARTS)
            ok = take_attribute(w, entry, name, part, depth);
        ldap_memfree(name);
    }
    if (cursor != NULL)
        ber_free(cursor, 0);
    return ok;
}

/* False: logged. */
static bool walk_entries(struct walk *w, LDAPMessage *found, int depth)
{
    int limit = w->l->size_limit, count = 0;
    bool ok = true;

    for (LDAPMessage *e = ldap_first_entry(w->l->ld, found); ok && e != NULL; e = ldap_next_entry(w->l->ld, e)) {
        if (limit > 0 && ++count > limit) {
            log_warn("%s[%d]: %s: Query size limit (%d) exceeded", where, depth, w->l->dbms.name, limit);
            return false;
        }
        ok = walk_entry(w, e, depth);
    }
    return ok;
}

enum table_result ldap_result_values(struct ldap_table *l, LDAPMessage *found, const char *key, struct str *value)
{
    struct walk w = {.l = l, .key = key, .value = value};

    return walk_entries(&w, found, 1) ? dbms_result(value) : TABLE_ERROR;
}
#endif
