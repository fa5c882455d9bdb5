#ifdef WITH_LDAP
#include <sasl/sasl.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "table/ldap_internal.h"

static const char where[] = "dict_ldap_connect";

void ldap_connect_close(struct ldap_table *l)
{
    if (l->ld != NULL)
        ldap_unbind_ext(l->ld, NULL, NULL);
    l->ld = NULL;
}

/* --- TLS --- */

static bool set_tls(struct ldap_table *l)
{
    static const struct {
        const char *name;
        int option;
        size_t offset;
    } texts[] = {
        {"tls_random_file", LDAP_OPT_X_TLS_RANDOM_FILE, offsetof(struct ldap_table, tls_random_file)},
        {"tls_ca_cert_file", LDAP_OPT_X_TLS_CACERTFILE, offsetof(struct ldap_table, tls_ca_cert_file)},
        {"tls_ca_cert_dir", LDAP_OPT_X_TLS_CACERTDIR, offsetof(struct ldap_table, tls_ca_cert_dir)},
        {"tls_cert", LDAP_OPT_X_TLS_CERTFILE, offsetof(struct ldap_table, tls_cert)},
        {"tls_key", LDAP_OPT_X_TLS_KEYFILE, offsetof(struct ldap_table, tls_key)},
        {"tls_cipher_suite", LDAP_OPT_X_TLS_CIPHER_SUITE, offsetof(struct ldap_table, tls_cipher_suite)},
    };
    int require = l->requires_cert ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER, client = 0, code;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *value = *(const char **) ((char *) l + texts[i].offset);
        if (*value == 0 || (code = ldap_set_option(l->ld, texts[i].option, value)) == LDAP_SUCCESS)
            continue;
        log_warn("%s: Unable to set %s to %s: %d: %s", where, texts[i].name, value, code, ldap_err2string(code));
        return false;
    }
    if ((code = ldap_set_option(l->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &require)) != LDAP_SUCCESS)
        log_warn("%s: Unable to set tls_require_cert to %d: %d: %s", where, require, code, ldap_err2string(code));
    else if ((code = ldap_set_option(l->ld, LDAP_OPT_X_TLS_NEWCTX, &client)) != LDAP_SUCCESS)
        log_warn("%s: Unable to allocate new TLS context %d: %s", where, code, ldap_err2string(code));
    return code == LDAP_SUCCESS;
}

static bool start_tls(struct ldap_table *l)
{
    if (!l->starts_tls)
        return true;
    int code = ldap_start_tls_s(l->ld, NULL, NULL);
    if (code != LDAP_SUCCESS)
        log_error("%s: Unable to set STARTTLS: %d: %s", where, code, ldap_err2string(code));
    return code == LDAP_SUCCESS;
}

static bool needs_tls(const struct ldap_table *l)
{
    return l->starts_tls || strstr(l->urls, "ldaps:") != NULL;
}

/* --- options --- */

static bool set_options(struct ldap_table *l)
{
    struct timeval limit = {.tv_sec = l->timeout_s};
    const struct {
        int option;
        const void *value;
        const char *what;
    } options[] = {
        {LDAP_OPT_NETWORK_TIMEOUT, &limit, "Unable to set network timeout."},
        {LDAP_OPT_TIMEOUT, &limit, "Unable to set network timeout."},
        {LDAP_OPT_PROTOCOL_VERSION, &l->version, "Unable to set LDAP protocol version"},
        {LDAP_OPT_DEREF, &l->dereference, "Unable to set dereference option."},
        {LDAP_OPT_REFERRALS, l->chases_referrals ? LDAP_OPT_ON : LDAP_OPT_OFF, "Unable to set Referral chasing."},
    };

    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (ldap_set_option(l->ld, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
            log_warn("%s: %s", where, options[i].what);
    if (l->debug_level > 0 && ldap_set_option(NULL, LDAP_OPT_DEBUG_LEVEL, &l->debug_level) != LDAP_OPT_SUCCESS)
        log_warn("%s: Unable to set LDAP debug level.", where);
    return !needs_tls(l) || set_tls(l);
}

/* --- binding --- */

/* The outcome of a request: a result code. */
static int await(struct ldap_table *l, int id, LDAPMessage **answer)
{
    struct timeval limit = {.tv_sec = l->timeout_s};
    int code = LDAP_SUCCESS;
    int got = ldap_result(l->ld, id, LDAP_MSG_ALL, l->timeout_s > 0 ? &limit : NULL, answer);

    if (got == 0) {
        ldap_abandon_ext(l->ld, id, NULL, NULL);
        return LDAP_TIMEOUT;
    }
    if (got < 0) {
        ldap_get_option(l->ld, LDAP_OPT_RESULT_CODE, &code);
        return code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code;
    }
    int parsed = ldap_parse_result(l->ld, *answer, &code, NULL, NULL, NULL, NULL, 0);
    return parsed == LDAP_SUCCESS ? code : parsed;
}

static int bind_simple(struct ldap_table *l)
{
    struct berval password = {.bv_len = strlen(l->bind_pw), .bv_val = (char *) l->bind_pw};
    LDAPMessage *answer = NULL;
    int id = 0;

    int code = ldap_sasl_bind(l->ld, l->bind_dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, &id);
    if (code == LDAP_SUCCESS)
        code = await(l, id, &answer);
    if (answer != NULL)
        ldap_msgfree(answer);
    return code;
}

/* What a SASL mechanism wants to know, from the table's parameters. */
static int answer_sasl(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
    const struct ldap_table *l = defaults;

    (void) ld;
    (void) flags;
    for (sasl_interact_t *q = questions; q->id != SASL_CB_LIST_END; q++) {
        const char *answer = "";
        switch (q->id) {
        case SASL_CB_AUTHNAME: answer = l->bind_dn; break;
        case SASL_CB_USER: answer = l->sasl_authz_id; break;
        case SASL_CB_PASS: answer = l->bind_pw; break;
        case SASL_CB_GETREALM: answer = l->sasl_realm; break;
        default: break;
        }
        q->result = answer;
        q->len = (unsigned) strlen(answer);
    }
    return LDAP_SUCCESS;
}

static int bind_sasl(struct ldap_table *l)
{
    char properties[64];

    if (l->sasl_minssf > 0) {
        snprintf(properties, sizeof(properties), "minssf=%d", l->sasl_minssf);
        int code = ldap_set_option(l->ld, LDAP_OPT_X_SASL_SECPROPS, properties);
        if (code != LDAP_OPT_SUCCESS)
            return code;
    }
    return ldap_sasl_interactive_bind_s(l->ld, NULL, *l->sasl_mechs == 0 ? NULL : l->sasl_mechs, NULL, NULL,
        LDAP_SASL_QUIET, answer_sasl, l);
}

static bool bind_as_told(struct ldap_table *l)
{
    int code = LDAP_SUCCESS;

    switch (l->bind) {
    case LDAP_BIND_NONE: break;
    case LDAP_BIND_SIMPLE: code = bind_simple(l); break;
    case LDAP_BIND_SASL: code = bind_sasl(l); break;
    }
    if (code != LDAP_SUCCESS)
        log_warn("%s: Unable to bind to server %s with dn %s: %d (%s)", where, l->urls,
            *l->bind_dn == 0 ? "empty or implicit" : l->bind_dn, code, ldap_err2string(code));
    return code == LDAP_SUCCESS;
}

bool ldap_connect_open(struct ldap_table *l)
{
    int code = ldap_initialize(&l->ld, l->urls);

    if (code != LDAP_SUCCESS) {
        log_warn("%s: Unable to init LDAP server %s: %d (%s)", where, l->urls, code, ldap_err2string(code));
        return false;
    }
    if (set_options(l) && start_tls(l) && bind_as_told(l))
        return true;
    ldap_connect_close(l);
    return false;
}

int ldap_connect_search(struct ldap_table *l, const char *base, int scope, const char *filter, char **attributes,
    LDAPMessage **found)
{
    struct timeval limit = {.tv_sec = l->timeout_s};
    int id = 0;

    int code = ldap_search_ext(l->ld, base, scope, filter, attributes, 0, NULL, NULL, l->timeout_s > 0 ? &limit : NULL,
        l->size_limit > 0 ? l->size_limit : LDAP_NO_LIMIT, &id);
    return code == LDAP_SUCCESS ? await(l, id, found) : code;
}
#endif
