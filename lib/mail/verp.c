#include "mail/verp.h"

/* The length of the local part; all of it where there is no domain. */
static size_t local_len(const char *address)
{
    const char *at = strrchr(address, '@');

    return at == NULL ? strlen(address) : (size_t) (at - address);
}

void verp_sender(struct str *out, const char *delimiters, const char *sender, const char *recipient)
{
    size_t user_len = local_len(recipient), sender_len = local_len(sender);

    str_add(out, sender, sender_len);
    str_addc(out, delimiters[0]);
    str_add(out, recipient, user_len);
    if (recipient[user_len] == '@') {
        str_addc(out, delimiters[1]);
        str_adds(out, recipient + user_len + 1);
    }
    str_adds(out, sender + sender_len);
}
