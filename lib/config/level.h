/* level.h: compatibility levels: "2", "3.6", "3.11.1".
 */
#ifndef CONFIG_LEVEL_H
#define CONFIG_LEVEL_H

#include <stdbool.h>

struct level {
    long part[3]; /* major, minor, patch */
};

bool level_parse(const char *text, struct level *level); /* false: not a level */
int level_compare(const struct level *a, const struct level *b); /* <0, 0, >0; 3.6 is 3.6.0 */

#endif
