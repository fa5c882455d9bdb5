#include "mail/verp.h"

#include "mail/address.h"

void verp_sender(struct str *out, const char *delimiters, const char *sender, const char *recipient)
{
    size_t user_len = address_local_len(recipient), sender_len = address_local_len(sender);

    str_add(out, sender, sender_len);
    str_addc(out, delimiters[0]);
    str_add(out, recipient, user_len);
    if (recipient[user_len] == '@') {
        str_addc(out, delimiters[1]);
        str_adds(out, recipient + user_len + 1);
    }
    str_adds(out, sender + sender_len);
}
