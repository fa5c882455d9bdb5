#include "cmd/postconf/entry.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "config/main_cf.h"

static bool is_type(const char *text)
{
    for (int type = MASTER_INET; type <= MASTER_PASS; type++)
        if (strcmp(master_cf_type_name((enum master_type) type), text) == 0)
            return true;
    return false;
}

static bool is_flag(const char *text)
{
    return strlen(text) == 1 && strchr("yn-", *text) != NULL;
}

static bool is_count(const char *text)
{
    return strcmp(text, "-") == 0 || (*text != 0 && text[strspn(text, "0123456789")] == 0);
}

static bool is_wakeup(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return is_count(text) || (digits > 0 && strcmp(text + digits, "?") == 0);
}

static const struct {
    const char *name;
    bool (*is_good)(const char *text); /* NULL: anything is */
} columns[MASTER_COLUMNS] = {
    [MASTER_NAME] = {"service", NULL},
    [MASTER_TYPE] = {"type", is_type},
    [MASTER_PRIVATE] = {"private", is_flag},
    [MASTER_UNPRIVILEGED] = {"unprivileged", is_flag},
    [MASTER_CHROOT] = {"chroot", is_flag},
    [MASTER_WAKEUP] = {"wakeup", is_wakeup},
    [MASTER_PROCESS_LIMIT] = {"process_limit", is_count},
    [MASTER_COMMAND] = {"command", NULL},
};

const char *postconf_entry_column_name(enum master_column column)
{
    return columns[column].name;
}

enum master_column postconf_entry_column(const char *name)
{
    int i = 0;

    while (i < MASTER_COLUMNS && strcmp(columns[i].name, name) != 0)
        i++;
    return (enum master_column) i;
}

/* where: the text that the operator wrote. */
static void set_column(struct master_service *s, enum master_column column, const char *value, const char *where)
{
    if (columns[column].is_good != NULL && !columns[column].is_good(value))
        fatal("invalid %s field \"%s\" in \"%s\"", columns[column].name, value, where);
    s->columns[column] = value;
    switch (column) {
    case MASTER_NAME:
        s->name = value;
        break;
    case MASTER_TYPE:
        for (s->type = MASTER_INET; strcmp(master_cf_type_name(s->type), value) != 0;)
            s->type++;
        break;
    case MASTER_COMMAND:
        s->command = value;
        break;
    case MASTER_PRIVATE:
    case MASTER_UNPRIVILEGED:
    case MASTER_CHROOT:
    case MASTER_WAKEUP:
    case MASTER_PROCESS_LIMIT:
    case MASTER_COLUMNS:
        break;
    }
}

/* The text in the braces, also where the closing one is missing or something follows it. */
static char *unbrace(struct arena *a, char *word)
{
    const char *problem = NULL, *whole = arena_strdup(a, word);
    char *inside = words_unbrace(word, &problem);

    if (inside != NULL)
        return inside;
    log_warn("master.cf: %s in \"%s\"", problem, whole);
    inside = word + 1 + strspn(word + 1, WORDS_SPACE);
    words_trim_end(inside); /* words_unbrace() ended it at the closing brace, if there is one */
    return inside;
}

/* What follows -o, as name=value. */
static const char *setting_of(struct arena *a, char *word)
{
    char *name, *value;

    if (*word != '{')
        return word;
    const char *inside = unbrace(a, word);
    const char *problem = main_cf_split(arena_strdup(a, inside), &name, &value);
    if (problem == NULL)
        return arena_printf(a, "%s=%s", name, value);
    log_warn("master.cf: %s: \"%s\"", problem, inside);
    return inside;
}

static void parse_argv(struct arena *a, char *cursor, struct vec *argv)
{
    bool is_option = true;

    for (char *word; (word = words_next_braced(&cursor, WORDS_SPACE)) != NULL;) {
        if (*word == '{')
            word = unbrace(a, word);
        is_option = is_option && *word == '-' && strcmp(word, "--") != 0;
        if (!is_option || strncmp(word, "-o", 2) != 0) {
            vec_add(argv, word);
            continue;
        }
        vec_add(argv, "-o");
        char *setting = word[2] != 0 ? word + 2 : words_next_braced(&cursor, WORDS_SPACE);
        if (setting != NULL)
            vec_add(argv, (char *) setting_of(a, setting));
    }
}

bool postconf_entry_parse(struct arena *a, const char *line, struct master_service *s)
{
    char *cursor = arena_strdup(a, line), *words[MASTER_COLUMNS];

    *s = (struct master_service){0};
    for (int i = 0; i < MASTER_COLUMNS; i++)
        if ((words[i] = words_next_braced(&cursor, WORDS_SPACE)) == NULL)
            return false;
    for (int i = 0; i < MASTER_COLUMNS; i++)
        set_column(s, (enum master_column) i, words[i], line);
    parse_argv(a, cursor, &s->argv);
    return true;
}

void postconf_entry_done(struct master_service *s)
{
    vec_done(&s->argv, NULL);
}

void postconf_entry_set_column(struct arena *a, struct master_service *s, enum master_column column, const char *value)
{
    char *cursor = arena_strdup(a, value);
    char *word = words_next(&cursor, WORDS_SPACE);

    set_column(s, column, word == NULL ? "" : word, value);
    if (column != MASTER_COMMAND)
        return;
    vec_done(&s->argv, NULL);
    parse_argv(a, cursor, &s->argv);
}

/* Where the setting of a -o is, from *at on; *at moves to the option behind it. Without one: false, and *at is
 * where the options end. */
static bool next_setting(const struct vec *argv, size_t *at, size_t *setting)
{
    while (*at < argv->count) {
        const char *arg = argv->items[*at];
        if (*arg != '-' || strcmp(arg, "--") == 0)
            return false;
        *setting = *at + 1;
        bool is_o = strcmp(arg, "-o") == 0 && *setting < argv->count;
        *at += is_o ? 2 : 1;
        if (is_o)
            return true;
    }
    return false;
}

static bool is_named(const char *setting, const char *name)
{
    size_t len = strlen(name);

    return strncmp(setting, name, len) == 0 && setting[len] == '=';
}

static void insert_override(struct vec *argv, size_t at, const char *setting)
{
    struct vec old = *argv;

    *argv = (struct vec){0};
    for (size_t i = 0; i < at; i++)
        vec_add(argv, old.items[i]);
    vec_add(argv, "-o");
    vec_add(argv, (char *) setting);
    for (size_t i = at; i < old.count; i++)
        vec_add(argv, old.items[i]);
    vec_done(&old, NULL);
}

void postconf_entry_set_override(struct arena *a, struct master_service *s, const char *name, const char *value)
{
    const char *setting = arena_printf(a, "%s=%s", name, value);
    size_t at = 0, i;
    bool is_there = false;

    while (next_setting(&s->argv, &at, &i))
        if (is_named(s->argv.items[i], name)) {
            s->argv.items[i] = (char *) setting;
            is_there = true;
        }
    if (!is_there)
        insert_override(&s->argv, at, setting);
}

void postconf_entry_remove_override(struct master_service *s, const char *name)
{
    size_t at = 0, i;

    while (next_setting(&s->argv, &at, &i)) {
        if (!is_named(s->argv.items[i], name))
            continue;
        for (size_t from = at; from < s->argv.count; from++)
            s->argv.items[from - 2] = s->argv.items[from];
        s->argv.count -= 2;
        at -= 2;
    }
}
