/* release.h: a deferred message goes to incoming/, its time has come.
 */
#ifndef FLUSH_RELEASE_H
#define FLUSH_RELEASE_H

#include <stdbool.h>

/* FLUSH_RELEASED: it is in incoming/, and qmgr must be told. FLUSH_ELSEWHERE: not in deferred/, nor
 * in incoming/; it may be active, or gone. revives: the destination is to be tried though it is
 * taken for dead (qmgr sees it in the file's mode). */
enum flush_release { FLUSH_RELEASED, FLUSH_ELSEWHERE };
enum flush_release flush_release_message(const char *queue_id, bool revives);

/* Letters for qmgr, as postkick(1) has them. */
void flush_release_tell_qmgr(const char *letters);

#endif
