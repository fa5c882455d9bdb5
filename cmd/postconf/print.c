#include "cmd/postconf/print.h"

#include "base/arena.h"
#include "base/compiler.h"
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

void postconf_print_param(struct str *out, const char *name, const char *value, enum postconf_show show, bool fold)
{
    struct line l = {out, out->len, fold ? PARAM_WIDTH : 0};
    struct arena arena = {0};
    struct vec words = {0};

    if (show != POSTCONF_VALUE_ONLY)
        str_adds(out, name);
    if (show == POSTCONF_BOTH)
        str_adds(out, " =");
    if (show != POSTCONF_NAME_ONLY)
        words_split(&arena, value, WORDS_SPACE, &words);
    for (size_t i = 0; i < words.count; i++)
        add_word(&l, words.items[i]);
    str_addc(out, '\n');
    vec_done(&words, NULL);
    arena_done(&arena);
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

/* "-o" and its setting as one word; what has blanks in it goes back into braces. */
static void add_override(struct line *l, const char *setting)
{
    bool has_blanks = strpbrk(setting, WORDS_SPACE) != NULL;

    if (l->width > 0)
        new_line(l);
    else
        str_addc(l->out, ' ');
    str_addf(l->out, has_blanks ? "-o {%s}" : "-o %s", setting);
}

void postconf_print_service(struct str *out, const struct master_service *s, bool fold)
{
    struct line l = {out, out->len, fold ? SERVICE_WIDTH : 0};
    bool are_options = true, is_after_override = false;

    add_columns(&l, s);
    for (size_t i = 0; i < s->argv.count; i++) {
        const char *arg = s->argv.items[i], *next = i + 1 < s->argv.count ? s->argv.items[i + 1] : NULL;
        are_options = are_options && *arg == '-' && strcmp(arg, "--") != 0;
        if (are_options && strncmp(arg, "-o", 2) == 0 && (arg[2] != 0 || next != NULL)) {
            add_override(&l, arg[2] != 0 ? arg + 2 : next);
            i += arg[2] == 0;
            is_after_override = true;
            continue;
        }
        if (fold && is_after_override)
            new_line(&l);
        is_after_override = false;
        add_word(&l, arg);
    }
    str_addc(out, '\n');
}
