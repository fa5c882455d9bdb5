#include "cmd/postconf/edit_master.h"

#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "cmd/postconf/edit.h"
#include "cmd/postconf/entry.h"
#include "cmd/postconf/print.h"
#include "cmd/postconf/request.h"

struct job {
    char mode;
    enum postconf_change change;
    struct arena arena;
    struct vec requests; /* struct postconf_request * */
    struct vec services; /* with -Me: what each request puts in place, struct master_service * */
    struct postconf_edit edit;
};

/* An entry, with everything up to the next one. */
struct block {
    struct str raw, comments, text; /* text: the logical line */
    const char *name, *type;
    int line;
};

static void parse_new_entries(struct job *j)
{
    for (size_t i = 0; i < j->requests.count; i++) {
        const struct postconf_request *r = j->requests.items[i];
        struct master_service *s = arena_new(&j->arena, struct master_service);
        if (!postconf_entry_parse(&j->arena, r->value, s))
            fatal("bad field count: \"%s\"", r->text);
        vec_add(&j->services, s);
    }
}

/* Name and type of the entry, from its first line. */
static void read_key(struct job *j, struct block *b)
{
    char *cursor = arena_strdup(&j->arena, str_text(&b->text));

    b->name = words_next(&cursor, WORDS_SPACE);
    b->type = words_next(&cursor, WORDS_SPACE);
    if (b->type == NULL)
        fatal("file %s: line %d: specify service name and type on the same line", j->edit.path, b->line);
    if (strchr(b->name, '=') != NULL)
        fatal("file %s: line %d: service name syntax \"%s\" is unsupported with -Me, -Fe, -Pe, -X, or -#",
            j->edit.path, b->line, b->name);
    if (strpbrk(b->type, "=/") != NULL)
        fatal("file %s: line %d: service type syntax \"%s\" is unsupported with -Me, -Fe, -Pe, -X, or -#",
            j->edit.path, b->line, b->type);
}

/* A request that puts an entry in place is also met by what has the name of the new one: there must not be two. */
static bool matches(const struct job *j, size_t i, const struct block *b)
{
    const struct postconf_request *r = j->requests.items[i];

    if (postconf_request_matches(r, b->name, b->type))
        return true;
    if (j->services.count == 0)
        return false;
    const struct master_service *s = j->services.items[i];
    return strcmp(s->name, b->name) == 0 && strcmp(s->columns[MASTER_TYPE], b->type) == 0;
}

static void read_entry(struct job *j, const struct block *b, struct master_service *s)
{
    if (!postconf_entry_parse(&j->arena, str_text(&b->text), s))
        fatal("file %s: line %d: bad field count", j->edit.path, b->line);
}

static void change_entry(struct job *j, const struct postconf_request *r, struct master_service *s)
{
    if (j->mode == 'F')
        postconf_entry_set_column(&j->arena, s, r->column, r->value);
    else if (j->change == POSTCONF_REMOVE)
        postconf_entry_remove_override(s, r->item);
    else
        postconf_entry_set_override(&j->arena, s, r->item, r->value);
}

/* The entry as -F and -P want it. */
static void rewrite(struct job *j, const struct block *b)
{
    struct master_service s;

    read_entry(j, b, &s);
    for (size_t i = 0; i < j->requests.count; i++)
        if (matches(j, i, b))
            change_entry(j, j->requests.items[i], &s);
    postconf_print_service(&j->edit.new_text, &s, true);
    postconf_entry_done(&s);
}

static void comment_out(struct str *out, const struct block *b)
{
    struct postconf_edit lines = {.old_text = b->raw};
    struct str line = {0};

    for (enum postconf_line kind; postconf_edit_next_line(&lines, &line, &kind);)
        str_addf(out, "%s%s", kind == POSTCONF_COMMENT ? "" : "#", str_text(&line));
    str_done(&line);
}

/* The last request that the entry meets decides; of several entries that meet it the first is replaced. */
static void change_block(struct job *j, const struct block *b)
{
    const struct master_service *replacement = NULL;
    struct str *out = &j->edit.new_text;
    bool is_met = false;

    for (size_t i = 0; i < j->requests.count; i++) {
        struct postconf_request *r = j->requests.items[i];
        if (!matches(j, i, b))
            continue;
        is_met = true;
        if (r->found++ == 0 && j->services.count > 0)
            replacement = j->services.items[i];
    }
    if (!is_met) {
        str_add(out, str_text(&b->raw), b->raw.len);
        return;
    }
    if (j->change == POSTCONF_COMMENT_OUT) {
        comment_out(out, b);
        return;
    }
    if (replacement != NULL)
        postconf_print_service(out, replacement, true);
    str_add(out, str_text(&b->comments), b->comments.len);
    if (j->mode != 'M')
        rewrite(j, b);
}

static void end_block(struct job *j, struct block *b)
{
    if (b->text.len > 0) {
        change_block(j, b);
        str_clear(&b->raw);
        str_clear(&b->comments);
        str_clear(&b->text);
    }
}

/* Every line is kept in raw, and where it belongs besides. What stands before the first entry stays there. */
static void change_blocks(struct job *j)
{
    struct block b = {0};
    struct str line = {0};
    int number = 0;

    for (enum postconf_line kind; postconf_edit_next_line(&j->edit, &line, &kind);) {
        number++;
        if (kind == POSTCONF_START) {
            end_block(j, &b);
            b.line = number;
            str_add(&b.text, str_text(&line), line.len);
            read_key(j, &b);
        } else if (b.text.len == 0) {
            str_add(&j->edit.new_text, str_text(&line), line.len);
            continue;
        } else
            str_add(kind == POSTCONF_COMMENT ? &b.comments : &b.text, str_text(&line), line.len);
        str_add(&b.raw, str_text(&line), line.len);
    }
    end_block(j, &b);
    str_done(&b.raw);
    str_done(&b.comments);
    str_done(&b.text);
    str_done(&line);
}

static void add_what_is_new(struct job *j)
{
    for (size_t i = 0; i < j->requests.count; i++) {
        const struct postconf_request *r = j->requests.items[i];
        if (r->found > 0)
            continue;
        if (j->services.count > 0)
            postconf_print_service(&j->edit.new_text, j->services.items[i], true);
        else if (j->mode != 'M')
            log_warn("unmatched service_name/type: \"%s\"", r->text);
    }
}

void postconf_edit_master(char mode, enum postconf_change change, const char *path, char **args, int count)
{
    struct job j = {.mode = mode, .change = change};

    postconf_request_parse_edits(&j.arena, mode, change != POSTCONF_SET, args, count, &j.requests);
    if (mode == 'M' && change == POSTCONF_SET)
        parse_new_entries(&j);
    postconf_edit_begin(&j.edit, path);
    change_blocks(&j);
    add_what_is_new(&j);
    postconf_edit_commit(&j.edit);
    for (size_t i = 0; i < j.services.count; i++)
        postconf_entry_done(j.services.items[i]);
    vec_done(&j.services, NULL);
    vec_done(&j.requests, NULL);
    arena_done(&j.arena);
}
