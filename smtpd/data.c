/* data.c: DATA (RFC 5321 4.1.1.4).
 */
#include "smtpd/chat.h"
#include "smtpd/content.h"
#include "smtpd/restrict.h"

struct reply smtpd_data_cmd(struct session *s, const struct words *w)
{
    struct reply r;

    if (s->bdat != BDAT_NONE)
        return reply(503, "5.5.1", "Error: DATA after BDAT");
    if (s->mail == NULL)
        return reply(503, "5.5.1", "Error: need RCPT command");
    if (s->mail->rcpt_count == 0)
        return reply(554, "5.5.1", "Error: no valid recipients");
    if (w->count != 1)
        return reply(501, "5.5.4", "Syntax: DATA");
    if (smtpd_restrict_data(s, &r) == REJECT)
        return r;
    smtpd_content_begin(s, true);
    r = reply(354, NULL, "End data with <CR><LF>.<CR><LF>");
    smtpd_chat_send(s, &r);
    if (!smtpd_content_read_data(s))
        return reply(421, NULL, "lost connection"); /* nobody is there to read it */
    s->where = "END-OF-MESSAGE";
    return smtpd_content_end(s);
}
