#include "cmd/qshape/table.h"

#include <stdio.h>
#include <string.h>

enum { LEAST_WIDTH = 80, LEAST_NAME = 18, LEAST_COLUMN = 2, LABEL_SIZE = 24 };

/* The columns of numbers: the total, then the buckets. */
struct columns {
    size_t count;
    int name_width, widths[QSHAPE_BUCKETS_MAX + 1];
    char labels[QSHAPE_BUCKETS_MAX + 1][LABEL_SIZE];
};

static void set_labels(struct columns *t, const struct qshape_ages *a)
{
    long last = a->bucket_count > 1 ? a->limits[a->bucket_count - 2] : 0;

    t->count = a->bucket_count + 1;
    snprintf(t->labels[0], LABEL_SIZE, "T");
    for (size_t i = 0; i + 1 < a->bucket_count; i++)
        snprintf(t->labels[i + 1], LABEL_SIZE, "%ld", a->limits[i]);
    snprintf(t->labels[a->bucket_count], LABEL_SIZE, "%ld+", last);
}

static unsigned long number(const struct qshape_counter *n, size_t column)
{
    if (n == NULL)
        return 0;
    return column == 0 ? n->total : n->in_bucket[column - 1];
}

/* No number is larger than that of all. */
static void set_widths(struct columns *t, const struct qshape_counter *all, int width)
{
    int rest = width > LEAST_WIDTH ? width : LEAST_WIDTH;

    for (size_t i = 0; i < t->count; i++) {
        int label = (int) strlen(t->labels[i]), digits = snprintf(NULL, 0, "%lu", number(all, i));
        t->widths[i] = label > digits ? label : digits;
        if (t->widths[i] < LEAST_COLUMN)
            t->widths[i] = LEAST_COLUMN;
        rest -= 1 + t->widths[i];
    }
    t->name_width = rest > LEAST_NAME ? rest : LEAST_NAME;
}

static void add_name(struct str *out, const char *name, int width)
{
    const char *mark = name[0] == '.' ? ".+" : "+";
    size_t len = strlen(name), room = (size_t) width;

    if (len > room)
        str_addf(out, "%s%s", mark, name + len - (room - strlen(mark)));
    else
        str_addf(out, "%*s", width, name);
}

static void add_row(struct str *out, const struct columns *t, const char *name, const struct qshape_counter *n)
{
    add_name(out, name, t->name_width);
    for (size_t i = 0; i < t->count; i++)
        str_addf(out, " %*lu", t->widths[i], number(n, i));
    str_addc(out, '\n');
}

void qshape_table_add(struct str *out, struct qshape_counts *c, int width, size_t max_rows)
{
    struct vec rows = qshape_count_sorted(c);
    struct columns t;

    set_labels(&t, &c->ages);
    set_widths(&t, c->all, width);
    add_name(out, "", t.name_width);
    for (size_t i = 0; i < t.count; i++)
        str_addf(out, " %*s", t.widths[i], t.labels[i]);
    str_addc(out, '\n');
    add_row(out, &t, "TOTAL", c->all);
    for (size_t i = 0; i < rows.count && (max_rows == 0 || i + 1 < max_rows); i++) {
        const struct qshape_counter *n = rows.items[i];
        add_row(out, &t, n->name, n);
    }
    vec_done(&rows, NULL);
}
