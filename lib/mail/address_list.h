/* address_list.h: the addresses of a message header (RFC 5322 3.4), to extract or to rewrite.
 *
 * The parser takes everything: groups, comments, phrases, quoted strings, routes, obsolete forms
 * and garbage, and finds the addresses a reader of Postfix's would. Rewriting changes addresses
 * only; phrases, comments and groups come out as they went in, one blank between words.
 */
#ifndef MAIL_ADDRESS_LIST_H
#define MAIL_ADDRESS_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct address_list;

/* text: a header's value, which may contain line ends. Lives in the arena. What comes after
 * token_limit tokens (header_address_token_limit; 0: no limit) is dropped. */
struct address_list *address_list_parse(struct arena *a, const char *text, size_t token_limit);

size_t address_list_count(const struct address_list *l);

/* The index-th address, in internal and in external form; valid until it is set. An empty
 * address (<>) is "". A route ("@a,@b:c@d") is part of both. */
const char *address_list_internal(struct address_list *l, size_t index);
const char *address_list_external(struct address_list *l, size_t index);

/* Replace it. Copied. */
void address_list_set_internal(struct address_list *l, size_t index, const char *address);
void address_list_set_external(struct address_list *l, size_t index, const char *text);

/* Is an address different from what was parsed? */
bool address_list_is_changed(const struct address_list *l);

/* Is there nothing but addresses, with or without <>: no comment, phrase, group or separator? */
bool address_list_is_plain(const struct address_list *l);

/* Append the list to a header that has its "Name: " already: as many addresses on a line as fit,
 * "\n\t" between lines, as Postfix folds what it has rewritten. */
void address_list_format(const struct address_list *l, struct str *header);

#endif
