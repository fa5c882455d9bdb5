#include "services/pickup/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "queue/dirs.h"
#include "queue/record.h"

void pickup_drop_remove(const struct drop *d)
{
    if (unlink(str_text(&d->path)) < 0)
        log_warn("remove %s: %m", str_text(&d->path));
}

void pickup_drop_save(const struct drop *d)
{
    if (queue_rename(d->id, "maildrop", "corrupt"))
        log_warn("saving corrupt file \"%s\" from queue \"maildrop\" to queue \"corrupt\"", d->id);
    else
        log_warn("rename file %s as corrupt/%s: %m", str_text(&d->path), d->id);
}

static bool is_complete(const struct drop *d)
{
    if (!S_ISREG(d->st.st_mode)) {
        log_warn("%s: uid %ld: not a regular file", str_text(&d->path), (long) d->st.st_uid);
        return false;
    }
    return (d->st.st_mode & S_IXUSR) != 0 && d->st.st_size > 0;
}

static void map_drop(struct drop *d)
{
    int fd = open(str_text(&d->path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &d->st) < 0) {
        if (errno != ENOENT)
            log_warn("open input file %s: %m", str_text(&d->path));
    } else if (is_complete(d)) {
        void *bytes = mmap(NULL, (size_t) d->st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED)
            log_warn("map %s: %m", str_text(&d->path));
        else
            d->bytes = bytes;
    }
    if (fd >= 0)
        close(fd);
}

struct drop *pickup_drop_open(const char *id, const char *path)
{
    struct drop *d = mem_zalloc(sizeof(*d));

    d->id = mem_strdup(id);
    str_set(&d->path, path);
    /* Those that are being written may not be opened yet. */
    if (lstat(path, &d->st) == 0 && is_complete(d))
        map_drop(d);
    if (d->bytes != NULL)
        return d;
    pickup_drop_close(d);
    return NULL;
}

void pickup_drop_close(struct drop *d)
{
    if (d == NULL)
        return;
    if (d->bytes != NULL)
        munmap((void *) d->bytes, (size_t) d->st.st_size);
    arena_done(&d->arena);
    str_done(&d->path);
    mem_free(d->id);
    mem_free(d);
}

/* Are there only records that belong where they are? Notes where the content is. If not, the type
 * of the first bad one; as Postfix tells it, -1 at the end of the file and -3 if it is malformed. */
static bool check_records(struct drop *d, int *bad)
{
    static const struct part {
        const char *allowed;
        int last;
    } parts[] = {
        {"MCTcFILSDRO/WVA>K<ion", REC_MESSAGE},
        {"XLN", REC_EXTRACTED},
        {"EDRO/PreAFIL>Kon", REC_END},
    };
    struct record_reader reader = {.bytes = d->bytes, .n = (size_t) d->st.st_size};
    struct record r;

    for (size_t i = 0; i < ARRAY_SIZE(parts);) {
        enum record_result result = record_read(&reader, &r);
        if (result != RECORD_OK || r.type == 0 || strchr(parts[i].allowed, r.type) == NULL) {
            *bad = result == RECORD_OK ? r.type : result == RECORD_END ? -1 : -3;
            return false;
        }
        if (r.type == REC_MESSAGE)
            d->content = reader.next;
        i += r.type == parts[i].last;
    }
    return true;
}

bool pickup_drop_read(struct drop *d)
{
    struct str why = {0};
    int bad;

    if (!check_records(d, &bad)) {
        log_warn("uid=%ld: unexpected or malformed record type %d", (long) d->st.st_uid, bad);
        pickup_drop_remove(d);
        return false;
    }
    bool ok = envelope_read_submission(&d->arena, d->bytes, (size_t) d->st.st_size, &d->envelope, &why);
    if (!ok) {
        log_warn("%s: uid=%ld: %s", str_text(&d->path), (long) d->st.st_uid, str_text(&why));
        pickup_drop_save(d);
    }
    str_done(&why);
    return ok;
}
