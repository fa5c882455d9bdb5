/* action.h: what is done to a message: deleted, held, released, requeued, expired.
 */
#ifndef POSTSUPER_ACTION_H
#define POSTSUPER_ACTION_H

#include <stdbool.h>

enum postsuper_action {
    POSTSUPER_REQUEUE,
    POSTSUPER_DELETE,
    POSTSUPER_EXPIRE,
    POSTSUPER_HOLD,
    POSTSUPER_RELEASE,
    POSTSUPER_EXPIRE_RELEASE, /* both */
    POSTSUPER_ACTIONS
};

/* The action whose option letter this is. False: no such. */
bool postsuper_action_of(int letter, enum postsuper_action *action);

/* Do it to one message, wherever it is among the queues (NULL-terminated; NULL: those that are usual
 * for the action), or to all in them. What is done is logged and counted; what cannot be done is fatal. */
void postsuper_action_one(enum postsuper_action action, const char *id, const char *const *queues);
void postsuper_action_all(enum postsuper_action action, const char *const *queues);

void postsuper_action_expect(enum postsuper_action action); /* its count is reported, were it 0 */
void postsuper_action_report(void);                         /* log the counts */

#endif
