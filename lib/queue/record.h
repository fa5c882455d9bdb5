/* record.h: the records of which a queue file consists.
 *
 * A record is a type letter, a length in base 128 (low bits first, 0x80: more follows, at most
 * four bytes) and the payload.
 */
#ifndef QUEUE_RECORD_H
#define QUEUE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum record_type {
    REC_SIZE = 'C', REC_TIME = 'T', REC_FULL_NAME = 'F', REC_INSPECTOR = 'I', REC_FILTER = 'L',
    REC_SENDER = 'S', REC_DONE = 'D', REC_RECIPIENT = 'R', REC_ORIGINAL = 'O', REC_CANCELLED = '/',
    REC_WARN = 'W', REC_ATTR = 'A', REC_KILLED = 'K', REC_REDIRECT = '>', REC_MESSAGE = 'M',
    REC_LINE = 'N', REC_PART = 'L', REC_PADDING = 'w', REC_EXTRACTED = 'X', REC_POINTER = 'p',
    REC_VERP = 'V', REC_END = 'E', REC_RETURN_RECEIPT = 'r', REC_ERRORS_TO = 'e', REC_PRIORITY = 'P'
};

void record_add(struct str *out, int type, const char *payload, size_t n);
void record_adds(struct str *out, int type, const char *text);
void record_addf(struct str *out, int type, const char *format, ...) PRINTF(3, 4);
void record_add_attr(struct str *out, const char *name, const char *value); /* REC_ATTR name=value; nothing for an empty value */

/* Reading from bytes in memory. */
struct record {
    int type;
    const char *payload; /* not NUL-terminated */
    size_t len;
    size_t offset;       /* of the type letter */
};

enum record_result { RECORD_OK, RECORD_END, RECORD_BAD };

/* The record at offset *next, which is moved behind it. RECORD_END: at n exactly. RECORD_BAD: cut
 * off, or a length that cannot be. Pointer records are returned as they are. */
enum record_result record_next(const char *bytes, size_t n, size_t *next, struct record *r);

/* The same, but follows pointer records (milters' edits leave them), at most 10,000 backwards, and
 * skips padding: the caller sees neither. */
struct record_reader {
    const char *bytes;
    size_t n, next;
    unsigned jumps;
};
enum record_result record_read(struct record_reader *reader, struct record *r);

/* Go where the pointer record r points; one with offset 0 is a place holder. False: nowhere in the file. */
bool record_follow(struct record_reader *reader, const struct record *r);

/* What is wrong with the record at offset, for which one of these has said RECORD_BAD or false, in Postfix's words. */
void record_explain(const char *bytes, size_t n, size_t offset, struct str *why);

const char *record_name(int type, bool in_content); /* postcat's names: "message_size", "regular_text" ... */

#endif
