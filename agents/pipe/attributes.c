#include "agents/pipe/attributes.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "deliver/copy.h"

static const struct {
    char letter;
    unsigned copy_flag;
    size_t offset;        /* of a bool of struct attributes, if it is not for the copy */
} flags[] = {
    {'B', COPY_EMPTY_LINE, 0},
    {'D', COPY_DELIVERED, 0},
    {'F', COPY_FROM, 0},
    {'O', COPY_ORIGINAL, 0},
    {'R', COPY_RETURN_PATH, 0},
    {'X', 0, offsetof(struct attributes, is_final)},
    {'h', 0, offsetof(struct attributes, folds_host)},
    {'q', 0, offsetof(struct attributes, quotes)},
    {'u', 0, offsetof(struct attributes, folds_user)},
    {'.', COPY_DOTS, 0},
    {'>', COPY_QUOTE_FROM, 0},
};

static void set_flag(struct attributes *a, char letter)
{
    size_t i = 0;

    while (i < ARRAY_SIZE(flags) && flags[i].letter != letter)
        i++;
    if (i == ARRAY_SIZE(flags))
        fatal("unknown flag: %c (ignored)", letter);
    a->copy_flags |= flags[i].copy_flag;
    if (flags[i].copy_flag == 0)
        *(bool *) ((char *) a + flags[i].offset) = true;
}

static void set_flags(struct attributes *a, const char *value)
{
    while (*value != 0)
        set_flag(a, *value++);
}

static char unescape(const char **at)
{
    static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    const char *known;
    int octal = 0;

    if (**at >= '0' && **at <= '7') {
        for (int digits = 0; digits < 3 && **at >= '0' && **at <= '7'; digits++)
            octal = octal * 8 + *(*at)++ - '0';
        return (char) octal;
    }
    char c = *(*at)++;
    return (known = strchr(letters, c)) != NULL ? values[known - letters] : c;
}

/* \r\n and the like, as in C. */
static void set_eol(struct attributes *a, const char *value)
{
    char *eol = mem_alloc(strlen(value) + 1), *end = eol;

    while (*value != 0) {
        char c = *value++;
        *end++ = c == '\\' && *value != 0 ? unescape(&value) : c;
    }
    *end = 0;
    a->eol = eol;
}

static void set_size(struct attributes *a, const char *value)
{
    if (*value != 0 && (!words_to_long(value, &a->size_limit) || a->size_limit < 0))
        fatal("get_service_attr: bad size= value: %s", value);
}

static void set_user(struct attributes *a, const char *value)
{
    a->run_as = run_as_find(value);
    if (a->run_as.uid == 0)
        fatal("user= command-line attribute specifies root privileges");
    if (a->run_as.uid == config_ids.owner_uid)
        fatal("user= command-line attribute specifies mail system owner %s", conf.mail_owner);
    if (a->run_as.gid == 0)
        fatal("user= command-line attribute specifies privileged group id 0");
    if (a->run_as.gid == config_ids.owner_gid)
        fatal("user= command-line attribute specifies mail system owner %s group id %lu", conf.mail_owner,
            (unsigned long) a->run_as.gid);
    if (a->run_as.gid == config_ids.setgid_gid)
        fatal("user= command-line attribute specifies mail system %s group id %lu", conf.setgid_group,
            (unsigned long) a->run_as.gid);
}

static void set_chroot(struct attributes *a, const char *value)
{
    a->chroot_dir = value;
}

static void set_directory(struct attributes *a, const char *value)
{
    a->directory = value;
}

static void set_null_sender(struct attributes *a, const char *value)
{
    a->null_sender = value;
}

static const struct {
    const char *name;
    void (*set)(struct attributes *a, const char *value);
} known[] = {
    {"chroot", set_chroot}, {"directory", set_directory}, {"eol", set_eol}, {"flags", set_flags},
    {"null_sender", set_null_sender}, {"size", set_size}, {"user", set_user},
};

static void set(struct attributes *a, const char *word)
{
    size_t name_len = strcspn(word, "=");

    for (size_t i = 0; word[name_len] == '=' && i < ARRAY_SIZE(known); i++) {
        if (strlen(known[i].name) == name_len && strncasecmp(known[i].name, word, name_len) == 0) {
            known[i].set(a, word + name_len + 1);
            return;
        }
    }
    fatal("unknown attribute name: %s", word);
}

void pipe_attributes_read(char **words, struct attributes *a)
{
    static const char argv[] = "argv=";

    *a = (struct attributes){.eol = "\n", .null_sender = "MAILER-DAEMON"};
    for (; *words != NULL; words++) {
        if (strncasecmp(*words, argv, sizeof(argv) - 1) == 0) {
            *words += sizeof(argv) - 1; /* this and all that follow */
            a->argv = (const char *const *) words;
            break;
        }
        set(a, *words);
    }
    if (a->run_as.uid == 0)
        fatal("missing user= command-line attribute");
    if (a->argv == NULL)
        fatal("missing argv= command-line attribute");
}
