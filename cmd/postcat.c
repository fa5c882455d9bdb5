/* postcat: the contents of queue files in readable form. See postcat(1).
 *
 * Nothing is assumed of the file but that it consists of records: it may be damaged, and that may be
 * why somebody looks at it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/header.h"
#include "queue/dirs.h"
#include "queue/journal.h"
#include "queue/qid.h"
#include "queue/record.h"

struct options {
    bool envelope, header, body;           /* -e -h -b */
    bool offsets, types, names;            /* -o -d -f */
    bool in_queue, raw;                    /* -q -r */
    size_t start;                          /* -s */
    bool has_start;
};

enum section { IN_ENVELOPE, IN_HEADER, IN_BODY, IN_EXTRACTED, AT_END };

struct view {
    const struct options *options;
    const char *name;
    struct record_reader reader;
    enum section section;
    int type_before;                       /* the record before in the content */
};

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postcat [-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] "
          "[-f (file names)] [-h (header text)] [-o (record offsets)] [-q (access queue)] [-r (file order)] "
          "[-s offset] [-v] [file(s)...]");
}

static bool is_text(int type)
{
    return type == REC_LINE || type == REC_PART;
}

static bool is_in_content(const struct view *v)
{
    return v->section == IN_HEADER || v->section == IN_BODY;
}

static bool is_wanted(const struct view *v)
{
    switch (v->section) {
    case IN_HEADER:
        return v->options->header;
    case IN_BODY:
        return v->options->body;
    case IN_ENVELOPE:
    case IN_EXTRACTED:
    case AT_END:
        return v->options->envelope;
    }
    return false;
}

static void print_prefix(const struct view *v, const struct record *r)
{
    if (v->options->names)
        printf("%s: ", v->name);
    if (v->options->offsets)
        printf("%9zu ", r->offset);
    if (v->options->types)
        printf("%3d ", r->type);
}

/* --- one record --- */

/* Payloads are text; a NUL ends it. */
static int text_len(const struct record *r)
{
    return (int) strnlen(r->payload, r->len);
}

static const char *date_text(const char *number)
{
    time_t when = atol(number);
    char *date = asctime(localtime(&when));

    return date == NULL ? "out of range\n" : date; /* ends in a newline by itself */
}

static void print_value(const struct record *r)
{
    printf("%s: %.*s\n", record_name(r->type, false), text_len(r), r->payload);
}

static void print_date(const struct record *r, const char *name)
{
    char *number = mem_strndup(r->payload, (size_t) text_len(r));

    printf("%s: %s", name, date_text(number));
    mem_free(number);
}

static void print_attr(const struct view *v, const struct record *r)
{
    char *text = mem_strndup(r->payload, (size_t) text_len(r)), *whole = mem_strdup(text);
    char *name, *value;
    const char *error = words_name_value(text, &name, &value);

    if (error == NULL && name[strcspn(name, WORDS_SPACE)] != 0)
        error = "missing '=' after attribute name";
    if (error != NULL)
        log_warn("%s: malformed attribute: %s: %.100s", v->name, error, whole);
    else if (strcmp(name, "create_time") == 0)
        printf("create_time: %s", date_text(value));
    else
        printf("%s: %s=%s\n", record_name(r->type, false), name, value);
    mem_free(text);
    mem_free(whole);
}

static void print_text(const struct view *v, const struct record *r)
{
    if (log_verbose > 0)
        printf("%s: ", record_name(r->type, v->section != IN_EXTRACTED));
    fwrite(r->payload, 1, r->len, stdout);
    if (r->type == REC_LINE || v->options->offsets || log_verbose > 0)
        putchar('\n');
}

static void print_size(const struct record *r)
{
    long size, offset;
    char *text = mem_strndup(r->payload, (size_t) text_len(r));

    print_value(r);
    fflush(stdout);
    if (sscanf(text, "%ld %ld", &size, &offset) != 2 || size <= 0 || offset <= 0)
        log_warn("invalid size record: %.100s", text);
    mem_free(text);
}

static void print_marker(const struct view *v, const char *text)
{
    printf("*** %s %s ***\n", text, v->name);
}

static void print_record(const struct view *v, const struct record *r)
{
    bool is_extra = r->type == REC_POINTER || r->type == REC_PADDING;

    if (is_extra && log_verbose == 0 && !v->options->raw)
        return;
    print_prefix(v, r);
    switch (r->type) {
    case REC_SIZE: print_size(r); break;
    case REC_TIME:
    case REC_WARN: print_date(r, record_name(r->type, false)); break;
    case REC_ATTR: print_attr(v, r); break;
    case REC_MESSAGE: print_marker(v, "MESSAGE CONTENTS"); break;
    case REC_EXTRACTED: print_marker(v, "HEADER EXTRACTED"); break;
    case REC_END: print_marker(v, "MESSAGE FILE END"); break;
    case REC_LINE: print_text(v, r); break;
    case REC_PART: is_in_content(v) ? print_text(v, r) : print_value(r); break;
    default: print_value(r);
    }
}

/* --- a file --- */

static bool is_header_line(const struct view *v, const struct record *r)
{
    if (v->type_before == REC_PART)
        return true; /* the rest of a long line */
    return r->len > 0 && (r->payload[0] == ' ' || r->payload[0] == '\t' || header_name_len(r->payload, r->len) > 0);
}

static void complain(const struct view *v, bool is_in_order, const char *marker)
{
    if (!is_in_order && !v->options->has_start)
        log_warn("%s: out-of-order %s marker", v->name, marker);
}

/* The section in which the record itself is shown is that of what it begins. */
static void follow_sections(struct view *v, const struct record *r)
{
    if (r->type == REC_MESSAGE) {
        complain(v, v->section == IN_ENVELOPE, "message content");
        v->section = IN_HEADER;
        v->type_before = 0;
    } else if (r->type == REC_EXTRACTED) {
        complain(v, is_in_content(v), "extracted segment");
        v->section = IN_EXTRACTED;
    } else if (r->type == REC_END) {
        complain(v, !is_in_content(v), "message end");
        v->section = AT_END;
    } else if (is_text(r->type) && is_in_content(v)) {
        if (v->section == IN_HEADER && !is_header_line(v, r))
            v->section = IN_BODY;
        v->type_before = r->type;
    }
}

static bool is_section_marker(int type)
{
    return type == REC_MESSAGE || type == REC_EXTRACTED || type == REC_END;
}

static enum record_result next_record(struct view *v, struct record *r)
{
    enum record_result result = record_next(v->reader.bytes, v->reader.n, &v->reader.next, r);

    if (result == RECORD_OK && r->type == REC_POINTER && !v->options->raw && !record_follow(&v->reader, r))
        return RECORD_BAD;
    return result;
}

/* With what a file may begin. */
static const char envelope_types[] = "MCTcFILSDRO/WVA>K<ion";

static void show(const struct options *o, const char *name, const char *bytes, size_t n)
{
    struct view v = {.options = o, .name = name, .reader = {.bytes = bytes, .n = n, .next = o->start}};
    enum record_result result = RECORD_END;
    struct record r;

    if (o->start == 0 && n > 0 && strchr(envelope_types, bytes[0]) == NULL) {
        log_warn("%s: input is not a valid queue file", name);
        return;
    }
    if (o->envelope && o->start == 0 && n > 0)
        print_marker(&v, "ENVELOPE RECORDS");
    while (v.section != AT_END && o->start <= n && (result = next_record(&v, &r)) == RECORD_OK) {
        follow_sections(&v, &r);
        if (is_section_marker(r.type) ? o->envelope : is_wanted(&v))
            print_record(&v, &r);
    }
    if (result == RECORD_BAD) {
        fflush(stdout);
        log_warn("%s: malformed record at offset %zu", name, v.reader.next);
        fatal("record read error");
    }
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

static bool read_from_journal(const char *id, struct str *bytes)
{
    struct location where;
    struct message_bytes m;
    struct str path = {0}, why = {0};
    bool ok = journal_find(id, &where, &path) && message_open(id, &where, &m, &why);

    if (ok) {
        str_add(bytes, m.bytes, m.n);
        ok = message_is_current(id, &where, &m);
        message_close(&m);
    }
    if (!ok)
        str_clear(bytes);
    str_done(&path);
    str_done(&why);
    return ok;
}

/* The message in whichever queue it is; name becomes queue/id. */
static void read_from_queue(const char *id, struct str *name, struct str *bytes)
{
    static const char *const queues[] = {"maildrop", "incoming", "active", "deferred", "hold", "saved"};
    struct str why = {0};

    if (!qid_is_valid(id))
        fatal("bad mail queue ID: %s", id);
    for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
        if (access(queue_path(name, queues[i], id), F_OK) < 0)
            continue;
        if (!file_read(str_text(name), bytes, &why))
            fatal("%s", str_text(&why));
        return;
    }
    /* A message in the journal is being delivered, or about to be. */
    if (!read_from_journal(id, bytes))
        fatal("open queue file %s: %s", id, strerror(ENOENT));
    queue_path(name, "active", id);
}

static void show_argument(const struct options *o, const char *argument)
{
    struct str name = {0}, bytes = {0}, why = {0};

    if (o->in_queue)
        read_from_queue(argument, &name, &bytes);
    else if (file_read(argument, &bytes, &why))
        str_set(&name, argument);
    else
        fatal("%s", str_text(&why));
    show(o, str_text(&name), str_text(&bytes), bytes.len);
    str_done(&name);
    str_done(&bytes);
    str_done(&why);
}

static void set_start(struct options *o, const char *text)
{
    long offset;

    if (!words_to_long(text, &offset) || offset < 0)
        fatal("bad offset: %s", text);
    o->start = (size_t) offset;
    o->has_start = true;
}

static void take_option(struct options *o, int c)
{
    switch (c) {
    case 'b': o->body = true; break;
    case 'c': config_set_dir(optarg); break;
    case 'd': o->types = true; break;
    case 'e': o->envelope = true; break;
    case 'f': o->names = true; break;
    case 'h': o->header = true; break;
    case 'o': o->offsets = true; break;
    case 'q': o->in_queue = true; break;
    case 'r': o->raw = true; break;
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
    while ((c = getopt(argc, argv, "bc:defhoqrs:v")) > 0)
        take_option(&o, c);
    if (!o.envelope && !o.header && !o.body)
        o.envelope = o.header = o.body = true;
    config_load("postcat", "postcat");
    if (o.in_queue && chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    if (optind == argc) {
        read_stdin(&input);
        show(&o, "stdin", str_text(&input), input.len);
    }
    for (int i = optind; i < argc; i++)
        show_argument(&o, argv[i]);
    if (fflush(stdout) != 0)
        fatal("write standard output: %m");
    str_done(&input);
    return 0;
}
