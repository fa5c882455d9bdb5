#include "smtp/reply_filter.h"

#include "base/log.h"
#include "config/config.h"
#include "smtp/session.h"
#include "table/table.h"

static struct table *filter;

void smtp_reply_filter_open(void)
{
    if (*conf.smtp_reply_filter != 0)
        filter = table_open(conf.smtp_reply_filter, TABLE_FOLD);
}

bool smtp_reply_filter_line(void *context, struct str *text, size_t start)
{
    struct session *s = context;
    struct str other = {0};

    if (filter == NULL)
        return true;
    const char *line = str_text(text) + start;
    switch (table_find(filter, line, &other)) {
    case TABLE_FOUND:
        log_info("%s: replacing server reply \"%s\" with \"%s\"", s->relay, line, str_text(&other));
        str_cut(text, start);
        str_adds(text, str_text(&other));
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        log_warn("%s: table %s lookup error for %s", s->queue_id, table_name(filter), line);
        s->has_data_error = true;
        break;
    }
    str_done(&other);
    return !s->has_data_error;
}
