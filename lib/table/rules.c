#include "table/rules.h"

#include <ctype.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/words.h"
#include "table/file_value.h"
#include "table/literal.h"
#include "table/prefilter.h"
#include "table/reader.h"
#include "table/rules_text.h"

struct pattern {
    void *code;      /* NULL: no pattern, always true */
    bool is_negated;
};

struct rule {
    struct pattern patterns[2]; /* both must hold */
    struct rules_text text;
    struct str needs;           /* every key that it applies to has these texts in it (literal.h) */
    size_t skip_to;             /* an IF that does not hold: the rule behind its ENDIF; 0: an ordinary rule */
    int line;
};

struct rules {
    const struct rules_engine *engine;
    const char *name;
    struct arena arena;
    struct vec list;  /* struct rule * in the arena */
    struct prefilter *filter;
    struct rules_span spans[RULES_MAX_GROUPS];

    /* while reading: */
    struct vec open;  /* IF rules whose ENDIF is to come */
    int line;
    struct str where; /* "regexp map NAME, line N" */
};

/* A pattern as it is written. */
struct pattern_text {
    char *text;
    unsigned options;
    bool is_negated;
};

static bool skip_rule(const struct rules *r, const char *why)
{
    log_warn("%s: %s: skipping this rule", str_text(&r->where), why);
    return false;
}

static bool toggle_option(const struct rules *r, char letter, unsigned *options)
{
    for (const struct rules_option *o = r->engine->options; o->letter != 0; o++)
        if (o->letter == letter) {
            *options ^= o->bit;
            if (o->bit == 0)
                log_warn("%s: ignoring obsolete regexp option \"%c\"", str_text(&r->where), letter);
            return true;
        }
    log_warn("%s: unknown regexp option \"%c\": skipping this rule", str_text(&r->where), letter);
    return false;
}

/* "[!]/pattern/options" at *cursor, which moves behind it. */
static bool take_pattern(const struct rules *r, char **cursor, struct pattern_text *p)
{
    char *at = *cursor;

    *p = (struct pattern_text){.options = r->engine->default_options};
    for (; *at == '!' || isspace((unsigned char) *at); at++)
        p->is_negated ^= *at == '!';
    if (*at == 0)
        return skip_rule(r, "no regexp");
    char delimiter = *at++;
    for (p->text = at; *at != 0 && *at != delimiter; at++)
        if (*at == '\\' && at[1] != 0)
            at++;
    if (*at == 0) {
        log_warn("%s: no closing regexp delimiter \"%c\": %s", str_text(&r->where), delimiter, r->engine->unclosed);
        return false;
    }
    *at++ = 0;
    while (*at != 0 && !isspace((unsigned char) *at) && !(r->engine->has_second_pattern && *at == '!'))
        if (!toggle_option(r, *at++, &p->options))
            return false;
    *cursor = at;
    return true;
}

static bool compile(const struct rules *r, const struct pattern_text *p, struct pattern *out, bool needs_groups,
    size_t *groups)
{
    struct str why = {0};

    out->is_negated = p->is_negated;
    out->code = r->engine->compile(p->text, p->options, needs_groups, groups, &why);
    if (out->code == NULL)
        log_warn("%s: %s", str_text(&r->where), str_text(&why));
    str_done(&why);
    return out->code != NULL;
}

static struct rule *new_rule(struct rules *r)
{
    struct rule *rule = arena_new(&r->arena, struct rule);

    rule->line = r->line;
    return rule;
}

static void free_patterns(const struct rules *r, struct rule *rule)
{
    for (size_t i = 0; i < ARRAY_SIZE(rule->patterns); i++)
        if (rule->patterns[i].code != NULL)
            r->engine->free(rule->patterns[i].code);
    str_done(&rule->needs);
}

/* What a plain rule's pattern needs. An IF is asked always: a whole block depends on it. */
static void note_need(struct rules *r, struct rule *rule, const struct pattern_text *p)
{
    if (!p->is_negated && ((p->options ^ r->engine->default_options) & ~r->engine->harmless_options) == 0)
        literal_find(p->text, r->engine->has_class_escapes, &rule->needs);
}

static void make_filter(struct rules *r)
{
    r->filter = prefilter_new(r->list.count);
    for (size_t i = 0; i < r->list.count; i++) {
        struct rule *rule = r->list.items[i];
        prefilter_need(r->filter, i, &rule->needs);
        str_done(&rule->needs);
    }
}

/* The pattern or two patterns of a rule; the text behind them. NULL: skipped. */
static char *take_patterns(struct rules *r, char *line, struct pattern_text texts[2])
{
    texts[1] = (struct pattern_text){0};
    if (!take_pattern(r, &line, &texts[0]))
        return NULL;
    if (*line == '!' && !take_pattern(r, &line, &texts[1]))
        return NULL;
    return line + strspn(line, " \t\r\n\v\f");
}

static bool may_substitute(const struct rules *r, const struct table *t, const struct rules_text *text, bool is_negated)
{
    if (text->max_group == 0)
        return true;
    if (is_negated)
        return skip_rule(r, "$number found in negative match replacement text");
    if ((t->flags & TABLE_NO_REGSUB) != 0)
        return skip_rule(r, "regular expression substitution is not allowed");
    return true;
}

/* Where a rule's text names files, what is in them. */
static bool take_files(struct rules *r, const struct table *t, char **text)
{
    struct str content = {0}, why = {0};

    if ((t->flags & TABLE_SRC_RHS_IS_FILE) == 0)
        return true;
    bool ok = file_value_load(*text, &content, &why);
    if (ok)
        *text = arena_strdup(&r->arena, str_text(&content));
    else
        skip_rule(r, str_text(&why));
    str_done(&content);
    str_done(&why);
    return ok;
}

static void take_rule(struct rules *r, const struct table *t, char *line)
{
    struct pattern_text texts[2];
    struct rules_text text;
    size_t groups = 0, unused;
    char *result = take_patterns(r, line, texts);

    if (result == NULL || !take_files(r, t, &result))
        return;
    if (*result == 0)
        log_warn("%s: no replacement text: using empty string", str_text(&r->where));
    if (!rules_text_parse(&text, &r->arena, result, r->engine->out_of_range, str_text(&r->where))) {
        skip_rule(r, "bad replacement syntax");
        return;
    }
    if (!may_substitute(r, t, &text, texts[0].is_negated))
        return;
    struct rule *rule = new_rule(r);
    rule->text = text;
    bool ok = compile(r, &texts[0], &rule->patterns[0], text.max_group > 0, &groups);
    if (ok && (text.max_group > groups || text.max_group >= RULES_MAX_GROUPS)) {
        log_warn("%s: out of range replacement index \"%zu\": skipping this rule", str_text(&r->where), text.max_group);
        ok = false;
    }
    if (ok && texts[1].text != NULL)
        ok = compile(r, &texts[1], &rule->patterns[1], false, &unused);
    if (ok) {
        note_need(r, rule, &texts[0]);
        vec_add(&r->list, rule);
    } else {
        free_patterns(r, rule);
    }
}

static void take_if(struct rules *r, char *line)
{
    struct pattern_text text;
    size_t groups;

    if (!take_pattern(r, &line, &text))
        return;
    line += strspn(line, " \t\r\n\v\f");
    if (*line != 0) {
        log_warn("%s: ignoring extra text after IF statement: \"%s\"", str_text(&r->where), line);
        log_warn("%s: do not prepend whitespace to statements between IF and ENDIF", str_text(&r->where));
    }
    struct rule *rule = new_rule(r);
    if (!compile(r, &text, &rule->patterns[0], false, &groups))
        return;
    vec_add(&r->list, rule);
    vec_add(&r->open, rule);
}

static void take_endif(struct rules *r, const char *rest)
{
    struct rule *open = vec_pop(&r->open);

    if (open == NULL) {
        log_warn("%s: ignoring ENDIF without matching IF", str_text(&r->where));
        return;
    }
    open->skip_to = r->list.count;
    if (rest[strspn(rest, " \t\r\n\v\f")] != 0)
        log_warn("%s: ignoring extra text after ENDIF", str_text(&r->where));
}

static void take_line(struct rules *r, const struct table *t, char *line)
{
    if (!isalnum((unsigned char) *line))
        take_rule(r, t, line);
    else if (reader_is_word(line, "if"))
        take_if(r, line + 2);
    else if (reader_is_word(line, "endif"))
        take_endif(r, line + 5);
    else
        log_warn("%s: ignoring unrecognized request", str_text(&r->where));
}

static void load(struct rules *r, const struct table *t, struct reader *reader)
{
    for (char *line; (line = reader_next(reader)) != NULL;) {
        words_trim_end(line);
        r->line = reader->line;
        str_setf(&r->where, "%s map %s, line %d", r->engine->type, r->name, r->line);
        take_line(r, t, line);
    }
    for (struct rule *rule; (rule = vec_pop(&r->open)) != NULL;) {
        log_warn("%s map %s, line %d: IF has no matching ENDIF", r->engine->type, r->name, rule->line);
        rule->skip_to = r->list.count;
    }
    make_filter(r);
}

bool rules_open(struct table *t, const struct rules_engine *engine, struct str *why)
{
    struct reader reader;
    struct str what = {0};
    struct rules *r = t->state = mem_zalloc(sizeof(*r));

    r->engine = engine;
    r->name = t->name;
    if (*t->name != '{')
        t->path = mem_strdup(t->name);
    str_setf(&what, "%s map", engine->type);
    bool ok = reader_open_rules(&reader, t->name, str_text(&what), why);
    if (ok)
        load(r, t, &reader);
    reader_close(&reader);
    str_done(&what);
    return ok;
}

void rules_close(struct table *t)
{
    struct rules *r = t->state;

    for (size_t i = 0; i < r->list.count; i++)
        free_patterns(r, r->list.items[i]);
    prefilter_free(r->filter);
    vec_done(&r->list, NULL);
    vec_done(&r->open, NULL);
    str_done(&r->where);
    arena_done(&r->arena);
    mem_free(r);
}

static enum table_result holds(
    struct rules *r, const struct rule *rule, size_t which, const char *key, size_t len, size_t spans)
{
    const struct pattern *p = &rule->patterns[which];

    if (p->code == NULL)
        return TABLE_FOUND;
    enum table_result result = r->engine->match(p->code, key, len, r->spans, spans, r->name, rule->line);
    if (!p->is_negated || result == TABLE_ERROR)
        return result;
    return result == TABLE_FOUND ? TABLE_ABSENT : TABLE_FOUND;
}

/* Does the rule apply? */
static enum table_result applies(struct rules *r, const struct rule *rule, const char *key, size_t len)
{
    size_t spans = rule->text.max_group == 0 ? 0 : rule->text.max_group + 1;
    enum table_result second = holds(r, rule, 1, key, len, 0);

    return second == TABLE_FOUND ? holds(r, rule, 0, key, len, spans) : second;
}

enum table_result rules_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct rules *r = t->state;

    prefilter_look(r->filter, key, len);
    for (size_t i = 0; (i = prefilter_next(r->filter, i)) < r->list.count;) {
        const struct rule *rule = r->list.items[i];
        enum table_result result = applies(r, rule, key, len);
        if (result == TABLE_ERROR) {
            t->error = -1;
            return TABLE_ERROR;
        }
        if (result == TABLE_FOUND && rule->skip_to == 0) {
            rules_text_expand(&rule->text, key, r->spans, value);
            return TABLE_FOUND;
        }
        i = result == TABLE_FOUND || rule->skip_to == 0 ? i + 1 : rule->skip_to;
    }
    return TABLE_ABSENT;
}
