/* permissions.h: owners, groups and modes as postfix-files has them.
 *
 * We are root, and much of this belongs to the mail system's user: no symbolic link is followed, and what has
 * several hard links is left alone where that user could have made them.
 */
#ifndef POSTFIX_PERMISSIONS_H
#define POSTFIX_PERMISSIONS_H

#include <stdbool.h>

enum permissions_of {
    PERMISSIONS_MISSING, /* make directories that are not there, and nothing else */
    PERMISSIONS_UPGRADE, /* those, and what a new release may have changed */
    PERMISSIONS_ALL
};

bool postfix_permissions_set(enum permissions_of what); /* false: something could not be done, and was logged */

#endif
