#include "smtp/ehlo_mask.h"

#include <strings.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "base/words.h"

/* In the order in which the log has them. */
static const struct {
    const char *word;
    unsigned bit;
    const char *logged; /* NULL: never */
} keywords[] = {
    {"8bitmime",            EHLO_8BITMIME,   "8BITMIME"},
    {"auth",                EHLO_AUTH,       "AUTH"},
    {"etrn",                EHLO_ETRN,       "ETRN"},
    {"pipelining",          EHLO_PIPELINING, "PIPELINING"},
    {"size",                EHLO_SIZE,       "SIZE"},
    {"verp",                EHLO_VERP,       "VERP"},
    {"vrfy",                EHLO_VRFY,       "VRFY"},
    {"xclient",             EHLO_XCLIENT,    "XCLIENT"},
    {"xforward",            EHLO_XFORWARD,   "XFORWARD"},
    {"starttls",            EHLO_STARTTLS,   "STARTTLS"},
    {"enhancedstatuscodes", EHLO_STATUS,     NULL},
    {"dsn",                 EHLO_DSN,        "DSN"},
    {"smtputf8",            EHLO_SMTPUTF8,   "EHLO_MASK_SMTPUTF8"}, /* as Postfix has it */
    {"chunking",            EHLO_CHUNKING,   "CHUNKING"},
    {"silent-discard",      EHLO_SILENT,     NULL},
};

unsigned ehlo_mask_parse(const char *words)
{
    struct arena a = {0};
    char *cursor = arena_strdup(&a, words);
    unsigned mask = 0;

    for (char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;)
        for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
            if (strcasecmp(word, keywords[i].word) == 0)
                mask |= keywords[i].bit;
    arena_done(&a);
    return mask;
}

/* Postfix is silent about "enhancedstatuscodes", and about what stands beside it. */
void ehlo_mask_log(unsigned mask)
{
    struct str text = {0};

    if (mask == 0 || (mask & (EHLO_SILENT | EHLO_STATUS)) != 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
        if ((mask & keywords[i].bit) != 0 && keywords[i].logged != NULL)
            str_addf(&text, " %s", keywords[i].logged);
    log_info("discarding EHLO keywords:%s", str_text(&text));
    str_done(&text);
}
