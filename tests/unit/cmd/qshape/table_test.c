#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "cmd/qshape/table.h"

/* The ages of the columns. */
static const struct {
    long buckets, minutes;
    bool is_linear;
    const char *head; /* behind the name column */
} heads[] = {
    {10, 5, false, "  T  5 10 20 40 80 160 320 640 1280 1280+"},
    {4, 5, true, "  T  5 10 15 15+"},
    {1, 5, false, "  T 0+"},
    {2, 1000, false, "  T 1000 1000+"},
};

static void has_ages(void **state)
{
    struct str text = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct qshape_counts c = {.min_children = 5};
        str_clear(&text);
        qshape_count_set_ages(&c.ages, heads[i].buckets, heads[i].minutes, heads[i].is_linear);
        qshape_count_address(&c, "a@b", 0);
        qshape_table_add(&text, &c, 80, 1);
        const char *end = strchr(str_text(&text), '\n');
        size_t n = strlen(heads[i].head);
        assert_int_equal(end - str_text(&text), 80);
        assert_memory_equal(end - n, heads[i].head, n);
        qshape_count_done(&c);
    }
    str_done(&text);
}

static const struct {
    const char *address;
    long age;
    const char *row; /* of its domain, without blanks at the front */
} addresses[] = {
    {"a@X.Example", 0, "x.example  1  1  0   0"},
    {"a@x.example..", 299, "x.example  1  1  0   0"},
    {"a@x.example", 300, "x.example  1  0  1   0"},
    {"a@x.example", 600, "x.example  1  0  0   1"},
    {"a@x.example", -100, "x.example  1  1  0   0"},
    {"\"a@b\"@x.example", 0, "x.example  1  1  0   0"},
    {"Local", 0, "local  1  1  0   0"},
    {"", 0, "MAILER-DAEMON  1  1  0   0"},
    {"a@[192.0.2.1]", 0, "[192.0.2.1]  1  1  0   0"},
};

static void counts_by_domain_and_age(void **state)
{
    struct str text = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct qshape_counts c = {.min_children = 1, .with_parents = true};
        str_clear(&text);
        qshape_count_set_ages(&c.ages, 3, 5, false);
        qshape_count_address(&c, addresses[i].address, addresses[i].age);
        qshape_table_add(&text, &c, 80, 0);
        str_trim(&text);
        const char *row = strrchr(str_text(&text), '\n') + 1;
        assert_string_equal(row + strspn(row, " "), addresses[i].row);
        qshape_count_done(&c);
    }
    str_done(&text);
}

/* What is shown, in its order, of these with so many names below a parent. */
static const char *const domains[] = {"q.example", "a.q.example", "b.q.example", "b.q.example", "z.b.q.example",
    "example", "w.w.example"};
static const struct {
    unsigned long min_children;
    const char *names;
} parents[] = {
    {1, ".q.example b.q.example example q.example .w.example a.q.example w.w.example .b.q.example z.b.q.example "},
    {2, ".q.example b.q.example example q.example a.q.example w.w.example z.b.q.example "},
    {3, ".q.example b.q.example example q.example a.q.example w.w.example z.b.q.example "},
    {4, "b.q.example example q.example a.q.example w.w.example z.b.q.example "},
};

static void shows_parents_of_many(void **state)
{
    struct str names = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        struct qshape_counts c = {.min_children = parents[i].min_children, .with_parents = true};
        str_clear(&names);
        qshape_count_set_ages(&c.ages, 3, 5, false);
        for (size_t k = 0; k < sizeof(domains) / sizeof(domains[0]); k++)
            qshape_count_address(&c, domains[k], 0);
        struct vec shown = qshape_count_sorted(&c);
        for (size_t k = 0; k < shown.count; k++)
            str_addf(&names, "%s ", ((struct qshape_counter *) shown.items[k])->name);
        assert_string_equal(str_text(&names), parents[i].names);
        vec_done(&shown, NULL);
        qshape_count_done(&c);
    }
    str_done(&names);
}

static void cuts_long_names(void **state)
{
    struct qshape_counts c = {.min_children = 1, .with_parents = true};
    struct str text = {0};

    (void) state;
    qshape_count_set_ages(&c.ages, 14, 5, false);
    for (int i = 0; i < 12; i++)
        qshape_count_address(&c, "u@d.long-name.but-not-that-long.example", 0);
    qshape_table_add(&text, &c, 80, 0);
    assert_non_null(strstr(str_text(&text), "\n+that-long.example 12 12 "));
    assert_non_null(strstr(str_text(&text), "\n.+hat-long.example 12 12 "));
    str_clear(&text);
    qshape_table_add(&text, &c, 120, 2);
    assert_non_null(strstr(str_text(&text), "\n                              .but-not-that-long.example 12 12 "));
    assert_null(strstr(str_text(&text), "d.long-name"));
    qshape_count_done(&c);
    str_done(&text);
}

static void of_nothing(void **state)
{
    struct qshape_counts c = {0};
    struct str text = {0};

    (void) state;
    qshape_count_set_ages(&c.ages, 1000, 1L << 60, false);
    qshape_table_add(&text, &c, -5, 0);
    assert_non_null(strstr(str_text(&text), "TOTAL  0 "));
    qshape_count_done(&c);
    str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_ages),
        cmocka_unit_test(counts_by_domain_and_age),
        cmocka_unit_test(shows_parents_of_many),
        cmocka_unit_test(cuts_long_names),
        cmocka_unit_test(of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
