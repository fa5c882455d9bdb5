/* reload.h: master.cf into services, at the start and at each reload.
 */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

/* Read master.cf; open what is new, close what is gone, keep the rest. Workers of an older
 * generation finish what they do and leave; no session ends for it. */
void master_reload_services(void);

#endif
