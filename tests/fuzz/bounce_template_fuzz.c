/* A template file: whatever it says, there are four templates, and what is printed is read as the same. */
#include <assert.h>
#include <stdint.h>

#include "base/log.h"
#include "config/config.h"
#include "mail/bounce_template.h"

static void quiet(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bounce_templates t = {0};
    struct str text = {0}, why = {0};

    conf.myhostname = conf.mydomain = "mta.example";
    conf.header_from_format = "standard";
    conf.maximal_queue_lifetime = 432000;
    log_add_sink(quiet, NULL);
    bounce_template_init(&t);
    bounce_template_parse(&t, "fuzz", (const char *) data, size, &why);
    for (int i = 0; i < BOUNCE_TEMPLATE_COUNT; i++)
        assert(*t.of[i].from != 0 && *t.of[i].subject != 0 && *t.of[i].text != 0 && strchr(t.of[i].subject, '\n') == NULL);
    bounce_template_print(&t, &text);
    bounce_template_print_expanded(&t, &text, &why);
    log_remove_sinks();
    str_done(&text);
    str_done(&why);
    bounce_template_done(&t);
    return 0;
}
