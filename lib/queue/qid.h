/* qid.h: queue ids.
 *
 * Short: five hexadecimal digits of microseconds, then a number in hexadecimal. Long
 * (enable_long_queue_ids): seconds in base 52, microseconds in four digits of base 52, "z", the
 * number in base 51. In a queue file the number is the inode; a message in the journal has none,
 * and gets a number that no other process uses in the same microsecond.
 */
#ifndef QUEUE_QID_H
#define QUEUE_QID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>

enum { QID_SIZE = 40 }; /* room for an id of ours and its NUL; foreign ids may have up to 255 characters */

/* The id for a file with this inode, created at this time. */
void qid_format(char out[QID_SIZE], struct timeval when, uint64_t number, bool is_long);

/* A new id for a message that has no file. slot: a small number (below 4096) that only this process
 * uses among all that make ids now. Never the same twice while the clock runs forward: the number
 * holds the seconds (in 24 bits) and the slot. *when is the time in the id. */
void qid_make(char out[QID_SIZE], unsigned slot, bool is_long, struct timeval *when);

bool qid_is_valid(const char *id);   /* as a file name: letters, digits, underscore, 1 to 255 */
bool qid_is_long(const char *id);
bool qid_time(const char *id, struct timeval *when); /* long: when it was created; short: only tv_usec. False: invalid */

#endif
