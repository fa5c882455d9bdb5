/* file_value.h: values that are the content of files, stored as base64 (RFC 4648).
 */
#ifndef TABLE_FILE_VALUE_H
#define TABLE_FILE_VALUE_H

#include <stdbool.h>

#include "base/str.h"

/* The base64 form of the named files' content, joined with newlines, appended to out. names is
 * separated by commas or white space. False: why ("open NAME: cause"). */
bool file_value_load(const char *names, struct str *out, struct str *why);

/* What the base64 text means, appended to out. False: it is malformed. */
bool file_value_decode(const char *base64, struct str *out);

#endif
