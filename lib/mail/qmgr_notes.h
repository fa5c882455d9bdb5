/* qmgr_notes.h: what cleanup and qmgr tell each other about messages in the journal.
 *
 * cleanup connects to public/qmgr as a mux client. Its first note is an attribute list that says
 * which writer it is; then every message that it stores is announced in the turn in which it has
 * become durable, any number of lists in one note:
 *
 *     type=writer slot=N
 *     type=add seq=N queue_id=ID path=... offset=N length=N      a new message
 *     type=live seq=N queue_id=ID path=... offset=N length=N     announced again, to a qmgr that has restarted;
 *                                                                or a new one that may have a trace log
 *
 * A message that qmgr knows by its queue id already is not taken twice. A message that is a queue
 * file (queue_store = file, or too large for the journal) is announced in the same way, with its
 * path in incoming/ and seq=0; it needs no marks.
 *
 * cleanup also opens one call, request=stay, whose reply means nothing: it keeps the connection when
 * qmgr wants to end, until qmgr has sent the marks of what was under way. Until that connection is
 * closed cleanup does not connect to the next qmgr, so that this one hears of no message that the
 * old one has done.
 *
 * qmgr sends notes of binary marks back, all of one turn together; cleanup passes them on to
 * journal_mark_done() and journal_mark_recipient(). After the done mark of a message nothing more
 * is said of it.
 */
#ifndef MAIL_QMGR_NOTES_H
#define MAIL_QMGR_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "queue/location.h"

/* --- from cleanup --- */

enum qmgr_note_type { QMGR_NOTE_WRITER, QMGR_NOTE_ADD, QMGR_NOTE_LIVE };

struct qmgr_note {
    enum qmgr_note_type type;
    unsigned slot;           /* QMGR_NOTE_WRITER */
    uint64_t seq;            /* the others; 0: a queue file */
    const char *queue_id;
    struct location where;
};

void qmgr_notes_put(struct str *out, const struct qmgr_note *note);

/* The next note at *cursor, which is moved behind it; text lies in the bytes. False: malformed, or
 * nothing left. */
bool qmgr_notes_next(const char **cursor, const char *end, struct qmgr_note *note);

/* --- from qmgr --- */

enum qmgr_mark_kind { QMGR_MARK_DONE = 0, QMGR_MARK_RECIPIENT = 1 };

/* On the wire as it is in memory, one after the other; both ends run on the same machine. */
struct qmgr_mark {
    uint32_t kind;
    uint32_t offset;         /* QMGR_MARK_RECIPIENT: of the R record in the message */
    uint64_t seq;
};

void qmgr_notes_put_mark(struct str *out, enum qmgr_mark_kind kind, uint64_t seq, uint32_t offset);

/* The mark at *cursor, which is moved behind it. False: nothing left, or a kind that is unknown. */
bool qmgr_notes_next_mark(const char **cursor, const char *end, struct qmgr_mark *mark);

#endif
