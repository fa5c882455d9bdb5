/* postcat: the contents of queue files in readable form. See postcat(1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "cmd/postcat/show.h"
#include "config/config.h"
#include "queue/dirs.h"
#include "queue/journal.h"
#include "queue/qid.h"

struct options {
    struct postcat_options view;
    bool in_queue; /* -q */
};

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postcat [-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] "
          "[-f (file names)] [-h (header text)] [-o (record offsets)] [-q (access queue)] [-r (file order)] "
          "[-s offset] [-v] [file(s)...]");
}

/* --- where it comes from --- */

static void read_stdin(struct str *bytes)
{
    enum { CHUNK = 65536 };
    ssize_t n;

    do {
        str_reserve(bytes, CHUNK);
        n = read(STDIN_FILENO, bytes->data + bytes->len, CHUNK);
        if (n > 0)
            str_grow(bytes, (size_t) n);
    } while (n > 0);
    if (n < 0)
        fatal("read standard input: %m");
}

/* What is shown: mapped where that can be. */
struct input {
    struct str name, copy;
    struct message_bytes mapped;
};

static void input_done(struct input *in)
{
    message_close(&in->mapped);
    str_done(&in->name);
    str_done(&in->copy);
}

static void open_file(struct input *in)
{
    struct location where = {.path = str_text(&in->name)};
    struct str why = {0};

    if (!message_open("", &where, &in->mapped, &why) && !file_read(where.path, &in->copy, &why))
        fatal("%s", str_text(&why));
    str_done(&why);
}

static bool read_from_journal(struct input *in, const char *id)
{
    struct location where;
    struct message_bytes m;
    struct str path = {0}, why = {0};
    bool ok = journal_find(id, &where, &path) && message_open(id, &where, &m, &why);

    if (ok) {
        str_add(&in->copy, m.bytes, m.n);
        ok = message_is_current(id, &where, &m);
        message_close(&m);
    }
    str_done(&path);
    str_done(&why);
    return ok;
}

static bool find_in_queue(struct input *in, const char *id)
{
    static const char *const queues[] = {"maildrop", "incoming", "active", "deferred", "hold", "saved"};

    for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
        if (access(queue_path(&in->name, queues[i], id), F_OK) == 0)
            return true;
    return false;
}

/* The message in whichever queue it is; its name becomes queue/id. What is in the journal is being delivered, or about
 * to be, and may become a file just now. */
static void open_in_queue(struct input *in, const char *id)
{
    if (!qid_is_valid(id))
        fatal("bad mail queue ID: %s", id);
    if (find_in_queue(in, id))
        open_file(in);
    else if (read_from_journal(in, id))
        queue_path(&in->name, "active", id);
    else if (find_in_queue(in, id))
        open_file(in);
    else
        fatal("open queue file %s: %s", id, strerror(ENOENT));
}

static void show_argument(const struct options *o, const char *argument)
{
    struct input in = {0};

    str_set(&in.name, argument);
    if (o->in_queue)
        open_in_queue(&in, argument);
    else
        open_file(&in);
    if (in.mapped.bytes != NULL)
        postcat_show(&o->view, str_text(&in.name), in.mapped.bytes, in.mapped.n);
    else
        postcat_show(&o->view, str_text(&in.name), str_text(&in.copy), in.copy.len);
    input_done(&in);
}

static void set_start(struct options *o, const char *text)
{
    long offset;

    if (!words_to_long(text, &offset) || offset < 0)
        fatal("bad offset: %s", text);
    o->view.start = (size_t) offset;
    o->view.has_start = true;
}

static void take_option(struct options *o, int c)
{
    switch (c) {
    case 'b': o->view.body = true; break;
    case 'c': config_set_dir(optarg); break;
    case 'd': o->view.types = true; break;
    case 'e': o->view.envelope = true; break;
    case 'f': o->view.names = true; break;
    case 'h': o->view.header = true; break;
    case 'o': o->view.offsets = true; break;
    case 'q': o->in_queue = true; break;
    case 'r': o->view.raw = true; break;
    case 's': set_start(o, optarg); break;
    case 'v': log_verbose++; break;
    default: usage();
    }
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct str input = {0};
    int c;

    log_set_tag("postcat");
    while ((c = getopt(argc, argv, "+bc:defhoqrs:v")) > 0)
        take_option(&o, c);
    if (!o.view.envelope && !o.view.header && !o.view.body)
        o.view.envelope = o.view.header = o.view.body = true;
    config_load("postcat", "postcat");
    if (o.in_queue && chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    if (optind == argc) {
        read_stdin(&input);
        postcat_show(&o.view, "stdin", str_text(&input), input.len);
    }
    for (int i = optind; i < argc; i++)
        show_argument(&o, argv[i]);
    if (fflush(stdout) != 0)
        fatal("write standard output: %m");
    str_done(&input);
    return 0;
}
