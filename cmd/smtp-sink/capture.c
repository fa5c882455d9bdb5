/* capture.c: messages as files, each in one of its own or all in a shared one.
 *
 * A message is preceded by headers that show its envelope and ends in an empty line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "sink.h"

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            fatal("make folder %s: %m", path);
        *slash = '/';
    }
}

static void expand_template(struct str *path, const char *template)
{
    char text[1024];
    time_t now = clock_seconds();

    if (strftime(text, sizeof(text), template, localtime(&now)) == 0)
        fatal("file name template too long: %s", template);
    str_adds(path, text);
}

static void add_envelope(struct str *text, const struct sink_session *s, unsigned id)
{
    char host[NET_HOST_LEN], date[64];
    time_t now = clock_seconds();
    bool is_v6 = s->peer.len > 0 && s->peer.sa.sa_family == AF_INET6;
    const char *proto = sink_options.is_lmtp ? "LMTP" : s->is_esmtp ? "ESMTP" : "SMTP";

    net_host(&s->peer, host);
    str_addf(text, "X-Client-Addr: %s%s\nX-Client-Proto: %s\n", is_v6 ? "ipv6:" : "", host, proto);
    if (s->helo.len > 0)
        str_addf(text, "X-Helo-Args: %s\n", str_text(&s->helo));
    str_addf(text, "X-Mail-Args: %s\n", str_text(&s->mail));
    for (const char *r = str_text(&s->rcpts), *end = r + s->rcpts.len; r < end; r += strlen(r) + 1)
        str_addf(text, "X-Rcpt-Args: %s\n", r);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z (%Z)", localtime(&now));
    str_addf(text, "Received: from %s ([%s%s])\n\tby %s (smtp-sink) with %s id %08x;\n\t%s\n",
             s->helo.len > 0 ? str_text(&s->helo) : host, is_v6 ? "ipv6:" : "", host, sink_options.hostname, proto, id,
             date);
}

/* RFC 5321 4.5.2, the other way: doubled dots and CRs at line ends go, the final dot too. */
static void add_content(struct str *text, const struct str *message)
{
    const char *line = str_text(message), *end = line + message->len;

    while (line < end) {
        const char *lf = memchr(line, '\n', (size_t) (end - line));
        size_t n = (size_t) ((lf == NULL ? end : lf) - line);
        const char *next = line + n + 1;
        if (n > 0 && line[n - 1] == '\r')
            n--;
        if (n > 0 && line[0] == '.') {
            line++;
            n--;
        }
        if (next < end || n > 0) {
            str_add(text, line, n);
            str_addc(text, '\n');
        }
        line = next;
    }
}

static void append_to_file(const char *path, int flags, const struct str *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644);

    if (fd < 0)
        fatal("open %s: %m", path);
    if (!file_write_all(fd, str_text(text), text->len) || close(fd) < 0)
        fatal("write %s: %m", path);
}

void smtp_sink_capture_message(const struct sink_session *s)
{
    struct str path = {0}, text = {0};
    unsigned id = (unsigned) random() ^ ((unsigned) getpid() << 16);

    if (sink_options.one_file_template == NULL && sink_options.shared_file_template == NULL)
        return;
    if (sink_options.start_text != NULL)
        str_adds(&text, sink_options.start_text);
    add_envelope(&text, s, id);
    add_content(&text, &s->message);
    str_addc(&text, '\n');
    if (sink_options.one_file_template != NULL) {
        expand_template(&path, sink_options.one_file_template);
        str_addf(&path, "%08x", id);
    } else
        expand_template(&path, sink_options.shared_file_template);
    make_folders(path.data);
    append_to_file(str_text(&path), sink_options.one_file_template != NULL ? O_EXCL : 0, &text);
    str_done(&path);
    str_done(&text);
}
