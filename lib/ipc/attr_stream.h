/* attr_stream.h: attribute lists as Postfix's own services speak them, one after the other on a plain stream.
 */
#ifndef IPC_ATTR_STREAM_H
#define IPC_ATTR_STREAM_H

#include "base/stream.h"
#include "ipc/attr.h"

/* The next list with its end, for attrs_parse(), replaces what is in list. False: the stream ended
 * before, or more than limit bytes came; list has what did come. */
bool attr_stream_read(struct stream *s, struct str *list, size_t limit);

#endif
