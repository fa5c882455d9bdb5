/* Everything that a client may send, against a whole session. */
#include "smtpd/session.h"
#include "tests/unit/smtpd/fakes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool is_loaded;
    struct session s;

    if (!is_loaded)
        load_config("smtpd_hard_error_limit = 100000\nsmtpd_junk_command_limit = 100000\n"
                    "smtpd_client_restrictions = check_client_access static:dunno\n");
    is_loaded = true;
    open_session(&s);
    s.may_xclient = s.may_xforward = s.may_verp = true;
    conf.smtpd_forbid_unauth_pipelining = n % 2 == 0;
    send_bytes(&s, (const char *) bytes, n);
    while (smtpd_session_step(&s))
        continue;
    smtpd_session_done(&s);
    return 0;
}
