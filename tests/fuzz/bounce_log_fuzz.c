/* The log of a message, and the notification that is made of it: whatever it says, it adds no line to ours. */
#include <assert.h>
#include <stdint.h>

#include "config/config.h"
#include "services/bounce/notice.h"
#include "services/bounce/reasons.h"
#include "services/bounce/texts.h"

static void check_lines(const struct str *text, size_t entries)
{
    size_t actions = 0;

    for (const char *line = str_text(text), *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        assert(end - line <= 998);
        actions += strncmp(line, "Action:", 7) == 0;
    }
    assert(actions == entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct vec entries = {0};
    struct str text = {0};
    struct notice_about about = {.queue_id = "4b2Wq05X1Gz9", .sender = "a@b", .envelope_id = "", .sendopts = size & 1};

    conf.myhostname = conf.mydomain = "mta.example";
    conf.mail_name = "Postfix";
    conf.header_from_format = conf.bounce_template_file = "";
    bounce_texts_open();
    bounce_reasons_parse(&a, arena_strndup(&a, (const char *) data, size), &entries);
    if (entries.count > 0) {
        const struct reason *r = entries.items[0];
        about.sender = r->recipient.original;
        about.envelope_id = r->dsn.diag_text;
    }
    const struct notice n = {size / 2 % BOUNCE_TEMPLATE_COUNT, size / 8 % 3, &about, &entries};
    bounce_notice_build(&n, about.sender, &text);
    check_lines(&text, entries.count);
    str_done(&text);
    vec_done(&entries, NULL);
    arena_done(&a);
    return 0;
}
