/* turn.h: what is done once at the end of a turn of the loop, for all that happened in it.
 *
 * Messages are taken up, deliveries begun, and marks sent to the writers of the journal; then the
 * frames of all connections leave together.
 */
#ifndef QMGR_TURN_H
#define QMGR_TURN_H

void qmgr_turn_soon(void); /* something has changed */

#endif
