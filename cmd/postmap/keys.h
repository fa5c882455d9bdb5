/* keys.h: the lookup keys that a message has for header_checks and body_checks.
 */
#ifndef POSTMAP_KEYS_H
#define POSTMAP_KEYS_H

#include "table/tool.h"

enum postmap_keys {
    POSTMAP_HEADERS = 1 << 0, /* each header, with LF where it is folded */
    POSTMAP_BODY = 1 << 1,    /* each body line */
    POSTMAP_MIME = 1 << 2     /* take the message apart: headers of attachments are headers, too */
};

/* Look up the keys of the message on standard input. Was one found? */
bool postmap_query_message(struct tool *t, int keys);

#endif
