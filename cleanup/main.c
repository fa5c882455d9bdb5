/* cleanup: makes a message whole, signs it, commits it to the store, hands it to qmgr. See README.md. */
#include "cleanup/content.h"
#include "cleanup/envelope.h"
#include "cleanup/inspect.h"
#include "cleanup/message.h"
#include "cleanup/sign.h"
#include "cleanup/store.h"
#include "daemon/daemon.h"

static void open_tables(void)
{
    cleanup_envelope_init();
    cleanup_inspect_init();
    cleanup_sign_init();
}

static void begin(void)
{
    cleanup_content_init();
    cleanup_store_init();
}

static const struct mux_handler handler = {
    .request = cleanup_message_request,
    .in_task = true,
    .opened = cleanup_store_opened,
    .closed = cleanup_store_closed,
};

static const struct daemon_program program = {
    .name = "cleanup",
    .before_jail = open_tables,
    .after_jail = begin,
    .mux = &handler,
    .is_idle = cleanup_store_is_idle,
    .leaving = cleanup_store_leave,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &program);
}
