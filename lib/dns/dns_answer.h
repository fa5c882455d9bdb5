/* dns_answer.h: the reply of a name server, taken apart (RFC 1035 4).
 */
#ifndef DNS_DNS_ANSWER_H
#define DNS_DNS_ANSWER_H

#include "dns/dns.h"

/* Read a reply to a question of that type. Text lies in the arena; name, asked and type of the
 * answer are the caller's to set before. Returns the name to ask again for when the reply has an
 * alias and no records for its target, else NULL. */
const char *dns_answer_parse(struct arena *a, const unsigned char *bytes, size_t n, struct dns_answer *answer);

/* No reply, or one that cannot be read. */
void dns_answer_fail(struct dns_answer *answer, const char *reason);

void dns_answer_copy(struct arena *a, struct dns_answer *to, const struct dns_answer *from);

int dns_answer_type_number(enum dns_type type); /* as on the wire: 15 for DNS_MX */

#endif
