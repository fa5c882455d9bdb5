#include "table/literal.h"

#include <ctype.h>

/* Where in the pattern we are, and the run of plain characters that ends there. */
struct scan {
    const char *at;
    bool has_class_escapes;
    struct str run, *out;
    bool is_unsure; /* something of which we do not know what it does: nothing is certain */
};

static void end_run(struct scan *s)
{
    if (s->run.len > 0)
        str_add(s->out, s->run.data, s->run.len + 1);
    str_clear(&s->run);
}

/* "[^]a-z[:digit:]]": behind it. */
static void skip_class(struct scan *s)
{
    const char *p = s->at + 1;

    p += *p == '^';
    p += *p == ']';
    for (; *p != 0 && *p != ']'; p++) {
        if (*p == '\\' && s->has_class_escapes && p[1] != 0)
            p++;
        else if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '=')) {
            const char *end = strchr(p + 2, ']');
            if (end == NULL || end[-1] != p[1])
                break;
            p = end;
        }
    }
    s->is_unsure |= *p != ']';
    s->at = *p == ']' ? p + 1 : p;
}

/* Escapes that stand for one character or none; others may quote what follows, or call a group. */
static bool is_simple_escape(char c)
{
    return strchr("dDsSwWbBAZzGtnrfaevVhHR", c) != NULL;
}

/* Behind a '(' and all that is in it; *is_option: it may be one like "(?i)". */
static void skip_group(struct scan *s)
{
    int depth = 0;

    do {
        char c = *s->at;
        if (c == '[') {
            skip_class(s);
            continue;
        }
        if (c == '(' && s->at[1] == '?' && strchr(":=!<>P|", s->at[2]) == NULL)
            s->is_unsure = true; /* options, conditions, comments, calls */
        if (c == '(' && s->at[1] == '*')
            s->is_unsure = true;
        depth += (c == '(') - (c == ')');
        if (c == '\\') {
            s->at++;
            s->is_unsure |= isalnum((unsigned char) *s->at) && !is_simple_escape(*s->at);
        }
        if (*s->at != 0)
            s->at++;
    } while (depth > 0 && *s->at != 0);
    s->is_unsure |= depth > 0;
}

/* "{2,5}" behind a character or a group. */
static void skip_count(struct scan *s)
{
    const char *end = strchr(s->at, '}');

    s->is_unsure |= end == NULL;
    s->at = end == NULL ? s->at + strlen(s->at) : end + 1;
}

/* A character that may also be missing, or come several times, is no part of the run. */
static void quantify(struct scan *s)
{
    bool is_needed = *s->at == '+';

    if (!is_needed && s->run.len > 0)
        str_cut(&s->run, s->run.len - 1);
    end_run(s);
    if (*s->at == '{')
        skip_count(s);
    else
        s->at++;
}

static void escape(struct scan *s)
{
    char c = s->at[1];

    if (c == 0 || (isalnum((unsigned char) c) && !is_simple_escape(c)))
        s->is_unsure = true;
    if (isalnum((unsigned char) c) || strchr("<>`'", c) != NULL)
        end_run(s);
    else
        str_addc(&s->run, c);
    s->at += c == 0 ? 1 : 2;
}

static void step(struct scan *s)
{
    char c = *s->at;

    if (strchr("*?{+", c) != NULL) {
        quantify(s);
    } else if (c == '\\') {
        escape(s);
    } else if (strchr("^$.", c) != NULL || (unsigned char) c >= 0x80) {
        end_run(s);
        s->at++;
    } else if (c == '[') {
        end_run(s);
        skip_class(s);
    } else if (c == '(') {
        end_run(s);
        skip_group(s);
    } else if (c == '|' || c == ')') {
        s->is_unsure = true; /* of two patterns neither is certain */
    } else {
        str_addc(&s->run, (char) tolower((unsigned char) c));
        s->at++;
    }
}

void literal_find(const char *pattern, bool has_class_escapes, struct str *out)
{
    struct scan s = {.at = pattern, .has_class_escapes = has_class_escapes, .out = out};

    str_clear(out);
    while (*s.at != 0 && !s.is_unsure)
        step(&s);
    end_run(&s);
    str_done(&s.run);
    if (s.is_unsure)
        str_clear(out);
}
