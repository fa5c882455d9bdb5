/* ldap: tables that an LDAP directory answers. See ldap_table(5). */
#ifdef WITH_LDAP
#include <stddef.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/words.h"
#include "table/ldap_internal.h"
#include "table/types.h"

enum { USUAL_PORT = 389, TIMEOUT_S = 10, RECURSION_LIMIT = 1000 };

struct choice {
    const char *name;
    int value;
};

static const struct choice *choose(const struct choice *choices, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(choices[i].name, name) == 0)
            return &choices[i];
    return NULL;
}

/* --- parameters --- */

static void read_texts(struct ldap_table *l)
{
    static const struct {
        const char *name;
        size_t offset;
        const char *default_;
    } texts[] = {
        {"search_base", offsetof(struct ldap_table, base), ""},
        {"bind_dn", offsetof(struct ldap_table, bind_dn), ""},
        {"bind_pw", offsetof(struct ldap_table, bind_pw), ""},
        {"sasl_mechs", offsetof(struct ldap_table, sasl_mechs), ""},
        {"sasl_realm", offsetof(struct ldap_table, sasl_realm), ""},
        {"sasl_authz_id", offsetof(struct ldap_table, sasl_authz_id), ""},
        {"tls_ca_cert_file", offsetof(struct ldap_table, tls_ca_cert_file), ""},
        {"tls_ca_cert_dir", offsetof(struct ldap_table, tls_ca_cert_dir), ""},
        {"tls_cert", offsetof(struct ldap_table, tls_cert), ""},
        {"tls_key", offsetof(struct ldap_table, tls_key), ""},
        {"tls_random_file", offsetof(struct ldap_table, tls_random_file), ""},
        {"tls_cipher_suite", offsetof(struct ldap_table, tls_cipher_suite), ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char **field = (const char **) ((char *) l + texts[i].offset);
        *field = dbms_conf_text(&l->conf, texts[i].name, texts[i].default_);
    }
}

static void read_numbers(struct ldap_table *l)
{
    l->version = dbms_conf_int(&l->conf, "version", LDAP_VERSION3, 0);
    l->timeout_s = dbms_conf_int(&l->conf, "timeout", TIMEOUT_S, 0);
    l->recursion_limit = dbms_conf_int(&l->conf, "recursion_limit", RECURSION_LIMIT, 1);
    l->size_limit = dbms_conf_int(&l->conf, "size_limit", l->dbms.expansion_limit, 0);
    l->dereference = dbms_conf_int(&l->conf, "dereference", 0, 0);
    l->debug_level = dbms_conf_int(&l->conf, "debuglevel", 0, 0);
    l->sasl_minssf = dbms_conf_int(&l->conf, "sasl_minssf", 0, 0);
    l->chases_referrals = dbms_conf_bool(&l->conf, "chase_referrals", false);
    l->starts_tls = dbms_conf_bool(&l->conf, "start_tls", false);
    l->requires_cert = dbms_conf_bool(&l->conf, "tls_require_cert", false);
}

/* What makes no sense gives way to what does, with a warning. */
static void check_version(struct ldap_table *l)
{
    if (l->version != LDAP_VERSION2 && l->version != LDAP_VERSION3) {
        log_warn("dict_ldap_open: %s Unknown version %d, using 3.", l->dbms.name, l->version);
        l->version = LDAP_VERSION3;
    }
    if (l->starts_tls && l->version < LDAP_VERSION3) {
        log_warn("dict_ldap_open: %s start_tls requires protocol version 3", l->dbms.name);
        l->version = LDAP_VERSION3;
    }
}

static void check_dereference(struct ldap_table *l)
{
    if (l->dereference >= LDAP_DEREF_NEVER && l->dereference <= LDAP_DEREF_ALWAYS)
        return;
    log_warn("dict_ldap_open: %s Unrecognized value %d specified for dereference; using 0", l->dbms.name, l->dereference);
    l->dereference = LDAP_DEREF_NEVER;
}

static void warn_of_ignored(struct ldap_table *l)
{
    static const char *const ignored[] = {"cache", "cache_expiry", "cache_size"};

    for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
        if (dbms_conf_is_set(&l->conf, ignored[i]))
            log_warn("dict_ldap_open: %s ignoring %s", l->dbms.name, ignored[i]);
}

static void read_scope(struct ldap_table *l)
{
    static const struct choice scopes[] = {
        {"sub", LDAP_SCOPE_SUBTREE}, {"one", LDAP_SCOPE_ONELEVEL}, {"base", LDAP_SCOPE_BASE}};
    const char *text = dbms_conf_text(&l->conf, "scope", "sub");
    const struct choice *scope = choose(scopes, ARRAY_SIZE(scopes), text);

    if (scope == NULL)
        log_warn("dict_ldap_open: %s: Unrecognized value %s specified for scope; using sub", l->dbms.name, text);
    l->scope = scope == NULL ? LDAP_SCOPE_SUBTREE : scope->value;
}

static bool read_bind(struct ldap_table *l, struct str *why)
{
    static const struct choice ways[] = {{"no", LDAP_BIND_NONE}, {"none", LDAP_BIND_NONE}, {"yes", LDAP_BIND_SIMPLE},
        {"simple", LDAP_BIND_SIMPLE}, {"sasl", LDAP_BIND_SASL}};
    const char *text = dbms_conf_text(&l->conf, "bind", "yes");
    const struct choice *way = choose(ways, ARRAY_SIZE(ways), text);

    if (way == NULL)
        str_setf(why, "%s: unsupported parameter value: bind = %s", l->dbms.name, text);
    else
        l->bind = (enum ldap_bind) way->value;
    return way != NULL;
}

/* Hosts of old and URLs, which the library tries in order. */
static void read_servers(struct ldap_table *l)
{
    int port = dbms_conf_int(&l->conf, "server_port", USUAL_PORT, 0);
    char *copy = mem_strdup(dbms_conf_text(&l->conf, "server_host", "localhost")), *cursor = copy;
    struct str urls = {0};

    for (char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;) {
        str_adds(&urls, urls.len > 0 ? " " : "");
        if (ldap_is_ldap_url(word))
            str_adds(&urls, word);
        else if (strrchr(word, ':') != NULL)
            str_addf(&urls, "ldap://%s", word);
        else
            str_addf(&urls, "ldap://%s:%d", word, port);
    }
    l->urls = str_take(&urls);
    mem_free(copy);
}

static void read_attributes(struct ldap_table *l)
{
    static const char *const names[LDAP_PARTS][2] = {
        [LDAP_PART_TERMINAL] = {"terminal_result_attribute", ""},
        [LDAP_PART_LEAF] = {"leaf_result_attribute", ""},
        [LDAP_PART_RESULT] = {"result_attribute", "maildrop"},
        [LDAP_PART_SPECIAL] = {"special_result_attribute", ""},
    };

    for (int part = 0; part < LDAP_PARTS; part++) {
        char *copy = mem_strdup(dbms_conf_text(&l->conf, names[part][0], names[part][1])), *cursor = copy;
        for (char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;)
            vec_add(&l->attributes, mem_strdup(word));
        l->ends[part] = l->attributes.count;
        mem_free(copy);
    }
    vec_add(&l->attributes, NULL);
}

static bool ldap_table_open(struct table *t, struct str *why)
{
    struct ldap_table *l = t->state = mem_zalloc(sizeof(*l));

    if (!dbms_open(&l->dbms, &l->conf, t, why))
        return false;
    read_texts(l);
    read_numbers(l);
    check_version(l);
    read_scope(l);
    warn_of_ignored(l);
    check_dereference(l);
    read_servers(l);
    read_attributes(l);
    t->server = mem_printf("ldap %s", l->urls);
    const char *filter = dbms_conf_text(&l->conf, "query_filter", "(mailacceptinggeneralid=%s)");
    if (!dbms_conf_is_good(&l->conf, why) || !read_bind(l, why) || !dbms_set_query(&l->dbms, filter, why) ||
        !dbms_format_check(l->dbms.name, l->base, true, &l->base_needs, why))
        return false;
    if (strchr(filter, '%') == NULL)
        log_warn("dict_ldap_open: %s: Fixed query_filter %s is probably useless", l->dbms.name, filter);
    return true;
}

static void ldap_table_close(struct table *t)
{
    struct ldap_table *l = t->state;

    ldap_connect_close(l);
    vec_done(&l->attributes, mem_free);
    mem_free(l->urls);
    dbms_done(&l->dbms);
    dbms_conf_close(&l->conf);
    mem_free(l);
}

/* --- asking --- */

static void escape(const char *text, const char *special, struct str *out)
{
    for (; *text != 0; text++) {
        if (strchr(special, *text) == NULL)
            str_addc(out, *text);
        else
            str_addf(out, "\\%02X", (unsigned char) *text);
    }
}

static bool quote_filter(void *context, const char *text, struct str *out) /* RFC 4515 */
{
    (void) context;
    escape(text, "*()\\", out);
    return true;
}

static bool quote_dn(void *context, const char *text, struct str *out) /* RFC 4514 */
{
    (void) context;
    escape(text, " \t\"#+,;<>\\=", out);
    return true;
}

/* Where to search for the key. False: nowhere. */
static bool base_of(const struct ldap_table *l, const char *key, struct str *base)
{
    struct dbms_expansion e = {.type = l->dbms.type, .name = l->dbms.name, .needs = &l->base_needs, .format = l->base,
        .key = key, .quote = quote_dn};

    return dbms_format_expand(&e, base);
}

static bool is_lost(int code)
{
    return code == LDAP_SERVER_DOWN || code == LDAP_UNAVAILABLE || code == LDAP_BUSY;
}

/* A connection that the server has ended meanwhile is no failure: another one may do. */
static int search(struct ldap_table *l, const char *base, const char *filter, LDAPMessage **found)
{
    int code = LDAP_SERVER_DOWN;
    bool was_connected = l->ld != NULL;

    for (int tries = was_connected ? 2 : 1; tries > 0 && is_lost(code); tries--) {
        if (*found != NULL)
            ldap_msgfree(*found);
        *found = NULL;
        if (l->ld == NULL && !ldap_connect_open(l))
            return LDAP_CONNECT_ERROR;
        code = ldap_connect_search(l, base, l->scope, filter, (char **) l->attributes.items, found);
        if (is_lost(code))
            ldap_connect_close(l);
    }
    return code;
}

/* A base that is made of the key need not be there; any other should. */
static enum table_result no_base(const struct ldap_table *l, const char *base, int code)
{
    if (strchr(l->base, '%') != NULL)
        return TABLE_ABSENT;
    log_warn("dict_ldap_lookup: %s: Search base '%s' not found: %d: %s", l->dbms.name, base, code, ldap_err2string(code));
    return TABLE_ERROR;
}

static enum table_result ask(struct ldap_table *l, const char *base, const char *filter, const char *key, struct str *value)
{
    LDAPMessage *found = NULL;
    int code = search(l, base, filter, &found);
    enum table_result result = TABLE_ERROR;

    if (code == LDAP_SUCCESS)
        result = ldap_result_values(l, found, key, value);
    else if (code == LDAP_NO_SUCH_OBJECT)
        result = no_base(l, base, code);
    else if (code != LDAP_CONNECT_ERROR) {
        log_warn("dict_ldap_lookup: Search error %d: %s ", code, ldap_err2string(code));
        ldap_connect_close(l);
    }
    if (found != NULL)
        ldap_msgfree(found);
    return result;
}

static enum table_result ldap_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct ldap_table *l = t->state;
    struct str base = {0}, filter = {0};

    if (!utf8_is_valid(key, len))
        return TABLE_ABSENT;
    enum table_result result = dbms_may_ask(&l->dbms, key);
    if (result == TABLE_FOUND)
        result = base_of(l, key, &base) && dbms_ask(&l->dbms, key, quote_filter, NULL, &filter)
            ? ask(l, str_text(&base), str_text(&filter), key, value)
            : TABLE_ABSENT;
    str_done(&base);
    str_done(&filter);
    return result;
}

const struct type_ops ldap_ops = {.open = ldap_table_open, .close = ldap_table_close, .find = ldap_find};
#endif
