/* mysql: tables that MySQL or MariaDB answers. See mysql_table(5). */
#ifdef WITH_MYSQL
#include <mysql.h>
#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "table/dbms_hosts.h"
#include "table/types.h"

struct mysql {
    struct dbms dbms;
    struct dbms_hosts hosts;
    struct dbms_conf conf; /* stays open: what follows lies in it */
    const char *user, *password, *dbname, *charset;
    const char *option_file, *option_group;
    const char *tls_key_file, *tls_cert_file, *tls_CAfile, *tls_CApath, *tls_ciphers;
    bool has_tls_verify_cert, tls_verify_cert, require_result_set;
};

static void read_conf(struct mysql *m)
{
    static const struct {
        const char *name;
        size_t offset;
        const char *default_;
    } texts[] = {
        {"user", offsetof(struct mysql, user), ""},
        {"password", offsetof(struct mysql, password), ""},
        {"charset", offsetof(struct mysql, charset), "utf8mb4"},
        {"option_file", offsetof(struct mysql, option_file), NULL},
        {"option_group", offsetof(struct mysql, option_group), "client"},
        {"tls_key_file", offsetof(struct mysql, tls_key_file), NULL},
        {"tls_cert_file", offsetof(struct mysql, tls_cert_file), NULL},
        {"tls_CAfile", offsetof(struct mysql, tls_CAfile), NULL},
        {"tls_CApath", offsetof(struct mysql, tls_CApath), NULL},
        {"tls_ciphers", offsetof(struct mysql, tls_ciphers), NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char **field = (const char **) ((char *) m + texts[i].offset);
        *field = dbms_conf_text(&m->conf, texts[i].name, texts[i].default_);
    }
    m->dbname = dbms_conf_needed(&m->conf, "dbname");
    m->has_tls_verify_cert = dbms_conf_is_set(&m->conf, "tls_verify_cert");
    m->tls_verify_cert = dbms_conf_bool(&m->conf, "tls_verify_cert", false);
    m->require_result_set = dbms_conf_bool(&m->conf, "require_result_set", true);
}

/* --- the connection --- */

static void set_options(const struct mysql *m, MYSQL *db)
{
    unsigned limit_s = dbms_time_limit(), no = 0;
    my_bool verify = m->tls_verify_cert;

    mysql_options(db, MYSQL_OPT_CONNECT_TIMEOUT, &limit_s);
    mysql_options(db, MYSQL_OPT_READ_TIMEOUT, &limit_s);
    mysql_options(db, MYSQL_OPT_WRITE_TIMEOUT, &limit_s);
    mysql_options(db, MYSQL_OPT_LOCAL_INFILE, &no); /* a false server would read our files */
    if (m->option_file != NULL)
        mysql_options(db, MYSQL_READ_DEFAULT_FILE, m->option_file);
    if (m->option_group != NULL && *m->option_group != 0)
        mysql_options(db, MYSQL_READ_DEFAULT_GROUP, m->option_group);
    if (m->tls_key_file != NULL || m->tls_cert_file != NULL || m->tls_CAfile != NULL || m->tls_CApath != NULL ||
        m->tls_ciphers != NULL)
        mysql_ssl_set(db, m->tls_key_file, m->tls_cert_file, m->tls_CAfile, m->tls_CApath, m->tls_ciphers);
    if (m->has_tls_verify_cert)
        mysql_options(db, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (*m->charset != 0)
        mysql_options(db, MYSQL_SET_CHARSET_NAME, m->charset);
}

/* "localhost" is the library's own socket, wherever that is. */
static void *connect_host(void *context, const struct dbms_host *host)
{
    const struct mysql *m = context;
    const char *name = strcasecmp(host->name, "localhost") == 0 ? NULL : host->name;
    MYSQL *db = mysql_init(NULL);

    if (db == NULL)
        fatal("dict_mysql: insufficient memory");
    set_options(m, db);
    if (mysql_real_connect(db, host->is_local ? NULL : name, m->user, m->password, m->dbname, (unsigned) host->port,
            host->is_local ? name : NULL, CLIENT_MULTI_RESULTS) != NULL) {
        if (log_verbose > 0)
            log_info("dict_mysql: successful connection to host %s", host->text);
        return db;
    }
    log_warn("connect to mysql server %s: %s", host->text, mysql_error(db));
    mysql_close(db);
    return NULL;
}

static void disconnect(void *connection)
{
    mysql_close(connection);
}

static const struct dbms_driver driver = {.connect = connect_host, .disconnect = disconnect};

/* --- the table --- */

static bool mysql_open(struct table *t, struct str *why)
{
    struct mysql *m = t->state = mem_zalloc(sizeof(*m));

    if (!dbms_open(&m->dbms, &m->conf, t, why))
        return false;
    read_conf(m);
    m->hosts.driver = &driver;
    m->hosts.context = m;
    dbms_hosts_open(&m->hosts, &m->conf, "localhost");
    t->server = mem_printf("mysql %s %s", dbms_conf_text(&m->conf, "hosts", ""), m->dbname);
    return dbms_sql_query(&m->dbms, &m->conf, NULL, why);
}

static void mysql_table_close(struct table *t)
{
    struct mysql *m = t->state;

    dbms_hosts_close(&m->hosts);
    dbms_done(&m->dbms);
    dbms_conf_close(&m->conf);
    mem_free(m);
}

static bool quote(void *context, const char *text, struct str *out)
{
    size_t n = strlen(text), before = out->len;
    char *room = str_grow(out, 2 * n + 1);
    unsigned long written = mysql_real_escape_string(context, room, text, n);

    if (written == (unsigned long) -1) {
        str_cut(out, before);
        return false;
    }
    str_cut(out, before + written);
    return true;
}

/* All result sets, for the server sends them all; only one may have rows. False: logged. */
static bool take_results(const struct mysql *m, MYSQL *db, MYSQL_RES **rows)
{
    const char *name = m->dbms.name;
    int next;
    bool ok = true;

    do {
        MYSQL_RES *set = mysql_store_result(db);
        if (set == NULL && mysql_field_count(db) != 0) {
            log_warn("mysql:%s: query failed (mysql_store_result): %s", name, mysql_error(db));
            ok = false;
        }
        if (set != NULL && *rows != NULL) {
            if (ok)
                log_warn("mysql:%s: query failed: multiple result sets returning data are not supported", name);
            mysql_free_result(set);
            ok = false;
        } else if (set != NULL) {
            *rows = set;
        }
        next = mysql_next_result(db);
        if (next > 0) {
            log_warn("mysql:%s: query failed (mysql_next_result): %s", name, mysql_error(db));
            ok = false;
        }
    } while (next == 0);
    return ok;
}

static bool ask_host(const struct mysql *m, MYSQL *db, const char *query, MYSQL_RES **rows)
{
    if (mysql_query(db, query) != 0) {
        log_warn("mysql:%s: query failed: %s", m->dbms.name, mysql_error(db));
        return false;
    }
    if (!take_results(m, db, rows))
        return false;
    if (*rows != NULL || !m->require_result_set)
        return true;
    log_warn("mysql:%s: query failed: query returned no result set(require_result_set = yes)", m->dbms.name);
    return false;
}

/* Each server has the key quoted in its own way. */
static bool ask(struct mysql *m, const char *key, MYSQL_RES **rows)
{
    struct str query = {0};
    struct dbms_host *host;
    bool ok = false;

    dbms_hosts_begin(&m->hosts);
    while (!ok && (host = dbms_hosts_next(&m->hosts)) != NULL) {
        ok = dbms_ask(&m->dbms, key, quote, host->connection, &query) &&
            ask_host(m, host->connection, str_text(&query), rows);
        if (ok) {
            dbms_hosts_answered(&m->hosts, host);
            break;
        }
        if (*rows != NULL)
            mysql_free_result(*rows);
        *rows = NULL;
        dbms_hosts_failed(&m->hosts, host);
    }
    str_done(&query);
    return ok;
}

static enum table_result read_rows(const struct mysql *m, MYSQL_RES *rows, const char *key, struct str *value)
{
    unsigned columns = mysql_num_fields(rows);
    int count = 0;

    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
        for (unsigned i = 0; i < columns; i++)
            if (!dbms_add(&m->dbms, key, row[i], &count, value)) {
                log_warn("dict_mysql_lookup: %s: Expansion limit exceeded for key: '%s'", m->dbms.name, key);
                return TABLE_ERROR;
            }
    return dbms_result(value);
}

static enum table_result mysql_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct mysql *m = t->state;
    MYSQL_RES *rows = NULL;

    if (strncasecmp(m->charset, "utf8", 4) == 0 && !utf8_is_valid(key, len))
        return TABLE_ABSENT;
    enum table_result result = dbms_may_ask(&m->dbms, key);
    if (result != TABLE_FOUND)
        return result;
    if (!ask(m, key, &rows))
        return TABLE_ERROR;
    result = rows == NULL ? TABLE_ABSENT : read_rows(m, rows, key, value);
    if (rows != NULL)
        mysql_free_result(rows);
    return result;
}

const struct type_ops mysql_ops = {.open = mysql_open, .close = mysql_table_close, .find = mysql_find};
#endif
