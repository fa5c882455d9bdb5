/* pgsql: tables that PostgreSQL answers. See pgsql_table(5). */
#ifdef WITH_PGSQL
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "table/dbms_hosts.h"
#include "table/types.h"

struct pgsql {
    struct dbms dbms;
    struct dbms_hosts hosts;
    struct dbms_conf conf; /* stays open: what follows lies in it */
    const char *user, *password, *dbname, *encoding;
};

/* --- the connection --- */

/* A URI says it all, and may say what we put before it otherwise. */
static PGconn *start(const struct pgsql *p, const struct dbms_host *host)
{
    enum { URI, PARTS, FORMS };
    static const char *const names[FORMS][7] = {{"connect_timeout", "dbname", NULL},
        {"connect_timeout", "dbname", "host", "port", "user", "password", NULL}};
    char limit[16], port[16] = "";
    bool is_uri = strncmp(host->text, "postgresql:", strlen("postgresql:")) == 0;

    snprintf(limit, sizeof(limit), "%u", dbms_time_limit());
    if (host->port != 0)
        snprintf(port, sizeof(port), "%d", host->port);
    const char *values[] = {limit, is_uri ? host->text : p->dbname, host->name, port, p->user, p->password, NULL};
    return PQconnectdbParams(names[is_uri ? URI : PARTS], values, is_uri);
}

static void *connect_host(void *context, const struct dbms_host *host)
{
    const struct pgsql *p = context;
    PGconn *db = start(p, host);

    if (PQstatus(db) != CONNECTION_OK)
        log_warn("connect to pgsql server %s: %s", host->text, PQerrorMessage(db));
    else if (PQsetClientEncoding(db, p->encoding) != 0)
        log_warn("dict_pgsql: cannot set the encoding to %s, skipping %s", p->encoding, host->text);
    else
        return db;
    PQfinish(db);
    return NULL;
}

static void disconnect(void *connection)
{
    PQfinish(connection);
}

static const struct dbms_driver driver = {.connect = connect_host, .disconnect = disconnect};

/* --- the table --- */

static bool pgsql_open(struct table *t, struct str *why)
{
    struct pgsql *p = t->state = mem_zalloc(sizeof(*p));

    if (!dbms_open(&p->dbms, &p->conf, t, why))
        return false;
    p->user = dbms_conf_text(&p->conf, "user", "");
    p->password = dbms_conf_text(&p->conf, "password", "");
    p->dbname = dbms_conf_needed(&p->conf, "dbname");
    p->encoding = dbms_conf_text(&p->conf, "encoding", "UTF8");
    p->hosts.driver = &driver;
    p->hosts.context = p;
    dbms_hosts_open(&p->hosts, &p->conf, "localhost");
    t->server = mem_printf("pgsql %s %s", dbms_conf_text(&p->conf, "hosts", ""), p->dbname);
    return dbms_sql_query(&p->dbms, &p->conf, dbms_conf_text(&p->conf, "select_function", NULL), why);
}

static void pgsql_close(struct table *t)
{
    struct pgsql *p = t->state;

    dbms_hosts_close(&p->hosts);
    dbms_done(&p->dbms);
    dbms_conf_close(&p->conf);
    mem_free(p);
}

static bool quote(void *context, const char *text, struct str *out)
{
    const struct dbms_host *host = context;
    size_t n = strlen(text), before = out->len;
    char *room = str_grow(out, 2 * n + 1);
    int error = 0;

    size_t written = PQescapeStringConn(host->connection, room, text, n, &error);
    str_cut(out, before + (error == 0 ? written : 0));
    if (error != 0)
        log_warn("dict pgsql: (host %s) cannot escape input string: %s", host->text,
            PQerrorMessage(host->connection));
    return error == 0;
}

/* Wait for the answer, but not for ever, as PQexec() does. */
static bool await_answer(PGconn *db, msec deadline)
{
    while (PQisBusy(db)) {
        struct pollfd p = {.fd = PQsocket(db), .events = POLLIN};
        clock_has_waited();
        msec left = deadline - clock_now();
        int ready = left > 0 ? poll(&p, 1, (int) left) : 0;
        if (ready == 0 || (ready < 0 && errno != EINTR) || !PQconsumeInput(db))
            return false;
    }
    return true;
}

/* The result of the last statement; NULL: none came. */
static PGresult *run(PGconn *db, const char *query)
{
    msec deadline = clock_after((msec) dbms_time_limit() * 1000);
    PGresult *last = NULL;

    if (!PQsendQuery(db, query))
        return NULL;
    while (await_answer(db, deadline)) {
        PGresult *next = PQgetResult(db);
        if (next == NULL)
            return last;
        PQclear(last);
        last = next;
    }
    PQclear(last);
    return NULL;
}

static PGresult *ask_host(const struct dbms_host *host, const char *query)
{
    PGresult *rows = run(host->connection, query);
    ExecStatusType status = PQresultStatus(rows); /* of NULL: PGRES_FATAL_ERROR */

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return rows;
    if (status == PGRES_FATAL_ERROR)
        log_warn("pgsql query failed: fatal error from host %s: %s", host->text,
            rows == NULL ? PQerrorMessage(host->connection) : PQresultErrorMessage(rows));
    else if (status == PGRES_BAD_RESPONSE)
        log_warn("pgsql query failed: protocol error, host %s", host->text);
    else
        log_warn("pgsql query failed: unknown code 0x%lx from host %s", (unsigned long) status, host->text);
    PQclear(rows);
    return NULL;
}

static PGresult *ask(struct pgsql *p, const char *key)
{
    struct str query = {0};
    struct dbms_host *host;
    PGresult *rows = NULL;

    dbms_hosts_begin(&p->hosts);
    while (rows == NULL && (host = dbms_hosts_next(&p->hosts)) != NULL) {
        if (dbms_ask(&p->dbms, key, quote, host, &query))
            rows = ask_host(host, str_text(&query));
        if (rows != NULL)
            dbms_hosts_answered(&p->hosts, host);
        else
            dbms_hosts_failed(&p->hosts, host);
    }
    str_done(&query);
    return rows;
}

/* NULL is an empty text to the library. */
static enum table_result read_rows(const struct pgsql *p, const PGresult *rows, const char *key, struct str *value)
{
    int row_count = PQntuples(rows), columns = PQnfields(rows), count = 0;

    for (int i = 0; i < row_count; i++)
        for (int j = 0; j < columns; j++)
            if (!dbms_add(&p->dbms, key, PQgetvalue(rows, i, j), &count, value)) {
                log_warn("dict_pgsql_lookup: %s: Expansion limit exceeded for key: '%s'", p->dbms.name, key);
                return TABLE_ERROR;
            }
    return dbms_result(value);
}

static enum table_result pgsql_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct pgsql *p = t->state;

    if (strcasecmp(p->encoding, "UTF8") == 0 && !utf8_is_valid(key, len))
        return TABLE_ABSENT;
    enum table_result result = dbms_may_ask(&p->dbms, key);
    if (result != TABLE_FOUND)
        return result;
    PGresult *rows = ask(p, key);
    if (rows == NULL)
        return TABLE_ERROR;
    result = read_rows(p, rows, key, value);
    PQclear(rows);
    return result;
}

const struct type_ops pgsql_ops = {.open = pgsql_open, .close = pgsql_close, .find = pgsql_find};
#endif
