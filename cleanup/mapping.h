/* mapping.h: addresses replaced by others as mail comes in: canonical maps, then masquerading.
 */
#ifndef CLEANUP_MAPPING_H
#define CLEANUP_MAPPING_H

#include <stdbool.h>

#include "cleanup/message.h"

/* Where an address stands. */
enum mapping_class {
    MAPPING_ENVELOPE_SENDER = 1 << 0,
    MAPPING_ENVELOPE_RECIPIENT = 1 << 1,
    MAPPING_HEADER_SENDER = 1 << 2,
    MAPPING_HEADER_RECIPIENT = 1 << 3
};

void cleanup_mapping_init(void); /* tables; once a process */

/* Is there anything to be done with addresses of this class? */
bool cleanup_mapping_is_needed(enum mapping_class class);

/* The address (standard and internal form, not empty) that takes the place of this one; itself, or in
 * the arena. A table that does not answer refuses the message. */
const char *cleanup_mapping_apply(struct message *m, enum mapping_class class, const char *address);

#endif
