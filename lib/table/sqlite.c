/* sqlite: tables in files of SQLite. See sqlite_table(5). */
#ifdef WITH_SQLITE
#include <sqlite3.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "table/dbms.h"
#include "table/types.h"

struct sqlite {
    struct dbms dbms;
    sqlite3 *db;       /* opened at the first lookup, by the process that makes it */
};

static bool sqlite_open(struct table *t, struct str *why)
{
    struct sqlite *s = t->state = mem_zalloc(sizeof(*s));
    struct dbms_conf c = {0};
    bool ok = dbms_open(&s->dbms, &c, t, why);

    if (ok) {
        t->server = mem_printf("sqlite %s", dbms_conf_needed(&c, "dbpath"));
        ok = dbms_sql_query(&s->dbms, &c, NULL, why);
    }
    dbms_conf_close(&c);
    return ok;
}

static void sqlite_close(struct table *t)
{
    struct sqlite *s = t->state;

    if (s->db != NULL)
        sqlite3_close(s->db);
    dbms_done(&s->dbms);
    mem_free(s);
}

static const char *path_of(const struct table *t)
{
    return t->server + strlen("sqlite ");
}

static bool connect_file(const struct table *t, struct sqlite *s)
{
    if (s->db != NULL)
        return true;
    if (sqlite3_open_v2(path_of(t), &s->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        return true;
    log_warn("sqlite:%s: Can't open database: %s", t->name, sqlite3_errmsg(s->db));
    sqlite3_close(s->db);
    s->db = NULL;
    return false;
}

static bool quote(void *context, const char *text, struct str *out)
{
    char *quoted = sqlite3_mprintf("%q", text);

    (void) context;
    str_adds(out, quoted == NULL ? "" : quoted);
    sqlite3_free(quoted);
    return quoted != NULL;
}

/* Only the first column counts. */
static enum table_result read_rows(struct sqlite *s, sqlite3_stmt *statement, const char *key, struct str *value)
{
    int status, count = 0;

    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        if (dbms_add(&s->dbms, key, (const char *) sqlite3_column_text(statement, 0), &count, value))
            continue;
        log_warn("dict_sqlite_lookup: %s: Expansion limit exceeded for key '%s'", s->dbms.name, key);
        return TABLE_ERROR;
    }
    if (status == SQLITE_DONE)
        return dbms_result(value);
    log_warn("dict_sqlite_lookup: %s: SQL step failed for query '%s': %s", s->dbms.name, sqlite3_sql(statement),
        sqlite3_errmsg(s->db));
    return TABLE_ERROR;
}

static enum table_result ask(struct sqlite *s, const char *query, const char *key, struct str *value)
{
    sqlite3_stmt *statement = NULL;
    const char *rest = "";

    if (sqlite3_prepare_v2(s->db, query, -1, &statement, &rest) != SQLITE_OK) {
        log_warn("dict_sqlite_lookup: %s: SQL prepare failed: %s", s->dbms.name, sqlite3_errmsg(s->db));
        return TABLE_ERROR;
    }
    if (*rest != 0 && log_verbose > 0)
        log_info("dict_sqlite_lookup: %s: Ignoring text at end of query: %s", s->dbms.name, rest);
    enum table_result result = read_rows(s, statement, key, value);
    sqlite3_finalize(statement);
    return result;
}

static enum table_result sqlite_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct sqlite *s = t->state;
    struct str query = {0};

    if (!utf8_is_valid(key, len))
        return TABLE_ABSENT;
    enum table_result result = dbms_may_ask(&s->dbms, key);
    if (result == TABLE_FOUND) {
        bool ok = connect_file(t, s) && dbms_ask(&s->dbms, key, quote, NULL, &query);
        result = ok ? ask(s, str_text(&query), key, value) : TABLE_ERROR;
    }
    str_done(&query);
    return result;
}

const struct type_ops sqlite_ops = {.open = sqlite_open, .close = sqlite_close, .find = sqlite_find};
#endif
