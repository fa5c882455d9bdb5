/* place.h: where a recipient's mail goes.
 */
#ifndef VIRTUAL_PLACE_H
#define VIRTUAL_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct place {
    struct str path;
    bool is_maildir;    /* path ends in '/' */
    uid_t uid;
    gid_t gid;
};

enum place_result { PLACE_FOUND, PLACE_UNKNOWN, PLACE_ERROR };

void virtual_place_open(void);   /* tables, before anything else */

/* Look the address up. PLACE_ERROR: the cause was logged. */
enum place_result virtual_place_find(const char *address, struct place *p);

#endif
