#include "queue/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/vec.h"
#include "queue/entry.h"
#include "queue/segment.h"
#include "queue/slot.h"

/* A done mark as read: of a message, or of one recipient. */
struct recover_mark {
    uint64_t seq;
    uint32_t offset;
};

/* A segment that has been read, as long as it is looked at. */
struct image {
    const char *path;
    char *bytes;
    uint64_t size;
    uint64_t stamp, first_seq;
    uint64_t next_seq; /* behind the last good entry */
};

struct reader {
    struct recovery *r;
    const char *dir;
    bool verify, ok;
    struct vec images; /* headers first: to put them in order */
    struct str *why;
};

/* Room for one more in an array in the arena. */
static void *grow(struct arena *a, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room == 0 ? 64 : *room * 2;
    void *bigger = arena_alloc(a, *room * size);
    if (count > 0)
        memcpy(bigger, items, count * size);
    return bigger;
}

/* --- bytes --- */

/* What cannot be read is zeros: the messages there are damaged, the others are not. */
static void read_around_errors(int fd, char *to, uint64_t size)
{
    enum { LARGE = 1024 * 1024 };
    uint64_t done = 0;
    size_t want = LARGE;

    while (done < size) {
        size_t n = size - done < want ? (size_t) (size - done) : want;
        ssize_t got = pread(fd, to + done, n, (off_t) done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            break;
        if (got < 0 && want > ENTRY_BLOCK) {
            want = ENTRY_BLOCK;
            continue;
        }
        done += got > 0 ? (uint64_t) got : n;
    }
}

static bool load(struct image *image, struct str *why)
{
    struct stat st;
    int fd = open(image->path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fstat(fd, &st) == 0;

    if (ok) {
        image->size = (uint64_t) st.st_size;
        image->bytes = mem_zalloc(image->size);
        read_around_errors(fd, image->bytes, image->size);
    } else {
        str_setf(why, "open %s: %s", image->path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

static void unload(struct image *image)
{
    mem_free(image->bytes);
    image->bytes = NULL;
}

/* --- entries --- */

static bool good_entry(const struct image *image, uint64_t offset, bool verify, struct entry_header *e)
{
    if (!entry_at(image->bytes, image->size, offset, image->stamp, e))
        return false;
    if (!verify && e->type == ENTRY_MESSAGE)
        return true;
    return entry_is_intact(e, image->bytes + offset + sizeof(*e));
}

/* The next good entry at or behind offset; the size of the segment if there is none. */
static uint64_t search(const struct image *image, uint64_t offset, struct entry_header *e)
{
    for (; offset + sizeof(*e) <= image->size; offset += ENTRY_ALIGN)
        if (good_entry(image, offset, true, e))
            return offset;
    return image->size;
}

static void take_message(struct recovery *r, const struct image *image, uint64_t offset, const struct entry_header *e)
{
    r->messages = grow(&r->arena, r->messages, r->message_count, &r->message_room, sizeof(*r->messages));
    struct recover_message *m = &r->messages[r->message_count++];
    *m = (struct recover_message){
        .seq = e->seq, .where = {.path = image->path, .offset = offset + sizeof(*e), .length = e->length}};
    memcpy(m->id, e->queue_id, sizeof(m->id));
}

static void take_marks(struct recovery *r, const char *payload, size_t n)
{
    struct entry_mark mark;

    for (size_t at = 0; at + sizeof(mark) <= n; at += sizeof(mark)) {
        memcpy(&mark, payload + at, sizeof(mark));
        r->marks = grow(&r->arena, r->marks, r->mark_count, &r->mark_room, sizeof(*r->marks));
        r->marks[r->mark_count++] = (struct recover_mark){.seq = mark.seq, .offset = mark.offset};
    }
}

static void take_entry(struct recovery *r, struct image *image, uint64_t offset, const struct entry_header *e)
{
    if (e->type == ENTRY_MESSAGE)
        take_message(r, image, offset, e);
    else
        take_marks(r, image->bytes + offset + sizeof(*e), e->length);
    image->next_seq = e->type == ENTRY_MESSAGE ? e->seq + 1 : e->seq;
    if (e->low > r->low)
        r->low = e->low;
    if (e->batch_seq > r->synced)
        r->synced = e->batch_seq;
    if (image->next_seq > r->next_seq)
        r->next_seq = image->next_seq;
}

static void add_damage(struct recovery *r, const struct image *image, uint64_t from, uint64_t to, uint64_t next_seq)
{
    if (next_seq <= image->next_seq)
        return;
    r->damages = grow(&r->arena, r->damages, r->damage_count, &r->damage_room, sizeof(*r->damages));
    r->damages[r->damage_count++] = (struct recover_damage){
        .where = {.path = image->path, .offset = from, .length = to - from},
        .first_seq = image->next_seq,
        .lost = next_seq - image->next_seq,
    };
}

/* All entries of a segment. The end of the good ones. */
static uint64_t read_entries(struct recovery *r, struct image *image, bool verify)
{
    uint64_t offset = ENTRY_BLOCK;
    struct entry_header e;

    image->next_seq = image->first_seq;
    for (;;) {
        if (!good_entry(image, offset, verify, &e)) {
            uint64_t damaged = offset;
            offset = entry_round_up(offset, ENTRY_BLOCK); /* where the next batch begins */
            if (!good_entry(image, offset, verify, &e)) {
                offset = search(image, damaged, &e);
                if (offset == image->size)
                    return damaged;
            }
            add_damage(r, image, damaged, offset, e.seq);
        }
        take_entry(r, image, offset, &e);
        offset = entry_end(offset, e.length);
    }
}

/* --- segments --- */

/* The stamp of the entries, from the header, or where that is damaged from the first good entry. */
static bool identify(struct image *image)
{
    struct segment_header h;
    struct entry_header e;

    if (image->size < ENTRY_BLOCK)
        return false;
    memcpy(&h, image->bytes, sizeof(h));
    if (entry_is_unused(&h))
        return false;
    if (entry_is_segment(&h)) {
        image->stamp = h.stamp;
        image->first_seq = h.first_seq;
        return true;
    }
    image->stamp = 0;
    if (search(image, ENTRY_BLOCK, &e) == image->size)
        return false;
    image->stamp = e.stamp;
    image->first_seq = e.seq;
    return true;
}

static void note_next_seq(struct recovery *r, const struct image *image)
{
    struct segment_header h;

    if (image->size < sizeof(h))
        return;
    memcpy(&h, image->bytes, sizeof(h));
    if (entry_is_segment(&h) && h.first_seq > r->next_seq)
        r->next_seq = h.first_seq;
}

static void look_at(void *arg, unsigned number)
{
    struct reader *reader = arg;
    struct image *image = arena_new(&reader->r->arena, struct image);

    image->path = segment_path(&reader->r->arena, reader->dir, number);
    if (!reader->ok || !load(image, reader->why)) {
        reader->ok = false;
        return;
    }
    note_next_seq(reader->r, image);
    if (identify(image))
        vec_add(&reader->images, image);
    unload(image);
}

static int by_first_seq(const void *a, const void *b)
{
    const struct image *x = *(void *const *) a, *y = *(void *const *) b;

    return x->first_seq < y->first_seq ? -1 : x->first_seq > y->first_seq;
}

static bool read_images(struct reader *reader)
{
    struct image **images = (struct image **) (void *) reader->images.items;
    size_t count = reader->images.count;
    bool ok = count == 0 || load(images[0], reader->why);

    for (size_t i = 0; ok && i < count; i++) {
        uint64_t end = read_entries(reader->r, images[i], reader->verify);
        if (i + 1 < count) {
            /* A segment that is not the last one was full: what is missing at its end was there once. */
            add_damage(reader->r, images[i], end, images[i]->size, images[i + 1]->first_seq);
            ok = load(images[i + 1], reader->why);
        }
        unload(images[i]);
    }
    return ok;
}

/* --- what it comes to --- */

static int by_seq(const void *a, const void *b)
{
    const struct recover_message *x = a, *y = b;

    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int mark_order(const void *a, const void *b)
{
    const struct recover_mark *x = a, *y = b;

    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void apply_marks(struct recovery *r)
{
    size_t at = 0;

    for (size_t i = 0; i < r->message_count; i++) {
        struct recover_message *m = &r->messages[i];
        m->is_done = m->seq < r->low;
        while (at < r->mark_count && r->marks[at].seq < m->seq)
            at++;
        size_t first = at;
        for (; at < r->mark_count && r->marks[at].seq == m->seq; at++)
            m->is_done |= r->marks[at].offset == 0;
        if (m->is_done || at == first)
            continue;
        uint32_t *done = arena_alloc(&r->arena, (at - first) * sizeof(*done));
        for (size_t k = first; k < at; k++)
            done[m->done_count++] = r->marks[k].offset;
        m->done = done;
    }
}

static bool is_marked_done(const struct recovery *r, uint64_t seq)
{
    struct recover_mark key = {.seq = seq};

    return r->mark_count > 0 && bsearch(&key, r->marks, r->mark_count, sizeof(key), mark_order) != NULL;
}

/* Messages of the last batch, if its sync did not return, were never acknowledged: holes there are no
 * loss. Neither are messages that were done. */
static bool is_real(const struct recovery *r, const struct recover_damage *d)
{
    uint64_t seq = d->first_seq > r->low ? d->first_seq : r->low;
    uint64_t end = d->first_seq + d->lost < r->synced ? d->first_seq + d->lost : r->synced;

    if (seq < end && end - seq > r->mark_count)
        return true;
    for (; seq < end; seq++)
        if (!is_marked_done(r, seq))
            return true;
    return false;
}

static void conclude(struct recovery *r)
{
    size_t kept = 0;

    if (r->message_count > 1)
        qsort(r->messages, r->message_count, sizeof(*r->messages), by_seq);
    if (r->mark_count > 1)
        qsort(r->marks, r->mark_count, sizeof(*r->marks), mark_order);
    apply_marks(r);
    for (size_t i = 0; i < r->damage_count; i++)
        if (is_real(r, &r->damages[i]))
            r->damages[kept++] = r->damages[i];
    r->damage_count = kept;
}

bool recover_slot(struct recovery *r, unsigned slot, bool verify, struct str *why)
{
    char *dir = slot_dir(slot);
    struct reader reader = {.r = r, .dir = dir, .verify = verify, .ok = true, .why = why};

    *r = (struct recovery){.next_seq = 1};
    segment_each_file(dir, look_at, &reader);
    vec_sort(&reader.images, by_first_seq);
    bool ok = reader.ok && read_images(&reader);
    if (ok)
        conclude(r);
    for (size_t i = 0; i < reader.images.count; i++)
        unload(reader.images.items[i]);
    vec_done(&reader.images, NULL);
    mem_free(dir);
    return ok;
}

void recover_done(struct recovery *r)
{
    arena_done(&r->arena);
}
