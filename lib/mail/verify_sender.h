/* verify_sender.h: the sender of address probes.
 *
 * With address_verify_sender_ttl its local part ends in a number that changes with time, so that the
 * address is of no use to those who collect addresses.
 */
#ifndef MAIL_VERIFY_SENDER_H
#define MAIL_VERIFY_SENDER_H

#include <stdbool.h>

#include "base/str.h"

/* What it is now (internal form) replaces what is in sender; empty: the null sender. May wait for
 * trivial-rewrite, in a task. */
void verify_sender_now(struct str *sender);

/* Is the address one that changes with time, of now or of the ttl before or after? Then plain becomes it
 * without its number. */
bool verify_sender_is_ours(const char *address, struct str *plain);

#endif
