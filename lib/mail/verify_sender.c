#include "mail/verify_sender.h"

#include <strings.h>

#include "base/clock.h"
#include "config/config.h"
#include "mail/address.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"

/* Digits without vowels, so that no words come about: Postfix's, since one may take mail for the other. */
static const char digits[] = "0123456789BCDFGHJKLMNPQRSTVWXYZ";

enum { BASE = sizeof(digits) - 1 };

static bool is_null(void)
{
    return *conf.address_verify_sender == 0 || strcmp(conf.address_verify_sender, "<>") == 0;
}

/* Without number, as trivial-rewrite completes it: the domain may be missing. */
static void plain_sender(struct str *out)
{
    struct str rewritten = {0}, external = {0};

    str_clear(out);
    if (rewrite_address("local", quote_822(conf.address_verify_sender, &external), &rewritten))
        quote_remove(out, str_text(&rewritten));
    else
        str_adds(out, conf.address_verify_sender);
    str_done(&rewritten);
    str_done(&external);
}

static long epoch(void)
{
    return (long) (clock_seconds() / conf.address_verify_sender_ttl);
}

static void add_number(struct str *out, long number)
{
    char text[32], *first = text + sizeof(text) - 1;

    *first = 0;
    do
        *--first = digits[number % BASE];
    while ((number /= BASE) > 0);
    str_adds(out, first);
}

static void add_at(struct str *out, const char *plain, long number)
{
    size_t local = address_local_len(plain);

    str_clear(out);
    str_add(out, plain, local);
    add_number(out, number);
    str_adds(out, plain + local);
}

void verify_sender_now(struct str *sender)
{
    struct str plain = {0};

    str_clear(sender);
    if (is_null())
        return;
    plain_sender(&plain);
    if (conf.address_verify_sender_ttl > 0)
        add_at(sender, str_text(&plain), epoch());
    else
        str_set(sender, str_text(&plain));
    str_done(&plain);
}

/* Most recipients are not worth a question to trivial-rewrite. */
static bool begins_alike(const char *address)
{
    const char *sender = conf.address_verify_sender;

    return strncasecmp(address, sender, address_local_len(sender)) == 0;
}

bool verify_sender_is_ours(const char *address, struct str *plain)
{
    struct str candidate = {0};
    bool is_ours = false;

    if (is_null() || conf.address_verify_sender_ttl == 0 || !begins_alike(address))
        return false;
    plain_sender(plain);
    for (long number = epoch() - 1; !is_ours && number <= epoch() + 1; number++) {
        add_at(&candidate, str_text(plain), number);
        is_ours = strcasecmp(str_text(&candidate), address) == 0;
    }
    str_done(&candidate);
    return is_ours;
}
