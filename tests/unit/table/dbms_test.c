#include "tests/unit/table/capture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "table/dbms.h"
#include "table/dbms_hosts.h"

/* --- templates --- */

static bool quote(void *context, const char *text, struct str *out)
{
    (void) context;
    for (; *text != 0; text++) {
        if (*text == '\'')
            str_addc(out, '\'');
        str_addc(out, *text);
    }
    return true;
}

static const struct {
    const char *what, *query, *format, *key, *result, *want_query, *want;
} templates[] = {
    /* want_query NULL: no question; want NULL: the result adds nothing */
    {"the key", "k='%s'", "%s", "a@b.c", "v", "k='a@b.c'", "v"},
    {"capital letters are the same in a query", "%S %U %D", "%s", "a@b.c", "v", "a@b.c a b.c", "v"},
    {"its parts", "%u|%d", "%s", "a@b.c", "v", "a|b.c", "v"},
    {"the last '@' counts", "%u|%d", "%s", "a@x@b.c", "v", "a@x|b.c", "v"},
    {"no domain: the user is all of it", "%u", "%s", "user", "v", "user", "v"},
    {"no domain: no question", "%u|%d", "%s", "user", "v", NULL, NULL},
    {"an empty user: no question", "%u|%d", "%s", "@b.c", "v", NULL, NULL},
    {"an empty user that nobody needs", "%d", "%s", "@b.c", "v", "b.c", "v"},
    {"an empty domain", "%d", "%s", "a@", "v", NULL, NULL},
    {"labels", "%1.%2.%3", "%s", "a@x.y.z", "v", "z.y.x", "v"},
    {"too few labels", "%3", "%s", "a@y.z", "v", NULL, NULL},
    {"empty labels do not count", "%2", "%s", "a@y..z.", "v", "y", "v"},
    {"a percent sign", "100%%", "%%%s", "k", "v", "100%", "%v"},
    {"quotes", "'%s' '%u'", "%s", "o'n@b.c", "v'v", "'o''n@b.c' 'o''n'", "v'v"},
    {"the result's parts", "%s", "%u at %d", "k", "x@y.z", "k", "x at y.z"},
    {"a result without a domain", "%s", "%d", "k", "x", "k", NULL},
    {"a result without a user", "%s", "%u", "k", "@y.z", "k", NULL},
    {"a result that is a user", "%s", "%u", "k", "x", "k", "x"},
    {"the key's parts in the result", "%s", "%S %U %D %1", "a@b.c", "v", "a@b.c", "a@b.c a b.c c"},
    {"what the result needs of the key", "%s", "%D", "user", "v", NULL, NULL},
    {"an empty result", "%s", "%s", "k", "", "k", NULL},
    {"an empty key", "%s", "%s", "", "v", NULL, NULL},
};

static void test_templates(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
        struct dbms_needs needs = {0};
        struct str why = {0}, out = {0};
        struct dbms_expansion e = {.type = "t", .name = "n", .needs = &needs, .format = templates[i].query,
            .key = templates[i].key, .quote = quote};
        assert_true(dbms_format_check("n", templates[i].query, true, &needs, &why));
        assert_true(dbms_format_check("n", templates[i].format, false, &needs, &why));
        assert_int_equal(dbms_format_expand(&e, &out), templates[i].want_query != NULL);
        assert_string_equal(str_text(&out), templates[i].want_query == NULL ? "" : templates[i].want_query);
        if (templates[i].want_query != NULL) {
            str_clear(&out);
            e.format = templates[i].format;
            e.value = templates[i].result;
            e.quote = NULL;
            assert_int_equal(dbms_format_expand(&e, &out), templates[i].want != NULL);
            assert_string_equal(str_text(&out), templates[i].want == NULL ? "" : templates[i].want);
        }
        str_done(&out);
        capture_take();
    }
}

static void test_bad_templates(void **state)
{
    static const char *const bad[] = {"%x", "%", "a%0", "% s"};
    struct dbms_needs needs = {0};
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(dbms_format_check("n", bad[i], false, &needs, &why));
        assert_non_null(strstr(str_text(&why), "db_common_parse: n: Invalid result template: "));
    }
    str_done(&why);
}

static void test_several_values(void **state)
{
    struct dbms d = {.type = "t", .name = "n", .query = "%s", .result_format = "<%s>", .expansion_limit = 2};
    struct str value = {0};
    int count = 0;

    (void) state;
    assert_true(dbms_add(&d, "k", "a", &count, &value));
    assert_true(dbms_add(&d, "k", NULL, &count, &value));
    assert_true(dbms_add(&d, "k", "b", &count, &value));
    assert_string_equal(str_text(&value), "<a>,<b>");
    assert_false(dbms_add(&d, "k", "c", &count, &value));
    str_done(&value);
}

/* --- parameters --- */

static const struct {
    const char *what, *text, *want_query, *want_why; /* want_why: what follows the file's name */
} files[] = {
    {"a query", "query = SELECT '%s'\n", "SELECT '%s'", ""},
    {"dollars are dollars", "query = SELECT $$x$$ '%s'\n", "SELECT $$x$$ '%s'", ""},
    {"the parameters of old", "table = t\nselect_field = v\nwhere_field = k\n", "SELECT v FROM t WHERE k='%s' ", ""},
    {"with a condition", "table = t\nselect_field = v\nwhere_field = k\nadditional_conditions = AND x = 1\n",
        "SELECT v FROM t WHERE k='%s' AND x = 1", ""},
    {"nothing", "", NULL, ": bad string length 0 < 1: table = "},
    {"half of it", "table = t\nselect_field = v\n", NULL, ": bad string length 0 < 1: where_field = "},
    {"a bad number", "query = x\nexpansion_limit = 1x\n", NULL, ": bad numerical configuration: expansion_limit = 1x"},
};

static void test_files(void **state)
{
    char path[64];

    (void) state;
    snprintf(path, sizeof(path), "/tmp/dbms_test.%d", (int) getpid());
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct table_type type = {.name = "mysql"};
        struct table t = {.type = &type, .name = path};
        struct dbms_conf c = {0};
        struct dbms d = {0};
        struct str why = {0};
        FILE *f = fopen(path, "w");
        fputs(files[i].text, f);
        fclose(f);
        assert_true(dbms_open(&d, &c, &t, &why));
        assert_int_equal(dbms_sql_query(&d, &c, NULL, &why), files[i].want_query != NULL);
        if (files[i].want_query != NULL)
            assert_string_equal(d.query, files[i].want_query);
        else
            assert_string_equal(str_text(&why) + strlen(path), files[i].want_why);
        dbms_done(&d);
        dbms_conf_close(&c);
        str_done(&why);
    }
    unlink(path);
}

static void test_domains(void **state)
{
    static const struct {
        const char *list, *key;
        enum table_result want;
    } domains[] = {
        {"", "anything", TABLE_FOUND},
        {"a.example b.example", "u@B.example", TABLE_FOUND},
        {"a.example b.example", "u@c.example", TABLE_ABSENT},
        {"a.example", "u@sub.a.example", TABLE_ABSENT},
        {"a.example", "@a.example", TABLE_ABSENT},
        {"a.example", "a.example", TABLE_ABSENT},
        {"inline:{x.example=1}, a.example", "u@x.example", TABLE_FOUND},
        {"inline:{x.example=1}", "u@y.example", TABLE_ABSENT},
        {"fail:no", "u@y.example", TABLE_ERROR},
    };
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
        struct dbms_domain *d = dbms_domain_open(domains[i].list, &why);
        assert_string_equal(str_text(&why), "");
        assert_int_equal(dbms_domain_find(d, domains[i].key), domains[i].want);
        dbms_domain_close(d);
    }
    assert_null(dbms_domain_open("/no/such/file", &why));
    assert_string_equal(str_text(&why), "open /no/such/file: No such file or directory");
    capture_take();
    str_done(&why);
}

/* --- servers --- */

/* The servers whose names are in here are up; each attempt is noted. */
static const char *up;
static struct str attempts;

static void *fake_connect(void *context, const struct dbms_host *host)
{
    (void) context;
    str_addf(&attempts, "%s ", host->name);
    return strstr(up, host->name) == NULL ? NULL : mem_strdup(host->name);
}

static const struct dbms_driver fake = {.connect = fake_connect, .disconnect = mem_free};

static struct dbms_hosts *open_hosts(const char *hosts)
{
    static struct dbms_hosts h;
    struct dbms_conf c = {.is_file = true, .name = "n"};

    h = (struct dbms_hosts){.driver = &fake};
    main_cf_set(&c.file, "hosts", hosts);
    main_cf_set(&c.file, "retry_interval", "30");
    dbms_hosts_open(&h, &c, "localhost");
    dbms_conf_close(&c);
    return &h;
}

/* One question that whoever is connected answers; who that is, and in attempts whom it took. */
static const char *ask(struct dbms_hosts *h)
{
    str_clear(&attempts);
    dbms_hosts_begin(h);
    struct dbms_host *host = dbms_hosts_next(h);
    if (host != NULL)
        dbms_hosts_answered(h, host);
    return host == NULL ? "" : host->name;
}

static void test_names_of_hosts(void **state)
{
    static const struct {
        const char *text, *name;
        int port;
        bool is_local;
    } hosts[] = {
        {"db", "db", 0, false},
        {"inet:db:3307", "db", 3307, false},
        {"127.0.0.1:1", "127.0.0.1", 1, false},
        {"unix:/run/x", "/run/x", 0, true},
        {"/run/x", "/run/x", 0, true},
        {"unix:/run:5433", "/run", 5433, true},
        {"unix:/run/a:b", "/run/a:b", 0, true},
        {"postgresql://u@db:1/mail", "postgresql://u@db:1/mail", 0, false},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        struct dbms_hosts *h = open_hosts(hosts[i].text);
        assert_int_equal(h->count, 1);
        assert_string_equal(h->hosts[0].name, hosts[i].name);
        assert_int_equal(h->hosts[0].port, hosts[i].port);
        assert_int_equal(h->hosts[0].is_local, hosts[i].is_local);
        dbms_hosts_close(h);
    }
}

static void test_servers_that_fail(void **state)
{
    struct dbms_hosts *h = open_hosts("first unix:/local");

    (void) state;
    clock_fake(1000, 0);
    up = "/local first";
    assert_string_equal(ask(h), "/local");
    assert_string_equal(ask(h), "/local");
    assert_string_equal(str_text(&attempts), "");          /* still connected */
    up = "first";
    dbms_hosts_failed(h, &h->hosts[1]);                     /* it had answered: not its fault yet */
    assert_string_equal(ask(h), "first");
    assert_string_equal(str_text(&attempts), "/local first ");
    up = "/local";
    dbms_hosts_failed(h, &h->hosts[0]);
    assert_string_equal(ask(h), "");                        /* both tried, /local only a moment ago */
    assert_string_equal(str_text(&attempts), "first ");
    clock_fake(2000, 0);
    assert_string_equal(ask(h), "/local");                  /* nobody else: tried again after a second */
    clock_fake(2000 + 61 * 1000, 0);
    assert_string_equal(ask(h), "/local");
    assert_string_equal(str_text(&attempts), "/local ");   /* idle for too long: a new connection */
    dbms_hosts_close(h);
    str_done(&attempts);
}

static void test_rest_after_a_failure(void **state)
{
    struct dbms_hosts *h = open_hosts("unix:/local tcp");

    (void) state;
    clock_fake(1000, 0);
    up = "tcp";
    assert_string_equal(ask(h), "tcp");
    up = "/local tcp";
    clock_fake(20 * 1000, 0);
    dbms_hosts_failed(h, &h->hosts[1]);
    assert_string_equal(ask(h), "tcp"); /* /local rests for retry_interval */
    clock_fake(60 * 1000, 0);
    dbms_hosts_failed(h, &h->hosts[1]);
    assert_string_equal(ask(h), "/local");
    dbms_hosts_close(h);
    str_done(&attempts);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_bad_templates),
        cmocka_unit_test(test_several_values),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_names_of_hosts),
        cmocka_unit_test(test_servers_that_fail),
        cmocka_unit_test(test_rest_after_a_failure),
    };

    return cmocka_run_group_tests(tests, capture_setup, capture_teardown);
}
