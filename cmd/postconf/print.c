#include "cmd/postconf/print.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/words.h"

enum { PARAM_WIDTH = 80, SERVICE_WIDTH = 79 };
#define INDENT "    "

/* A line that is being written. */
struct line {
    struct str *out;
    size_t start; /* of the current physical line in out */
    size_t width; /* 0: never folded */
};

static void new_line(struct line *l)
{
    str_addc(l->out, '\n');
    l->start = l->out->len;
    str_adds(l->out, INDENT);
}

/* A word behind what is there, on the next line if there is no room left on this one. */
static void add_word(struct line *l, const char *word)
{
    size_t used = l->out->len - l->start;
    bool is_begun = used > 0 && strcmp(l->out->data + l->start, INDENT) != 0;

    if (is_begun && l->width > 0 && used + 1 + strlen(word) > l->width)
        new_line(l);
    else if (is_begun)
        str_addc(l->out, ' ');
    str_adds(l->out, word);
}

static void add_words(struct line *l, const char *text)
{
    struct arena arena = {0};
    struct vec words = {0};

    words_split(&arena, text, WORDS_SPACE, &words);
    for (size_t i = 0; i < words.count; i++)
        add_word(l, words.items[i]);
    vec_done(&words, NULL);
    arena_done(&arena);
}

static void print_json(struct str *out, const char *name, const char *value)
{
    str_addc(out, '{');
    json_add_string(out, name);
    str_adds(out, ": ");
    json_add_string(out, value);
    str_adds(out, "}\n");
}

/* "name =" and where the value begins. */
static void add_label(struct str *out, const char *name, const struct postconf_style *style)
{
    if (style->show != POSTCONF_VALUE_ONLY)
        str_adds(out, name);
    if (style->show == POSTCONF_BOTH)
        str_adds(out, " =");
}

void postconf_print_param(struct str *out, const char *name, const char *value, const struct postconf_style *style)
{
    struct line l = {out, out->len, style->is_folded ? PARAM_WIDTH : 0};

    if (style->is_json) {
        print_json(out, name, value);
        return;
    }
    add_label(out, name, style);
    if (style->show != POSTCONF_NAME_ONLY)
        add_words(&l, value);
    str_addc(out, '\n');
}

static void add_columns(struct line *l, const struct master_service *s)
{
    static const size_t starts[MASTER_COLUMNS] = {0, 11, 17, 25, 33, 41, 49, 57};

    for (int i = 0; i < MASTER_COLUMNS; i++) {
        if (i > 0)
            str_addc(l->out, ' ');
        while (l->out->len - l->start < starts[i])
            str_addc(l->out, ' ');
        str_adds(l->out, s->columns[i]);
    }
}

/* What has blanks in it, or nothing, goes back into braces. */
static void quote(struct str *text, const char *prefix, const char *arg)
{
    bool is_one_word = *arg != 0 && strpbrk(arg, WORDS_SPACE) == NULL;

    str_setf(text, is_one_word ? "%s%s" : "%s{%s}", prefix, arg);
}

/* "-o" and its setting stay together; what follows them begins a line again. */
static void add_argv(struct line *l, const struct master_service *s)
{
    bool are_options = true, is_after_override = false;
    struct str word = {0};

    for (size_t i = 0; i < s->argv.count; i++) {
        const char *arg = s->argv.items[i];
        are_options = are_options && *arg == '-' && strcmp(arg, "--") != 0;
        bool is_override = are_options && strcmp(arg, "-o") == 0 && i + 1 < s->argv.count;
        if (l->width > 0 && (is_override || is_after_override))
            new_line(l);
        if (is_override)
            quote(&word, "-o ", s->argv.items[++i]);
        else
            quote(&word, "", arg);
        add_word(l, str_text(&word));
        is_after_override = is_override;
    }
    str_done(&word);
}

void postconf_print_service(struct str *out, const struct master_service *s, bool is_folded)
{
    struct line l = {out, out->len, is_folded ? SERVICE_WIDTH : 0};

    add_columns(&l, s);
    add_argv(&l, s);
    str_addc(out, '\n');
}

void postconf_print_service_json(struct str *out, const struct master_service *s)
{
    struct str name = {0}, text = {0};

    str_addf(&name, "%s/%s", s->name, s->columns[MASTER_TYPE]);
    for (int i = 0; i < MASTER_COLUMNS; i++)
        str_addf(&text, "%s%s", i > 0 ? " " : "", s->columns[i]);
    add_argv(&(struct line){&text, 0, 0}, s);
    print_json(out, str_text(&name), str_text(&text));
    str_done(&name);
    str_done(&text);
}

void postconf_print_command(
    struct str *out, const char *name, const struct master_service *s, const struct postconf_style *style)
{
    struct str text = {0};
    struct line l = {out, out->len, style->is_folded ? PARAM_WIDTH : 0};

    if (style->is_json) {
        str_adds(&text, s->command);
        add_argv(&(struct line){&text, 0, 0}, s);
        print_json(out, name, str_text(&text));
        str_done(&text);
        return;
    }
    add_label(out, name, style);
    if (style->show != POSTCONF_NAME_ONLY) {
        add_word(&l, s->command);
        add_argv(&l, s);
    }
    str_addc(out, '\n');
}
