/* address_token.h: the words of addresses (RFC 5322 3.2), for the parsers of addresses.
 */
#ifndef MAIL_ADDRESS_TOKEN_H
#define MAIL_ADDRESS_TOKEN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum address_token_type { ADDRESS_ATOM, ADDRESS_QUOTED, ADDRESS_LITERAL, ADDRESS_COMMENT, ADDRESS_OPERATOR };

struct address_token {
    enum address_token_type type;
    char op;    /* ADDRESS_OPERATOR: which */
    const char *text; /* without quotes and brackets, and without the backslashes in them; comments as they were */
};

struct address_tokens {
    struct address_token *items;
    size_t count;
};

/* Any text, at most limit tokens of it (0: all); in the arena. White space is gone, line ends in
 * quotes are blanks, what is not closed at the end counts as if it were. */
struct address_tokens address_token_scan(struct arena *a, const char *text, size_t limit);

/* Append one token, or several of one address, as they are written in a header, and in internal
 * form, where comments are left out. */
void address_token_add(struct str *out, const struct address_token *token);
void address_token_add_external(struct str *out, const struct address_tokens *tokens);
void address_token_add_internal(struct str *out, const struct address_tokens *tokens);

/* Append any tokens, comments and all, in their order: a blank between words, and behind a comma. */
void address_token_add_line(struct str *out, const struct address_tokens *tokens);

#endif
