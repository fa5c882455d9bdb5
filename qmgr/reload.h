/* reload.h: main.cf was read again (postfix reload).
 *
 * What it says holds from now on, nothing is forgotten and no delivery is disturbed: dead sites get
 * another chance, deferred/ is looked through, and mail that waits is resolved anew, since routes may
 * have changed. A qmgr that was started again would have come to the same.
 */
#ifndef QMGR_RELOAD_H
#define QMGR_RELOAD_H

void qmgr_reload(void);

#endif
