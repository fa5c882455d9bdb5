#include "smtp/hello.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "smtp/ehlo_mask.h"
#include "smtp/trouble.h"
#include "smtp/xtext.h"
#include "table/table.h"

static struct table_list *discard_maps, *pix_maps;

void smtp_hello_open(void)
{
    discard_maps = table_list_open(conf.smtp_discard_ehlo_keyword_address_maps, TABLE_FOLD);
    pix_maps = table_list_open(conf.smtp_pix_workaround_maps, TABLE_FOLD);
}

/* --- words of lists that a table may give by the server's address --- */

struct word_bit {
    const char *word;
    int bit;
};

static const struct word_bit workarounds[] = {
    {"disable_esmtp", FEATURE_PIX_NO_ESMTP},
    {"delay_dotcrlf", FEATURE_PIX_DELAY_DOT},
    {NULL, 0},
};

static int bits_of(const char *words, const struct word_bit *known, const char *source)
{
    struct arena memory = {0};
    struct vec list = {0};
    int bits = 0;

    words_split(&memory, words, WORDS_LIST, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct word_bit *k = known;
        while (k->word != NULL && strcasecmp(k->word, list.items[i]) != 0)
            k++;
        if (k->word == NULL)
            log_warn("unknown word in %s: %s", source, (const char *) list.items[i]);
        bits |= k->bit;
    }
    vec_done(&list, NULL);
    arena_done(&memory);
    return bits;
}

/* What the table has for the server's address, else the default. */
static void words_for(const struct session *s, struct table_list *maps, const char *default_words, struct str *words)
{
    struct str address = {0};

    str_adds(&address, s->address_key);
    char *port = strrchr(str_text(&address), ':');
    if (port != NULL)
        str_cut(&address, (size_t) (port - address.data));
    if (table_list_find(maps, str_text(&address), words) != TABLE_FOUND)
        str_set(words, default_words);
    str_done(&address);
}

static int discarded_features(const struct session *s)
{
    static const struct {
        unsigned keyword;
        int feature;
    } features[] = {
        {EHLO_8BITMIME, FEATURE_8BITMIME}, {EHLO_PIPELINING, FEATURE_PIPELINING}, {EHLO_SIZE, FEATURE_SIZE},
        {EHLO_DSN, FEATURE_DSN}, {EHLO_SMTPUTF8, FEATURE_SMTPUTF8}, {EHLO_STARTTLS, FEATURE_STARTTLS},
        {EHLO_AUTH, FEATURE_AUTH}, {EHLO_XFORWARD, FEATURE_XFORWARD_ALL},
    };
    struct str words = {0};
    int bits = 0;

    words_for(s, discard_maps, conf.smtp_discard_ehlo_keywords, &words);
    unsigned mask = ehlo_mask_parse(str_text(&words));
    ehlo_mask_log(mask);
    for (size_t i = 0; i < ARRAY_SIZE(features); i++)
        if ((mask & features[i].keyword) != 0)
            bits |= features[i].feature;
    str_done(&words);
    return bits;
}

/* --- the greeting --- */

static bool refused(struct attempt *a, struct session *s)
{
    smtp_trouble_set_reply(a, s, "host %s refused to talk to me: %s", s->peer, str_text(&s->reply.text));
    s->reusable_until = 0;
    smtp_trouble_all(a, TROUBLE_HOP);
    return false;
}

static bool broke(struct attempt *a, struct session *s, const char *doing)
{
    smtp_trouble_stream(a, s, doing);
    return false;
}

/* A Cisco PIX firewall hides the greeting behind asterisks, and breaks what comes after. */
static bool is_pix(const struct session *s)
{
    const char *text = str_text(&s->reply.text);

    return text[strspn(text, "20 *\t\n")] == 0;
}

static void use_pix_workarounds(struct attempt *a, struct session *s)
{
    struct str list = {0}, words = {0};

    words_for(s, pix_maps, conf.smtp_pix_workarounds, &words);
    int bits = bits_of(str_text(&words), workarounds, "smtp_pix_workarounds");
    str_done(&words);
    if (clock_wall().tv_sec - a->d->arrival.tv_sec < conf.smtp_pix_workaround_threshold_time)
        bits &= ~FEATURE_PIX_DELAY_DOT;
    for (const struct word_bit *w = workarounds; w->word != NULL; w++)
        if ((bits & w->bit) != 0)
            str_addf(&list, "%s%s", list.len > 0 ? " " : "", w->word);
    if (bits != 0)
        log_info("%s: enabling PIX workarounds: %s for %s", a->d->queue_id, str_text(&list), s->relay);
    s->features |= bits;
    str_done(&list);
}

/* "220 name ESMTP ..." */
static void read_banner(struct attempt *a, struct session *s)
{
    struct str text = {0};
    char *cursor, *word;

    str_add(&text, s->reply.text.data, s->reply.text.len);
    cursor = text.data;
    words_next(&cursor, "- \t\n");
    if ((word = words_next(&cursor, WORDS_SPACE)) != NULL && strcasecmp(word, conf.myhostname) == 0 &&
        a->is_loop_checked)
        log_warn("host %s greeted me with my own hostname %s", s->relay, conf.myhostname);
    while ((word = words_next(&cursor, WORDS_SPACE)) != NULL)
        if (strcasecmp(word, "ESMTP") == 0)
            s->features |= FEATURE_ESMTP;
    str_done(&text);
}

static bool take_greeting(struct attempt *a, struct session *s)
{
    smtp_session_timeout(s, conf.smtp_helo_timeout);
    if (!smtp_session_reply(s, a))
        return broke(a, s, "receiving the initial server greeting");
    if (smtp_reply_class(&s->reply) != 2) {
        if (smtp_reply_class(&s->reply) == 5 && conf.smtp_skip_5xx_greeting)
            s->reply.status[0] = '4';
        return refused(a, s);
    }
    if (is_pix(s))
        use_pix_workarounds(a, s);
    read_banner(a, s);
    return true;
}

/* --- EHLO --- */

static void offer_size(struct session *s, char *args)
{
    long size;
    char *word = words_next(&args, WORDS_SPACE);

    if (word != NULL && words_to_long(word, &size) && size > 0)
        s->size_limit = size;
}

static void offer_xforward(struct session *s, char *args)
{
    static const struct word_bit names[] = {
        {"NAME", FEATURE_XFORWARD_NAME},
        {"ADDR", FEATURE_XFORWARD_ADDR},
        {"PROTO", FEATURE_XFORWARD_PROTO},
        {"HELO", FEATURE_XFORWARD_HELO},
        {"SOURCE", FEATURE_XFORWARD_SOURCE},
        {"PORT", FEATURE_XFORWARD_PORT},
        {"IDENT", FEATURE_XFORWARD_IDENT},
        {NULL, 0},
    };
    char *word;

    while ((word = words_next(&args, WORDS_SPACE)) != NULL)
        for (const struct word_bit *n = names; n->word != NULL; n++)
            if (strcasecmp(n->word, word) == 0)
                s->features |= n->bit;
}

static const struct {
    const char *keyword;
    int feature;
    void (*take)(struct session *s, char *args);
} offers[] = {
    {"8BITMIME", FEATURE_8BITMIME, NULL},
    {"PIPELINING", FEATURE_PIPELINING, NULL},
    {"SIZE", FEATURE_SIZE, offer_size},
    {"DSN", FEATURE_DSN, NULL},
    {"SMTPUTF8", FEATURE_SMTPUTF8, NULL},
    {"STARTTLS", FEATURE_STARTTLS, NULL},
    {"AUTH", FEATURE_AUTH, NULL},
    {"XFORWARD", 0, offer_xforward},
};

static void take_offer(struct session *s, char *line, int discarded)
{
    char *word = words_next(&line, " \t=");

    if (word == NULL)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
        if (strcasecmp(word, offers[i].keyword) != 0 || (offers[i].feature & discarded) != 0)
            continue;
        s->features |= offers[i].feature;
        if (offers[i].take != NULL)
            offers[i].take(s, line);
    }
}

/* Who answers with our own name, on SMTP's port, is ourselves. */
static bool loops_back(struct attempt *a, struct session *s, const char *name)
{
    if (name == NULL || !a->is_loop_checked || strcasecmp(name, conf.myhostname) != 0)
        return false;
    log_warn("host %s replied to HELO/EHLO with my own hostname %s", s->relay, conf.myhostname);
    smtp_trouble_set(
        a, (s->features & FEATURE_BEST_MX) != 0 ? "5.4.6" : "4.4.6", "mail for %s loops back to myself", a->d->nexthop);
    smtp_trouble_all(a, TROUBLE_HOP);
    return true;
}

/* RFC 6531 3.1: whoever has SMTPUTF8 has 8BITMIME. */
static void imply_8bitmime(struct session *s)
{
    if ((s->features & (FEATURE_SMTPUTF8 | FEATURE_8BITMIME)) != FEATURE_SMTPUTF8)
        return;
    log_info("host %s offers SMTPUTF8 support, but not 8BITMIME", s->peer);
    s->features |= FEATURE_8BITMIME;
}

static bool take_offers(struct attempt *a, struct session *s)
{
    struct str text = {0};
    int discarded = discarded_features(s);
    bool is_first = true, ok = true;
    char *cursor, *line;

    str_add(&text, s->reply.text.data, s->reply.text.len);
    cursor = text.data;
    while (ok && (line = words_next(&cursor, "\n")) != NULL) {
        if (strlen(line) < 4)
            continue;
        line += 4;
        if (is_first)
            ok = !loops_back(a, s, words_next(&line, WORDS_SPACE));
        else
            take_offer(s, line, discarded);
        is_first = false;
    }
    s->features &= ~discarded;
    imply_8bitmime(s);
    str_done(&text);
    return ok;
}

static bool says_hello(struct attempt *a, struct session *s, const char *verb)
{
    smtp_session_timeout(s, conf.smtp_helo_timeout);
    smtp_session_command(s, "%s %s", verb, conf.smtp_helo_name);
    return smtp_session_reply(s, a);
}

bool smtp_hello(struct attempt *a, struct session *s)
{
    if (!take_greeting(a, s))
        return false;
    if (smtp_is_lmtp()) {
        if (!says_hello(a, s, "LHLO"))
            return broke(a, s, "performing the LHLO handshake");
        if (smtp_reply_class(&s->reply) != 2)
            return refused(a, s);
        return take_offers(a, s);
    }
    if (conf.smtp_always_send_ehlo)
        s->features |= FEATURE_ESMTP;
    if (conf.smtp_never_send_ehlo || (s->features & FEATURE_PIX_NO_ESMTP) != 0)
        s->features &= ~FEATURE_ESMTP;
    if ((s->features & FEATURE_ESMTP) != 0) {
        if (!says_hello(a, s, "EHLO"))
            return broke(a, s, "performing the EHLO handshake");
        if (s->reply.code == 421)
            return refused(a, s);
        if (smtp_reply_class(&s->reply) == 2)
            return take_offers(a, s);
    }
    s->features &= ~FEATURE_ESMTP;
    if (!says_hello(a, s, "HELO"))
        return broke(a, s, "performing the HELO handshake");
    if (smtp_reply_class(&s->reply) != 2)
        return refused(a, s);
    return take_offers(a, s); /* its own name, that is */
}

/* --- XFORWARD --- */

static void add_attribute(struct str *line, const struct session *s, int feature, const char *name, const char *value)
{
    if ((s->features & feature) == 0)
        return;
    str_addf(line, " %s=", name);
    if (*value == 0)
        str_adds(line, "[UNAVAILABLE]");
    else
        smtp_xtext_add(line, value, "");
}

static bool send_xforward(struct attempt *a, struct session *s, const struct str *line, const char *what)
{
    struct str doing = {0};

    if (line->len == 0)
        return true;
    smtp_session_timeout(s, conf.smtp_xforward_timeout);
    smtp_session_command(s, "XFORWARD%s", str_text(line));
    bool ok = smtp_session_reply(s, a);
    if (!ok) {
        str_addf(&doing, "sending XFORWARD %s", what);
        smtp_trouble_stream(a, s, str_text(&doing));
    } else if (smtp_reply_class(&s->reply) != 2)
        log_warn("host %s said: %s (in reply to XFORWARD %s command)", s->relay, str_text(&s->reply.text), what);
    str_done(&doing);
    return ok;
}

bool smtp_hello_xforward(struct attempt *a, struct session *s)
{
    const struct delivery *d = a->d;
    struct str first = {0}, second = {0}, address = {0};

    if (!conf.smtp_send_xforward_command || (s->features & FEATURE_XFORWARD_ALL) == 0)
        return true;
    if (strchr(d->client_address, ':') != NULL)
        str_adds(&address, "IPV6:");
    str_adds(&address, d->client_address);
    add_attribute(&first, s, FEATURE_XFORWARD_NAME, "NAME", d->client_name);
    add_attribute(&first, s, FEATURE_XFORWARD_ADDR, "ADDR", str_text(&address));
    add_attribute(&first, s, FEATURE_XFORWARD_PORT, "PORT", d->client_port);
    add_attribute(&second, s, FEATURE_XFORWARD_PROTO, "PROTO", d->client_proto);
    add_attribute(&second, s, FEATURE_XFORWARD_HELO, "HELO", d->client_helo);
    add_attribute(&second, s, FEATURE_XFORWARD_IDENT, "IDENT", d->log_ident);
    add_attribute(
        &second, s, FEATURE_XFORWARD_SOURCE, "SOURCE", strcmp(d->rewrite_context, "local") == 0 ? "LOCAL" : "REMOTE");
    bool ok = send_xforward(a, s, &first, "name/address") && send_xforward(a, s, &second, "protocol/helo_name");
    str_done(&first);
    str_done(&second);
    str_done(&address);
    return ok;
}
