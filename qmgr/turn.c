#include "qmgr/turn.h"

#include "base/loop.h"
#include "qmgr/feed.h"
#include "qmgr/intake.h"
#include "qmgr/request.h"
#include "qmgr/transport.h"

static void end_of_turn(void *arg)
{
    (void) arg;
    qmgr_intake();
    qmgr_transport_dispatch();
    qmgr_request_check();
    qmgr_feed_flush();
}

void qmgr_turn_soon(void)
{
    static struct turn_end turn_end = {.run = end_of_turn}; /* the loop's link */

    loop_at_turn_end(&turn_end, TURN_STORE);
}
