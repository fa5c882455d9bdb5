/* smtpd: the SMTP server (RFC 5321). See README.md.
 */
#include "config/config.h"
#include "config/interfaces.h"
#include "daemon/daemon.h"
#include "dns/dns.h"
#include "smtpd/session.h"
#include "smtpd/setup.h"

static void before_jail(void)
{
    dns_open();
    dns_set_reply_filter(conf.smtpd_dns_reply_filter);
    interfaces_own();
    interfaces_proxy();
    smtpd_setup_open();
}

int main(int argc, char **argv)
{
    static const struct daemon_program program = {
        .name = "smtpd", .before_jail = before_jail, .session = smtpd_session_run};

    return daemon_main(argc, argv, &program);
}
