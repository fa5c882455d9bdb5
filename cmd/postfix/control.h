/* control.h: starting, stopping, and what else concerns the processes of the mail system.
 *
 * Each returns the exit status of postfix(1), or does not return; working directory is queue_directory.
 */
#ifndef POSTFIX_CONTROL_H
#define POSTFIX_CONTROL_H

int postfix_control_start(void);
int postfix_control_start_fg(void);
int postfix_control_stop(void);
int postfix_control_quick_stop(void); /* without waiting for the end */
int postfix_control_abort(void);
int postfix_control_reload(void);
int postfix_control_flush(void);
int postfix_control_status(void);

#endif
