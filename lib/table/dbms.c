#include "table/dbms.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"

static bool open_domain(struct dbms *d, struct dbms_conf *c, struct str *why)
{
    d->domain = dbms_domain_open(dbms_conf_text(c, "domain", ""), why);
    return d->domain != NULL || why->len == 0;
}

bool dbms_open(struct dbms *d, struct dbms_conf *c, const struct table *t, struct str *why)
{
    if (!dbms_conf_open(c, t->name, why))
        return false;
    *d = (struct dbms){.type = t->type->name, .name = t->name};
    d->expansion_limit = dbms_conf_int(c, "expansion_limit", 0, 0);
    d->result_format = mem_strdup(dbms_conf_text(c, "result_format", dbms_conf_text(c, "result_filter", "%s")));
    return dbms_format_check(d->name, d->result_format, false, &d->needs, why) && open_domain(d, c, why);
}

bool dbms_set_query(struct dbms *d, const char *query, struct str *why)
{
    d->query = mem_strdup(query);
    return dbms_format_check(d->name, query, true, &d->needs, why);
}

void dbms_done(struct dbms *d)
{
    mem_free(d->query);
    mem_free(d->result_format);
    dbms_domain_close(d->domain);
}

/* "SELECT select_field FROM table WHERE where_field = '%s' additional_conditions" */
static void old_query(struct dbms_conf *c, struct str *query)
{
    const char *table = dbms_conf_needed(c, "table"), *select_field = dbms_conf_needed(c, "select_field");

    str_addf(query, "SELECT %s FROM %s WHERE %s='%%s' %s", select_field, table, dbms_conf_needed(c, "where_field"),
        dbms_conf_text(c, "additional_conditions", ""));
}

bool dbms_sql_query(struct dbms *d, struct dbms_conf *c, const char *select_function, struct str *why)
{
    const char *given = dbms_conf_text(c, "query", NULL);
    struct str query = {0};

    if (given != NULL)
        str_adds(&query, given);
    else if (select_function != NULL)
        str_addf(&query, "SELECT %s('%%s')", select_function);
    else
        old_query(c, &query);
    bool ok = dbms_conf_is_good(c, why) && dbms_set_query(d, str_text(&query), why);
    str_done(&query);
    return ok;
}

static struct dbms_expansion expansion_of(const struct dbms *d, const char *key)
{
    return (struct dbms_expansion){.type = d->type, .name = d->name, .needs = &d->needs, .format = d->query, .key = key};
}

enum table_result dbms_may_ask(const struct dbms *d, const char *key)
{
    struct dbms_expansion e = expansion_of(d, key);
    enum table_result is_ours = dbms_domain_find(d->domain, key);
    struct str unquoted = {0};

    if (is_ours == TABLE_ERROR)
        log_warn("%s:%s 'domain' pattern match failed for '%s'", d->type, d->name, key);
    if (is_ours != TABLE_FOUND)
        return is_ours;
    bool may = dbms_format_expand(&e, &unquoted);
    str_done(&unquoted);
    return may ? TABLE_FOUND : TABLE_ABSENT;
}

bool dbms_ask(const struct dbms *d, const char *key, dbms_quote *quote, void *context, struct str *out)
{
    struct dbms_expansion e = expansion_of(d, key);

    e.quote = quote;
    e.context = context;
    str_clear(out);
    return dbms_format_expand(&e, out);
}

bool dbms_add(const struct dbms *d, const char *key, const char *text, int *count, struct str *value)
{
    struct dbms_expansion e = expansion_of(d, key);

    e.format = d->result_format;
    e.value = text;
    if (text == NULL || !dbms_format_expand(&e, value))
        return true;
    return ++*count <= d->expansion_limit || d->expansion_limit <= 0;
}

unsigned dbms_time_limit(void)
{
    int third_s = conf.proxymap_query_timeout / 3;

    return third_s > 1 ? (unsigned) third_s : 1;
}

enum table_result dbms_result(const struct str *value)
{
    return value->len > 0 ? TABLE_FOUND : TABLE_ABSENT;
}
