/* cleanup: makes a message whole, signs it, commits it to the store, hands it to qmgr. See README.md. */
#include "cleanup/content.h"
#include "cleanup/envelope.h"
#include "cleanup/message.h"
#include "cleanup/sign.h"
#include "cleanup/store.h"
#include "daemon/daemon.h"

static void open_tables(void)
{
    envelope_init();
    sign_init();
}

static void begin(void)
{
    content_init();
    store_init();
}

static const struct mux_handler handler = {
    .request = message_request,
    .in_task = true,
    .opened = store_opened,
    .closed = store_closed,
};

static const struct daemon_program program = {
    .name = "cleanup",
    .before_jail = open_tables,
    .after_jail = begin,
    .mux = &handler,
    .is_idle = store_is_idle,
    .leaving = store_leave,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &program);
}
