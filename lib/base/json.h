/* json.h: texts in JSON (RFC 8259).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/str.h"

/* The text with its quotes, appended. What is not UTF-8 gets '?' for each byte beyond ASCII. */
void json_add_string(struct str *out, const char *text);

#endif
