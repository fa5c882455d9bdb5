#include "cmd/postconf/templates.h"

#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "mail/bounce_template.h"

/* Under the name of the program that uses them. The log is found from the queue directory, and may
 * not be there at all. */
static void open_log(void)
{
    log_set_tag("postfix/bounce");
    config_load("bounce", "bounce");
    if (chdir(conf.queue_directory) < 0)
        return;
    logging_open("bounce", LOGGING_DAEMON);
    log_add_sink(log_sink_stderr, NULL);
}

void postconf_templates_show(const char *path, bool are_expanded, struct str *out)
{
    struct bounce_templates templates = {0};
    struct str text = {0}, why = {0};

    /* A relative path is meant from here. */
    bool was_read = path == NULL || *path == 0 || file_read(path, &text, &why);
    open_log();
    if (path == NULL) {
        path = conf.bounce_template_file;
        was_read = *path == 0 || file_read(path, &text, &why);
    }
    bounce_template_init(&templates);
    if (!was_read || (*path != 0 && !bounce_template_parse(&templates, path, str_text(&text), text.len, &why)))
        fatal("%s", str_text(&why));
    if (!are_expanded)
        bounce_template_print(&templates, out);
    else if (!bounce_template_print_expanded(&templates, out, &why))
        fatal("%s", str_text(&why));
    bounce_template_done(&templates);
    str_done(&text);
    str_done(&why);
}
