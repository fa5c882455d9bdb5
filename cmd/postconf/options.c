#include "cmd/postconf/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/words.h"
#include "config/config.h"

#define MODES "aAbFlmMpPtT"

static void usage(const char *self) NORETURN;
static void usage(const char *self)
{
    fatal("usage: %s [-a (server SASL types)] [-A (client SASL types)] [-b [file] (bounce texts)] [-c config_dir] "
          "[-C class,... (kinds of parameters)] [-d (defaults)] [-e (edit)] [-f (fold lines)] [-F (master.cf columns)] "
          "[-h (no names)] [-H (no values)] [-j (JSON)] [-l (lock methods)] [-m (table types)] [-M (master.cf)] "
          "[-n (what main.cf sets)] [-o name=value] [-p (main.cf)] [-P (master.cf parameters)] "
          "[-q (no warnings about unused or old names)] [-t [file] (bounce templates)] "
          "[-T compile-version|run-version|public-key-algorithms] [-v] [-x (expand)] [-X (remove)] [-# (comment out)] "
          "[name...]",
        self);
}

/* Letters and '#'; what getopt(3) returns fits. */
static uint64_t bit(char letter)
{
    return letter == '#' ? 1 : UINT64_C(1) << (letter - 'A' + 1);
}

bool postconf_options_has(const struct postconf_options *o, char letter)
{
    return (o->given & bit(letter)) != 0;
}

char postconf_options_mode(const struct postconf_options *o)
{
    for (const char *mode = MODES; *mode != 0; mode++)
        if (postconf_options_has(o, *mode))
            return *mode;
    return 'p';
}

static void parse_override(struct postconf_options *o, char *text)
{
    char *name, *value;
    struct arena arena = {0};
    const char *problem = main_cf_split(arena_strdup(&arena, text), &name, &value);

    if (problem != NULL)
        fatal("invalid parameter override: %s: %s", text, problem);
    main_cf_set(&o->overrides, name, value);
    arena_done(&arena);
}

static int class_of(const char *name)
{
    static const struct {
        const char *name;
        int classes;
    } classes[] = {
        {"all", POSTCONF_ALL}, {"builtin", POSTCONF_BUILTIN}, {"service", POSTCONF_SERVICE}, {"user", POSTCONF_USER}};

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
        if (strcasecmp(classes[i].name, name) == 0)
            return classes[i].classes;
    return 0;
}

static void parse_classes(struct postconf_options *o, const char *text)
{
    struct arena arena = {0};
    char *cursor = arena_strdup(&arena, text);

    for (char *name; (name = words_next(&cursor, WORDS_LIST)) != NULL;) {
        int classes = class_of(name);
        if (classes == 0)
            fatal("unknown -C option value \"%s\" in \"%s\"", name, text);
        o->classes |= classes;
    }
    arena_done(&arena);
}

static void take(struct postconf_options *o, char letter, char *argument)
{
    switch (letter) {
    case 'c':
        config_set_dir(argument);
        break;
    case 'C':
        parse_classes(o, argument);
        break;
    case 'h':
        o->show = POSTCONF_VALUE_ONLY;
        break;
    case 'H':
        o->show = POSTCONF_NAME_ONLY;
        break;
    case 'o':
        parse_override(o, argument);
        break;
    case 'T':
        if (o->tls_mode != NULL)
            fatal("At most one -T <mode> option may be specified");
        o->tls_mode = argument;
        break;
    case 'v':
        log_verbose++;
        break;
    }
    o->given |= bit(letter);
}

/* "-a -b": those of the letters that are given. */
static int list(const struct postconf_options *o, const char *letters, struct str *text)
{
    int count = 0;

    str_clear(text);
    for (; *letters != 0; letters++)
        if (postconf_options_has(o, *letters)) {
            str_addf(text, "%s-%c", count == 0 ? "" : " ", *letters);
            count++;
        }
    return count;
}

static void refuse_contradictions(const struct postconf_options *o)
{
    static const char *const one_of[] = {MODES, "denX#", "efX#", "exX#", "deoX#", "ehHX#", "ejX#", "hHj", "fj"};
    struct str given = {0};

    if (postconf_options_has(o, 'b') && postconf_options_has(o, 't'))
        fatal("specify one of -b and -t");
    for (size_t i = 0; i < ARRAY_SIZE(one_of); i++)
        if (list(o, one_of[i], &given) > 1)
            fatal("specify one of %s", str_text(&given));
    str_done(&given);
}

/* What goes with neither parameters nor services nor files. */
static void refuse_what_has_no_use(const struct postconf_options *o, char mode)
{
    static const struct {
        const char *modes, *refused;
    } rules[] = {{"aAblmtT", "defhHjnoxX#"}, {"F", "dnX#"}, {"M", "dhHn"}, {"P", "dn#"}};
    struct str given = {0};

    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if (strchr(rules[i].modes, mode) != NULL && list(o, rules[i].refused, &given) > 0)
            fatal("with option -%c, do not specify %s", mode, str_text(&given));
    str_done(&given);
}

/* A value makes it an edit. */
static void look_for_values(struct postconf_options *o, char mode)
{
    if (strchr("FMpP", mode) == NULL)
        return;
    for (int i = 0; i < o->count; i++)
        if (strchr(o->args[i], '=') != NULL)
            o->given |= bit('e');
}

void postconf_options_parse(struct postconf_options *o, int argc, char **argv)
{
    *o = (struct postconf_options){0};
    for (int c; (c = getopt(argc, argv, "aAbc:C:defFhHjlmMno:pPqtT:vxX#")) > 0;)
        if (c == '?')
            usage(argv[0]);
        else
            take(o, (char) c, optarg);
    if (!postconf_options_has(o, 'C'))
        o->classes = POSTCONF_ALL;
    o->args = argv + optind;
    o->count = argc - optind;
    char mode = postconf_options_mode(o);
    look_for_values(o, mode);
    refuse_contradictions(o);
    refuse_what_has_no_use(o, mode);
    if (postconf_options_has(o, 'e') && o->count == 0)
        fatal("-e requires name=value argument");
    if ((postconf_options_has(o, 'X') || postconf_options_has(o, '#')) && o->count == 0)
        fatal("missing service argument");
    if (strchr("bt", mode) != NULL && o->count > 1)
        fatal("options -b and -t require at most one template file");
}
