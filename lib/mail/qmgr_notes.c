#include "mail/qmgr_notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ipc/attr.h"
#include "queue/qid.h"

static const char *const type_names[] = {
    [QMGR_NOTE_WRITER] = "writer",
    [QMGR_NOTE_ADD] = "add",
    [QMGR_NOTE_LIVE] = "live",
};

void qmgr_notes_put(struct str *out, const struct qmgr_note *note)
{
    attr_put(out, "type", type_names[note->type]);
    if (note->type == QMGR_NOTE_WRITER)
        attr_put_long(out, "slot", note->slot);
    else {
        char seq[24];
        snprintf(seq, sizeof(seq), "%" PRIu64, note->seq);
        attr_put(out, "seq", seq);
        attr_put(out, "queue_id", note->queue_id);
        location_put(out, &note->where);
    }
    attr_end(out);
}

static bool type_of(const char *name, enum qmgr_note_type *type)
{
    for (size_t i = 0; name != NULL && i < ARRAY_SIZE(type_names); i++)
        if (strcmp(name, type_names[i]) == 0) {
            *type = (enum qmgr_note_type) i;
            return true;
        }
    return false;
}

bool qmgr_notes_next(const char **cursor, const char *end, struct qmgr_note *note)
{
    struct attrs list;

    *note = (struct qmgr_note){0};
    if (*cursor >= end || !attrs_parse(cursor, end, &list) || !type_of(attrs_get(&list, "type"), &note->type))
        return false;
    if (note->type == QMGR_NOTE_WRITER) {
        long slot = attrs_long(&list, "slot", -1);
        note->slot = (unsigned) slot;
        return slot >= 0;
    }
    const char *seq = attrs_get(&list, "seq");
    note->queue_id = attrs_get(&list, "queue_id");
    if (seq == NULL || note->queue_id == NULL || !qid_is_valid(note->queue_id))
        return false;
    note->seq = strtoull(seq, NULL, 10);
    return location_get(&list, &note->where);
}

void qmgr_notes_put_mark(struct str *out, enum qmgr_mark_kind kind, uint64_t seq, uint32_t offset)
{
    struct qmgr_mark mark = {.kind = kind, .offset = offset, .seq = seq};

    str_add(out, (const char *) &mark, sizeof(mark));
}

bool qmgr_notes_next_mark(const char **cursor, const char *end, struct qmgr_mark *mark)
{
    if ((size_t) (end - *cursor) < sizeof(*mark))
        return false;
    memcpy(mark, *cursor, sizeof(*mark));
    *cursor += sizeof(*mark);
    return mark->kind == QMGR_MARK_DONE || mark->kind == QMGR_MARK_RECIPIENT;
}
