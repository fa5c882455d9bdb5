/* destination.h: a next hop as transport maps and relayhost have it: "host", "[host]", with ":port" or ":service",
 * and with "inet:" or "unix:" in front.
 */
#ifndef SMTP_DESTINATION_H
#define SMTP_DESTINATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct destination {
    const char *host;      /* or the path */
    const char *service;   /* the port's name, or number; "" for unix */
    uint16_t port;
    bool is_quoted;        /* [host]: an address lookup, no mail exchangers */
    bool is_unix;
};

/* Text lies in the arena, or in main.cf. False: it cannot be understood, and why (static text). */
bool smtp_destination_parse(struct arena *a, const char *text, struct destination *to, const char **why);

#endif
