/* postlog: lines into the mail log, from a script. See postlog(1). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "daemon/logging.h"

enum { FATAL_PAUSE_S = 1 };

static const struct {
    const char *name;
    enum log_severity severity;
} priorities[] = {
    {"info", LOG_LINE_INFO},   {"warn", LOG_LINE_WARNING}, {"warning", LOG_LINE_WARNING},
    {"error", LOG_LINE_ERROR}, {"err", LOG_LINE_ERROR},    {"fatal", LOG_LINE_FATAL},
    {"crit", LOG_LINE_FATAL},  {"panic", LOG_LINE_PANIC},
};

static enum log_severity priority(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(priorities); i++)
        if (strcasecmp(priorities[i].name, name) == 0)
            return priorities[i].severity;
    fatal("unknown message priority: %s", name);
}

static void log_input(enum log_severity severity)
{
    char line[4096];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        log_line(severity, line);
    }
}

int main(int argc, char **argv)
{
    enum log_severity severity = LOG_LINE_INFO;
    const char *tag = NULL;
    struct str text = {0};
    int c;

    log_set_tag("postlog");
    while ((c = getopt(argc, argv, "c:ip:t:v")) > 0) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'i': break;
        case 'p': severity = priority(optarg); break;
        case 't': tag = optarg; break;
        case 'v': log_verbose++; break;
        default: fatal("usage: %s [-c config_dir] [-p priority] [-t tag] [-v] [text...]", argv[0]);
        }
    }
    config_load("postlog", "postlog");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    logging_open("postlog", LOGGING_COMMAND);
    if (tag != NULL)
        log_set_tag(tag);
    for (int i = optind; i < argc; i++)
        str_addf(&text, "%s%s", i > optind ? " " : "", argv[i]);
    if (optind < argc)
        log_line(severity, str_text(&text));
    else
        log_input(severity);
    log_flush();
    if (severity >= LOG_LINE_FATAL)
        sleep(FATAL_PAUSE_S);
    str_done(&text);
    return 0;
}
