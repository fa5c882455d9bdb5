/* dialogue.h: servers that play a script, and what deliveries leave behind, for tests of smtp.
 *
 * A script is one line a step: "S: text" is sent, "C: text" must come (its beginning), "D: text" is
 * a message up to its dot that must hold the text, "X" hangs up
 * at once. A script is one session; a server plays its scripts one after the other, in a child
 * process, and complains on standard error.
 */
#ifndef TESTS_SMTP_DIALOGUE_H
#define TESTS_SMTP_DIALOGUE_H

#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "config/config.h"
#include "mail/delivery.h"
#include "queue/record.h"

/* --- what the programs would have done with an outcome --- */

static struct str dialogue_events;   /* a line for each outcome and each line of the log */
static struct arena dialogue_memory;
static bool dialogue_refuses_commit;

static inline void note(const char *word, struct delivery_recipient *r, const char *relay, const char *extra, const struct dsn *dsn,
    enum outcome outcome)
{
    r->outcome = outcome;
    str_addf(&dialogue_events, "%s %s %s%s %s (%s)\n", r->address, word, relay, extra, dsn->status, dsn->reason);
}

void delivery_sent(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra, const struct dsn *dsn)
{
    (void) d;
    note("sent", r, relay, extra, dsn, OUTCOME_DONE);
}

void delivery_deferred(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra, const struct dsn *dsn)
{
    (void) d;
    note("deferred", r, relay, extra, dsn, OUTCOME_DEFERRED);
}

void delivery_bounced(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra, const struct dsn *dsn)
{
    (void) d;
    note("bounced", r, relay, extra, dsn, OUTCOME_DONE);
}

bool agent_commit(struct delivery *d);
bool agent_commit(struct delivery *d)
{
    (void) d;
    return !dialogue_refuses_commit;
}

struct arena *agent_memory(struct delivery *d);
struct arena *agent_memory(struct delivery *d)
{
    (void) d;
    return &dialogue_memory;
}

const char *dialogue_program = "smtp";
const char *daemon_program_name(void);
const char *daemon_program_name(void)
{
    return dialogue_program;
}

static inline void dialogue_log(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&dialogue_events, "log: %s\n", lines[i].text);
}

/* --- the server --- */

static inline void dialogue_complain(const char *what, const char *want, const char *got)
{
    fprintf(stderr, "server: %s: wanted \"%s\", got \"%s\"\n", what, want, got);
    _exit(1);
}

static inline void dialogue_play(FILE *in, int fd, const char *script)
{
    static char step[512], line[1024], data[65536];

    while (*script != 0) {
        size_t n = strcspn(script, "\n");
        snprintf(step, sizeof(step), "%.*s", (int) n, script);
        script += n + (script[n] == '\n');
        const char *text = strlen(step) > 3 ? step + 3 : "";
        switch (step[0]) {
        case 'S':
            dprintf(fd, "%s\r\n", text);
            break;
        case 'C':
            if (fgets(line, sizeof(line), in) == NULL || strncmp(line, text, strlen(text)) != 0)
                dialogue_complain("command", text, feof(in) ? "end" : line);
            break;
        case 'D':
            for (data[0] = 0; fgets(line, sizeof(line), in) != NULL && strcmp(line, ".\r\n") != 0;)
                strncat(data, line, sizeof(data) - strlen(data) - 1);
            if (strstr(data, text) == NULL)
                dialogue_complain("message", text, data);
            break;
        default: /* X */
            return;
        }
    }
    while (fgets(line, sizeof(line), in) != NULL) /* QUIT, perhaps */
        if (strncmp(line, "QUIT", 4) != 0)
            dialogue_complain("end of script", "QUIT", line);
}

struct dialogue_server {
    pid_t pid;
    int port;
};

/* scripts end with NULL. No scripts at all: nobody listens at the port. */
static inline struct dialogue_server dialogue_start(const char *const *scripts)
{
    struct dialogue_server server;
    struct net_addr a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    net_parse(&a, "127.0.0.1", 0);
    if (bind(fd, &a.sa, a.len) < 0 || getsockname(fd, &a.sa, &a.len) < 0)
        abort();
    server.port = net_port(&a);
    server.pid = -1;
    if (scripts[0] != NULL) {
        listen(fd, 10);
        server.pid = fork();
        if (server.pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (; *scripts != NULL; scripts++) {
                int c = accept(fd, NULL, NULL);
                FILE *in = fdopen(c, "r");
                dialogue_play(in, c, *scripts);
                fclose(in);
            }
            _exit(0);
        }
    }
    close(fd);
    return server;
}

/* True: it has played all its scripts, without complaint. */
static inline bool dialogue_end(struct dialogue_server *server)
{
    int status = 0;

    if (server->pid < 0)
        return true;
    return waitpid(server->pid, &status, 0) == server->pid && status == 0;
}

/* --- settings and a message --- */

static inline void dialogue_settings(void)
{
#define PARAM(name, class, default_, min, max, used_by, text) DIALOGUE_##class(name)
#define DIALOGUE_STR(name) conf.name = "";
#define DIALOGUE_RAW(name) conf.name = "";
#define DIALOGUE_BOOL(name) conf.name = false;
#define DIALOGUE_NBOOL(name) conf.name = false;
#define DIALOGUE_INT(name) conf.name = 0;
#define DIALOGUE_NINT(name) conf.name = 0;
#define DIALOGUE_LONG(name) conf.name = 0;
#define DIALOGUE_TIME(name) conf.name = 10;
#include "config/params.def"
#undef PARAM
    conf.myhostname = conf.smtp_helo_name = "me.test";
    conf.inet_interfaces = "all";
    conf.inet_protocols = "ipv4";
    conf.smtp_tcp_port = "25";
    conf.smtp_host_lookup = "dns";
    conf.smtp_address_preference = "any";
    conf.smtp_address_verify_target = "rcpt";
    conf.smtp_always_send_ehlo = true;
    conf.smtp_skip_5xx_greeting = true;
    conf.smtp_skip_quit_response = true;
    conf.smtp_quote_rfc821_envelope = true;
    conf.smtp_randomize_addresses = true;
    conf.smtp_connection_cache_on_demand = true;
    conf.smtp_mx_address_limit = 5;
    conf.smtp_mx_session_limit = 2;
    conf.smtp_line_length_limit = 998;
    conf.smtp_connection_reuse_time_limit = 300;
    conf.info_log_address_format = "external";
    conf.disable_mime_output_conversion = true;
}

/* A queue file with these content lines (LF between); false: it cannot be made. */
static inline bool dialogue_message(struct delivery *d, const char *path, const char *content)
{
    struct str all = {0}, why = {0};
    const char *line = content;

    record_addf(&all, REC_SIZE, "%15d %15d %15d %15d %15d %15d", 0, 0, 1, 0, 0, 0);
    record_adds(&all, REC_MESSAGE, "");
    d->data_offset = all.len;
    for (;;) {
        size_t n = strcspn(line, "\n");
        record_add(&all, REC_LINE, line, n);
        if (line[n] == 0)
            break;
        line += n + 1;
    }
    d->data_size = all.len - d->data_offset;
    record_adds(&all, REC_EXTRACTED, "");
    record_adds(&all, REC_END, "");
    d->where = (struct location){.path = path, .length = all.len};
    bool ok = file_replace(path, all.data, all.len, 0700, &why);
    str_done(&all);
    str_done(&why);
    return ok;
}

#endif
