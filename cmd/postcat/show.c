#include "cmd/postcat/show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "mail/header.h"
#include "queue/record.h"

enum section { IN_ENVELOPE, IN_HEADER, IN_BODY, IN_EXTRACTED, AT_END };

struct view {
    const struct postcat_options *options;
    const char *name;
    struct record_reader reader;
    enum section section;
    int type_before;                       /* the record before in the content */
    size_t offset;                         /* where the record, or what leads to it, begins */
    long data_size, data_offset;           /* as the size record says; 0: it has not said */
    bool has_size;
};

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
        printf("%9zu ", v->offset);
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

static void print_marker(const struct view *v, const char *text)
{
    printf("*** %s %s ***\n", text, v->name);
}

static void print_record(const struct view *v, const struct record *r)
{
    print_prefix(v, r);
    switch (r->type) {
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
        complain(v, !is_in_content(v), "message content");
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

/* --- what need not be read --- */

static void note_size(struct view *v, const struct record *r)
{
    char *text = mem_strndup(r->payload, (size_t) text_len(r));

    fflush(stdout);
    if (v->has_size)
        log_warn("file contains multiple size records");
    v->has_size = true;
    bool ok = sscanf(text, "%ld %ld", &v->data_size, &v->data_offset) == 2;
    if (ok && v->data_size == -1 && v->data_offset == -1) { /* a submission that asks for something */
        v->data_size = v->data_offset = 0;
    } else if (!ok || v->data_size <= 0 || v->data_offset <= 0) {
        log_warn("invalid size record: %.100s", text);
        if (!v->options->envelope)
            fatal("seek error: %s", strerror(EINVAL));
        v->data_size = v->data_offset = 0;
    }
    mem_free(text);
}

static void skip_to(struct view *v, long offset)
{
    size_t end = v->reader.n, to = (size_t) offset < end ? (size_t) offset : end;

    if (to > v->reader.next)
        v->reader.next = to;
}

/* Behind a record: go straight to the next that may be shown, and see no errors in what is passed over. */
static void skip_unwanted(struct view *v, const struct record *r)
{
    const struct postcat_options *o = v->options;

    if (r->type == REC_SIZE && !o->envelope && v->data_offset > 0) {
        skip_to(v, v->data_offset);
        v->section = IN_HEADER;
    } else if (r->type == REC_MESSAGE && !o->header && !o->body && v->data_offset > 0) {
        skip_to(v, v->data_offset + v->data_size);
    } else if (v->section == IN_BODY && !o->body) {
        if (o->envelope && v->data_offset > 0)
            skip_to(v, v->data_offset + v->data_size);
        else if (!o->envelope)
            v->section = AT_END;
    } else if (v->section == IN_EXTRACTED && !o->envelope) {
        v->section = AT_END;
    }
}

static bool is_section_marker(int type)
{
    return type == REC_MESSAGE || type == REC_EXTRACTED || type == REC_END;
}

/* Only who wants to know everything sees how the file hangs together, and can have it in the order of the file. */
static bool is_in_file_order(const struct view *v)
{
    return v->options->raw && log_verbose > 0;
}

static void reject(const struct view *v, size_t offset, const char *what)
{
    struct str why = {0};

    fflush(stdout);
    record_explain(v->reader.bytes, v->reader.n, offset, &why);
    log_warn("%s: %s", v->name, str_text(&why));
    fatal("%s", what);
}

/* One that points behind the end ends the file. */
static void follow(struct view *v, const struct record *r)
{
    if (record_follow(&v->reader, r))
        return;
    if (strtol(r->payload, NULL, 10) <= (long) v->reader.n)
        reject(v, r->offset, log_verbose > 0 ? "bad pointer record, or input is not seekable" : "record read error");
    v->reader.next = v->reader.n;
}

static bool next_record(struct view *v, struct record *r)
{
    v->offset = v->reader.next;
    for (;;) {
        enum record_result result = record_next(v->reader.bytes, v->reader.n, &v->reader.next, r);
        if (result == RECORD_BAD)
            reject(v, v->reader.next, "record read error");
        if (result == RECORD_END || log_verbose > 0 || (r->type != REC_POINTER && r->type != REC_PADDING))
            return result == RECORD_OK;
        if (r->type == REC_POINTER)
            follow(v, r);
    }
}

/* With what a file may begin. */
static const char envelope_types[] = "MCTcFILSDRO/WVA>K<ion";

void postcat_show(const struct postcat_options *o, const char *name, const char *bytes, size_t n)
{
    struct view v = {.options = o, .name = name, .reader = {.bytes = bytes, .n = n, .next = o->start}};
    struct record r;

    if (o->start == 0 && n > 0 && strchr(envelope_types, bytes[0]) == NULL) {
        log_warn("%s: input is not a valid queue file", name);
        return;
    }
    if (o->envelope && o->start == 0 && n > 0)
        print_marker(&v, "ENVELOPE RECORDS");
    while ((v.section != AT_END || is_in_file_order(&v)) && o->start <= n && next_record(&v, &r)) {
        follow_sections(&v, &r);
        if (is_section_marker(r.type) ? o->envelope : is_wanted(&v))
            print_record(&v, &r);
        if (r.type == REC_SIZE)
            note_size(&v, &r);
        if (!o->has_start && !o->raw)
            skip_unwanted(&v, &r);
        if (r.type == REC_POINTER && !is_in_file_order(&v))
            follow(&v, &r);
    }
}
