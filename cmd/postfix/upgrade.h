/* upgrade.h: main.cf and master.cf of an older release get what a newer one cannot do without.
 */
#ifndef POSTFIX_UPGRADE_H
#define POSTFIX_UPGRADE_H

#include <stdbool.h>

bool postfix_upgrade_configuration(void); /* what is changed is written to standard output; false: it failed, and was logged */

#endif
