/* journal.h: the store: whole messages appended to preallocated segments, one sync per batch.
 *
 * Design and measurements: doc/store.md. A writer (a cleanup worker) owns a directory
 * journal/<slot>/, locked as long as it lives. Segments are files of queue_journal_segment_size
 * bytes, written with zeros once and then used again and again, oldest first and in order: so the
 * done marks in a segment always concern messages of the same or an older one.
 */
#ifndef QUEUE_JOURNAL_H
#define QUEUE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "queue/location.h"

struct journal;

/* Become a writer: the first free slot is taken. NULL and why when there can be none. */
struct journal *journal_open(struct str *why);
unsigned journal_slot(const struct journal *j);
void journal_close(struct journal *j);     /* what is not done stays for recovery */

/* Append a message. It becomes durable at the end of the turn together with all that was appended
 * in it; done(arg, seq, location, ok) is called then, in the order of appending. ok false: it is
 * not stored (full disk, failed sync, larger than queue_journal_message_limit; logged), where is
 * NULL, errno is ENOSPC or EIO, and the caller must answer 451. seq names the message in this
 * journal. The image, which has no recipient that is done, and the id are copied. where->path
 * stays as long as the message. */
typedef void journal_done(void *arg, uint64_t seq, const struct location *where, bool ok);
void journal_append(struct journal *j, const char *queue_id, const char *image, size_t n, journal_done *done, void *arg);

/* What the end of the turn does; for those who have no loop. */
void journal_commit(struct journal *j);

/* Outcomes: one recipient (offset of its R record in the message) or all of it is done. Marks are
 * written, not synced, at the end of the turn, and durable with the next batch. Whoever opens the
 * message sees the recipient as done at once: its R becomes D in place. */
void journal_mark_recipient(struct journal *j, uint64_t seq, uint32_t offset);
void journal_mark_done(struct journal *j, uint64_t seq);

/* Messages that are not done, oldest first: for a qmgr that has just started. */
void journal_each_live(struct journal *j, void (*visit)(void *arg, uint64_t seq, const char *queue_id,
    const struct location *where), void *arg);
size_t journal_live_count(const struct journal *j);

/* --- recovery --- */

/* Every segment of every writer that is dead (or, with one_slot >= 0, of that one) is read; each
 * message that is neither done nor a queue file becomes an ordinary, synced file in incoming/, with
 * its done recipients marked; damaged entries go to corrupt/; then the segments are emptied for
 * the next writer. Works alone, without any daemon; as root, files are given to mail_owner.
 * The number of messages settled, or -1 and why. In qmgr not while settle_pending(). */
long journal_settle(int one_slot, struct str *why);

/* Read-only view of all messages in the journal that are not done, living writers or dead:
 * for postqueue, postcat, postsuper. */
void journal_scan(void (*visit)(void *arg, const char *queue_id, const struct location *where), void *arg);
bool journal_find(const char *queue_id, struct location *where, struct str *path); /* path holds where->path */

#endif
