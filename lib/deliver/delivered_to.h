/* delivered_to.h: has a message been delivered here before? Its Delivered-To headers tell.
 */
#ifndef DELIVER_DELIVERED_TO_H
#define DELIVER_DELIVERED_TO_H

#include <stdbool.h>

#include "queue/location.h"

/* Is the address (internal form) in one of them, in any case? data_offset: where the content begins. */
bool delivered_to_has(const struct message_bytes *m, uint64_t data_offset, const char *address);

#endif
