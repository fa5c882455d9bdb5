/* Answers of header_checks and body_checks: the first byte chooses when they are asked, and of what; what is accepted
 * has what it needs. */
#include <assert.h>
#include <stdint.h>

#include "base/log.h"
#include "mail/checks.h"

static void keep_quiet(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

/* The whole text is the answer. */
#define ECHO_TABLE "regexp:{{/(.*)/ $1}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct checks *checks[CHECKS_DELIVERING + 1];
    static const struct checks_tables tables = {ECHO_TABLE, ECHO_TABLE, ECHO_TABLE, ECHO_TABLE};
    struct str header = {0};
    struct check found = {0};

    if (size < 1)
        return 0;
    if (checks[0] == NULL) {
        log_add_sink(keep_quiet, NULL);
        for (int when = 0; when <= CHECKS_DELIVERING; when++)
            checks[when] = checks_open((enum checks_time) when, "", &tables);
    }
    const struct checks *c = checks[data[0] % 3];
    str_add(&header, (const char *) data + 1, size - 1);
    enum check_action action = (data[0] & 128) != 0 ? checks_line(c, str_text(&header), header.len, &found)
                                                    : checks_header(c, MIME_PRIMARY, NULL, &header, &found);
    if (action == CHECK_REJECT)
        assert(found.text.data[0] == '4' || found.text.data[0] == '5');
    if (action == CHECK_BCC || action == CHECK_REDIRECT)
        assert(strchr(found.text.data, '@') != NULL);
    if (action == CHECK_REPLACE || action == CHECK_PREPEND)
        assert(found.text.len > 0);
    str_done(&header);
    checks_found_done(&found);
    return 0;
}
