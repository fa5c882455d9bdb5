/* instance.h: the mail system of this configuration directory, as postfix(1) sees it.
 */
#ifndef POSTFIX_INSTANCE_H
#define POSTFIX_INSTANCE_H

#include <stdbool.h>
#include <sys/types.h>

pid_t postfix_instance_pid(void);                 /* of the running master; 0: it is not running */
bool postfix_instance_wait_stopped(int timeout_ms);
void postfix_instance_make_directories(void);     /* of the queue, that are missing; root only */

#endif
