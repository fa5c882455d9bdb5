#include "queue/space.h"

#include <math.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"

enum { LOOK_MS = 1000 };
static const double room = 1.5; /* times the size of a message: it grows on its way through the queue */

static double free_bytes(void)
{
    static double result;
    static msec looked_at;
    struct statvfs fs;

    if (looked_at != 0 && clock_now() < looked_at + LOOK_MS)
        return result;
    looked_at = clock_now();
    return result = statvfs(".", &fs) < 0 ? INFINITY : (double) fs.f_bavail * (double) fs.f_frsize;
}

bool space_is_left(long message_size)
{
    double left = free_bytes();

    if (left >= (double) conf.queue_minfree && left >= room * (double) message_size)
        return true;
    log_warn("not enough free space in mail queue: %.0f bytes < %g*message size limit", left, room);
    return false;
}
