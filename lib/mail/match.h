/* match.h: lists of patterns in main.cf: mynetworks, relay_domains, debug_peer_list ...
 *
 * Elements are asked in order and the first that matches decides; one with '!' in front decides
 * for "no". An element is a literal, a network in a list of addresses, "type:table", or
 * "/file/name" for the elements in that file. A list is taken apart once, and then answers from
 * a hash table and a prefix tree; only its tables are asked one by one.
 */
#ifndef MAIL_MATCH_H
#define MAIL_MATCH_H

#include <stdbool.h>

struct match_list;

enum match_result { MATCH_NO, MATCH_YES, MATCH_ERROR };

enum match_kind {
    MATCH_STRINGS,   /* literals that are equal, whatever the case */
    MATCH_DOMAINS,   /* host and domain names; subdomains match "name" or only ".name": match_parent() */
    MATCH_ADDRESSES, /* addresses and networks; IPv6 ones in [] */
    MATCH_CLIENTS    /* both: a client is matched by its name or its address */
};

/* Never NULL: what is wrong is MATCH_ERROR when its turn comes. parameter names the list in
 * messages and for match_parent(). */
struct match_list *match_list_open(const char *parameter, const char *patterns, enum match_kind kind);
void match_list_close(struct match_list *l);

/* Does the list have the name, or the address (MATCH_ADDRESSES)? After MATCH_ERROR the cause was logged. */
enum match_result match_list_find(struct match_list *l, const char *name);

/* The same for MATCH_CLIENTS. */
enum match_result match_list_find_client(struct match_list *l, const char *name, const char *address);

bool match_list_is_empty(const struct match_list *l);

/* Does a domain match its subdomains, too, in this feature ("relay_domains", "smtpd_access_maps")?
 * As parent_domain_matches_subdomains says. */
bool match_parent(const char *feature);

#endif
