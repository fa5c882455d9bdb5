#include "services/trivial-rewrite/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "tests/unit/test.h"

/* The answers are those of Postfix 3.7 for the same main.cf. */
#define COMMON \
    "compatibility_level = 3.6\nmail_owner = mail\nsetgid_group = adm\nmyhostname = mta.example\n" \
    "mydomain = example\nmyorigin = origin.example\nmydestination = mta.example, local.example\n" \
    "inet_interfaces = 127.0.0.1, ::1\nproxy_interfaces = 192.0.2.25\ninet_protocols = all\n"

enum {
    LOCAL = RESOLVE_CLASS_LOCAL, ALIAS = RESOLVE_CLASS_ALIAS, VIRTUAL = RESOLVE_CLASS_VIRTUAL, RELAY = RESOLVE_CLASS_RELAY,
    OTHER = RESOLVE_CLASS_DEFAULT, ROUTED = RESOLVE_ROUTED, ERROR = RESOLVE_ERROR, FAIL = RESOLVE_FAIL,
};

static const struct {
    const char *what, *main_cf;
    struct {
        const char *sender, *address;
        int flags;
        const char *to, *recipient; /* to "": no matter; recipient NULL: the address */
    } rows[84];
} cases[] = {
    {"nothing but mydestination",
        "",
        {
            {"a@s.example", "user@remote.example", OTHER, "smtp:remote.example", NULL},
            {"a@s.example", "user@REMOTE.Example", OTHER, "smtp:REMOTE.Example", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@LOCAL.example", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@mta.example", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user", LOCAL, "local:mta.example", "user@mta.example"},
            {"a@s.example", "user+ext", LOCAL, "local:mta.example", "user+ext@mta.example"},
            {"a@s.example", "", LOCAL, "local:mta.example", "MAILER-DAEMON@mta.example"},
            {"a@s.example", "@local.example", LOCAL, "local:mta.example", "MAILER-DAEMON@local.example"},
            {"a@s.example", "@remote.example", OTHER, "smtp:remote.example", NULL},
            {"a@s.example", "user@", OTHER | ERROR, "", NULL},
            {"a@s.example", "a b@remote.example", OTHER, "smtp:remote.example", NULL},
            {"a@s.example", "user@remote.example.", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "user@remote.example..", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@.remote.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@a..b", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@local.example.", LOCAL, "local:mta.example", "user@local.example"},
            {"a@s.example", "remote.example!user@local.example", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "user%remote.example@local.example", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "user@remote.example@local.example", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "user@x.example@remote.example", OTHER | ROUTED, "smtp:remote.example", NULL},
            {"a@s.example", "a!b@remote.example", OTHER | ROUTED, "smtp:remote.example", NULL},
            {"a@s.example", "a%b@remote.example", OTHER | ROUTED, "smtp:remote.example", NULL},
            {"a@s.example", "@local.example:user@remote.example", OTHER | ROUTED, "smtp:remote.example", NULL},
            {"a@s.example", "@a.example,@b.example:user@local.example", OTHER, "smtp:origin.example", "user@origin.example"},
            {"a@s.example", "user%remote.example", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "remote.example!user", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "user%local.example", LOCAL, "local:mta.example", "user@local.example"},
            {"a@s.example", "user%host%local.example@mta.example", OTHER, "smtp:host", "user@host"},
            {"a@s.example", "user%a%b%c@local.example", OTHER | ROUTED, "smtp:c", "user%a%b@c"},
            {"a@s.example", "a!b!c!user@local.example", OTHER | ROUTED, "smtp:a", "b!c!user@a"},
            {"a@s.example", "a!user%b@local.example", OTHER | ROUTED, "smtp:a", "user%b@a"},
            {"a@s.example", "user@local.example@local.example@local.example", LOCAL, "local:mta.example", "user@local.example"},
            {"a@s.example", "a@remote.example@mta.example@local.example", OTHER, "smtp:remote.example", "a@remote.example"},
            {"a@s.example", "user@b!c@local.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "a@b@", OTHER, "smtp:b", "a@b"},
            {"a@s.example", "a@local.example@", LOCAL, "local:mta.example", "a@local.example"},
            {"a@s.example", "@local.example@local.example", LOCAL, "local:mta.example", "MAILER-DAEMON@local.example"},
            {"a@s.example", "\"user@x\"@remote.example", OTHER | ROUTED, "smtp:remote.example", NULL},
            {"a@s.example", "a\"b@local.example", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "a\\@b@local.example", OTHER, "smtp:b", "a\\@b"},
            {"a@s.example", "user@[127.0.0.1]", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@[127.0.0.2]", OTHER, "smtp:[127.0.0.2]", NULL},
            {"a@s.example", "user@[192.0.2.25]", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@[192.0.2.26]", OTHER, "smtp:[192.0.2.26]", NULL},
            {"a@s.example", "user@[IPv6:::1]", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@[ipv6:::1]", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@[::1]", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@[IPv6:2001:db8::1]", OTHER, "smtp:[IPv6:2001:db8::1]", NULL},
            {"a@s.example", "user@[]", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@[not.an.ip]", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@[1.2.3]", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@[IPv6:zz]", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@x@[127.0.0.1]", OTHER, "smtp:x", "user@x"},
            {"a@s.example", "user@1.2.3.4", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@123", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@a.1", OTHER, "smtp:a.1", NULL},
            {"a@s.example", "user@-bad.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@bad-.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@b_d.example", OTHER, "smtp:b_d.example", NULL},
            {"a@s.example", "user@b*d.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@b d.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@ remote.example", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "user@host:25", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@ü.example", OTHER, "smtp:ü.example", NULL},
            {"a@s.example", "user@BÜCHER.example", OTHER, "smtp:BÜCHER.example", NULL},
            {"a@s.example", "üser@remote.example", OTHER, "smtp:remote.example", NULL},
            {"a@s.example", "user@xn--bcher-kva.example", OTHER, "smtp:xn--bcher-kva.example", NULL},
            {"a@s.example", "\xff@remote.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@\xff.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "user@ü..example", OTHER | ERROR, "", NULL},
            {"a@s.example", "-user@remote.example", OTHER | ERROR, "smtp:remote.example", NULL},
            {"a@s.example", "-x@local.example", LOCAL | ERROR, "local:mta.example", NULL},
            {"a@s.example", "<user@remote.example>", OTHER | ERROR, "", NULL},
            {"a@s.example", "a@remote.example,b@remote.example", OTHER | ROUTED, "smtp:remote.example", NULL},
            {"a@s.example", "..@remote.example", OTHER, "smtp:remote.example", NULL},
            {"a@s.example", "user@nodots", OTHER, "smtp:nodots", NULL},
            {"a@s.example", "double-bounce", LOCAL, "local:mta.example", "double-bounce@mta.example"},
        }},
    {"a null client",
        "mydestination = \n"
        "relayhost = [gw.example]\n",
        {
            {"a@s.example", "user", OTHER, "smtp:[gw.example]", "user@mta.example"},
            {"a@s.example", "", OTHER, "smtp:[gw.example]", "MAILER-DAEMON@mta.example"},
            {"a@s.example", "user@mta.example", OTHER, "smtp:[gw.example]", NULL},
            {"a@s.example", "user@[127.0.0.1]", LOCAL, "local:mta.example", NULL},
        }},
    {"a null client with a transport for itself",
        "mydestination = \n"
        "inet_interfaces = 127.0.0.1\n"
        "transport_maps = inline:{ {mta.example=slow:} }\n",
        {
            {"a@s.example", "user", OTHER, "slow:mta.example", "user@mta.example"},
            {"a@s.example", "", OTHER, "slow:mta.example", "MAILER-DAEMON@mta.example"},
        }},
    {"every class",
        "virtual_alias_domains = alias.example, both.example\n"
        "virtual_mailbox_domains = vmail.example\n"
        "relay_domains = relay.example, static:never, both.example\n"
        "mydestination = mta.example, local.example, both.example\n"
        "show_user_unknown_table_name = no\n",
        {
            {"a@s.example", "user@alias.example", ALIAS, "error:5.1.1 User unknown", NULL},
            {"a@s.example", "user@vmail.example", VIRTUAL, "virtual:vmail.example", NULL},
            {"a@s.example", "user@relay.example", RELAY, "relay:relay.example", NULL},
            {"a@s.example", "user@deep.x.relay.example", RELAY, "relay:deep.x.relay.example", NULL},
            {"a@s.example", "user@both.example", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@[127.0.0.2]", RELAY, "relay:[127.0.0.2]", NULL},
            {"a@s.example", "user@alias.example@local.example", ALIAS, "error:5.1.1 User unknown", "user@alias.example"},
            {"a@s.example", "user@x.example@vmail.example", VIRTUAL | ROUTED, "virtual:vmail.example", NULL},
            {"a@s.example", "user@.relay.example", OTHER | ERROR, "", NULL},
            {"a@s.example", "-user@alias.example", ALIAS | ERROR, "error:5.1.1 User unknown", NULL},
        }},
    {"a relayhost with a port",
        "relayhost = [gw.example]:587\n"
        "relay_domains = relay.example\n"
        "virtual_mailbox_domains = vmail.example\n",
        {
            {"a@s.example", "user@remote.example", OTHER, "smtp:[gw.example]:587", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@relay.example", RELAY, "relay:[gw.example]:587", NULL},
            {"a@s.example", "user@vmail.example", VIRTUAL, "virtual:vmail.example", NULL},
            {"a@s.example", "user@[127.0.0.2]", OTHER, "smtp:[gw.example]:587", NULL},
            {"a@s.example", "user@deep.x.relay.example", RELAY, "relay:[gw.example]:587", NULL},
        }},
    {"transports that name a host",
        "relayhost = gw.example\n"
        "default_transport = smtp:fixed.example\n"
        "relay_transport = relay:[r.example]\n",
        {
            {"a@s.example", "user@remote.example", OTHER, "smtp:fixed.example", NULL},
            {"a@s.example", "user@relay.example", OTHER, "smtp:fixed.example", NULL},
        }},
    {"a transport for each class",
        "default_transport = uucp:host\n"
        "local_transport = lmtp:unix:private/lmtp\n"
        "virtual_transport = lmtp:[vm.example]:24\n"
        "virtual_mailbox_domains = vmail.example\n"
        "relay_domains = relay.example\n"
        "relay_transport = relay\n",
        {
            {"a@s.example", "user@remote.example", OTHER, "uucp:host", NULL},
            {"a@s.example", "user@local.example", LOCAL, "lmtp:unix:private/lmtp", NULL},
            {"a@s.example", "user@vmail.example", VIRTUAL, "lmtp:[vm.example]:24", NULL},
            {"a@s.example", "user@relay.example", RELAY, "relay:relay.example", NULL},
        }},
    {"no mail leaves",
        "default_transport = error:outside mail is not deliverable\n"
        "local_transport = error:5.1.1 no local\n"
        "relayhost = gw.example\n",
        {
            {"a@s.example", "user@remote.example", OTHER, "error:outside mail is not deliverable", NULL},
            {"a@s.example", "user@local.example", LOCAL, "error:5.1.1 no local", NULL},
        }},
    {"transport_maps",
        "transport_maps = inline:{ {user@remote.example=smtp:[u.example]:26}, "
        "{user+ext@remote.example=smtp:[x.example]}, {t.example=:}, {n.example=:[nn.example]}, "
        "{s.example=slow:}, {p.example=slow}, {.par.example=smtp:[par.example]}, "
        "{sub.par.example=discard:x}, {local.example=lmtp:unix:l}, {alias.example=smtp:[no.example]}, "
        "{vmail.example=smtp:[vm2.example]}, {relay.example=smtp:}, {com=smtp:[com.example]}, "
        "{empty@remote.example=error:}, {bad.example=error:5.7.1 go away: now}, "
        "{@at.example=smtp:[at.example]}, {user@=smtp:[userat]}, {1.example=smtp:host:26:27}, "
        "{2.example=smtp:[a.example], [b.example]:25}, {mailer-daemon@mta.example=smtp:[null.example]}, "
        "{MAILER-DAEMON=foo:bar} }\n"
        "virtual_alias_domains = alias.example\n"
        "virtual_mailbox_domains = vmail.example\n"
        "relay_domains = relay.example\n"
        "relayhost = gw.example\n",
        {
            {"a@s.example", "user@remote.example", OTHER, "smtp:[u.example]:26", NULL},
            {"a@s.example", "USER@remote.example", OTHER, "smtp:[u.example]:26", NULL},
            {"a@s.example", "user+ext@remote.example", OTHER, "smtp:[x.example]", NULL},
            {"a@s.example", "user@t.example", OTHER, "smtp:gw.example", NULL},
            {"a@s.example", "user@n.example", OTHER, "smtp:[nn.example]", NULL},
            {"a@s.example", "user@s.example", OTHER, "slow:s.example", NULL},
            {"a@s.example", "user@p.example", OTHER, "slow:p.example", NULL},
            {"a@s.example", "user@par.example", OTHER, "smtp:gw.example", NULL},
            {"a@s.example", "user@x.par.example", OTHER, "smtp:[par.example]", NULL},
            {"a@s.example", "user@sub.par.example", OTHER, "discard:x", NULL},
            {"a@s.example", "user@a.sub.par.example", OTHER, "smtp:[par.example]", NULL},
            {"a@s.example", "user@local.example", LOCAL, "lmtp:unix:l", NULL},
            {"a@s.example", "user@alias.example", ALIAS, "error:5.1.1 User unknown in virtual alias table", NULL},
            {"a@s.example", "user@vmail.example", VIRTUAL, "smtp:[vm2.example]", NULL},
            {"a@s.example", "user@relay.example", RELAY, "smtp:relay.example", NULL},
            {"a@s.example", "user@s.com", OTHER, "smtp:gw.example", NULL},
            {"a@s.example", "empty@remote.example", OTHER, "error:Address is undeliverable", NULL},
            {"a@s.example", "user@bad.example", OTHER, "error:5.7.1 go away: now", NULL},
            {"a@s.example", "user@at.example", OTHER, "smtp:gw.example", NULL},
            {"a@s.example", "user@1.example", OTHER, "smtp:host:26:27", NULL},
            {"a@s.example", "user@2.example", OTHER, "smtp:[a.example], [b.example]:25", NULL},
            {"a@s.example", "user@remote.example@local.example", OTHER, "smtp:[u.example]:26", "user@remote.example"},
            {"a@s.example", "", LOCAL, "smtp:[null.example]", "MAILER-DAEMON@mta.example"},
            {"a@s.example", "MAILER-DAEMON", LOCAL, "smtp:[null.example]", "MAILER-DAEMON@mta.example"},
            {"a@s.example", "user@short", OTHER, "smtp:gw.example", NULL},
        }},
    {"transport_maps with a last resort",
        "transport_maps = inline:{ {*=smtp:[star.example]}, {remote.example=:} , {n.example=slow}, "
        "{local.example=local:} }\n"
        "virtual_alias_domains = alias.example\n"
        "empty_address_recipient = MAILER-DAEMON\n"
        "relayhost = [gw.example]\n",
        {
            {"a@s.example", "user@remote.example", OTHER, "smtp:[gw.example]", NULL},
            {"a@s.example", "user@n.example", OTHER, "slow:n.example", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:local.example", NULL},
            {"a@s.example", "user@mta.example", LOCAL, "smtp:[star.example]", NULL},
            {"a@s.example", "user@alias.example", ALIAS, "error:5.1.1 User unknown in virtual alias table", NULL},
            {"a@s.example", "user@other.example", OTHER, "smtp:[star.example]", NULL},
            {"a@s.example", "user@[127.0.0.1]", LOCAL, "smtp:[star.example]", NULL},
            {"a@s.example", "", LOCAL, "smtp:[star.example]", "MAILER-DAEMON@mta.example"},
        }},
    {"parents without a dot",
        "transport_maps = inline:{ {par.example=smtp:[par.example]}, {.dot.example=smtp:[dot.example]}, "
        "{example=deep:} }\n"
        "parent_domain_matches_subdomains = transport_maps, relay_domains\n"
        "relay_domains = relay.example, par.example\n",
        {
            {"a@s.example", "user@par.example", RELAY, "smtp:[par.example]", NULL},
            {"a@s.example", "user@x.par.example", RELAY, "smtp:[par.example]", NULL},
            {"a@s.example", "user@x.dot.example", OTHER, "deep:x.dot.example", NULL},
            {"a@s.example", "user@local.example", LOCAL, "deep:local.example", NULL},
            {"a@s.example", "user@s.com", OTHER, "smtp:s.com", NULL},
        }},
    {"patterns",
        "transport_maps = regexp:{ {/^user@(.*)\\.example$$/ smtp:[$$1.rx]}, {/^remote/ dom:x}, "
        "{/\\*/ starred:y} }\n",
        {
            {"a@s.example", "user@n.example", OTHER, "starred:y", NULL},
            {"a@s.example", "user@remote.example", OTHER, "starred:y", NULL},
            {"a@s.example", "user@local.example", LOCAL, "starred:y", NULL},
        }},
    {"relocated_maps",
        "relocated_maps = inline:{ {user@remote.example=new@place.example}, {user=elsewhere}, "
        "{@at.example=gone away}, {user@local.example=loc}, {empty@local.example=x} }\n"
        "virtual_alias_domains = alias.example\n",
        {
            {"a@s.example", "user@remote.example", OTHER, "error:5.1.6 User has moved to new@place.example", NULL},
            {"a@s.example", "user@local.example", LOCAL, "error:5.1.6 User has moved to loc", NULL},
            {"a@s.example", "user@mta.example", LOCAL, "error:5.1.6 User has moved to elsewhere", NULL},
            {"a@s.example", "user@[127.0.0.1]", LOCAL, "error:5.1.6 User has moved to elsewhere", NULL},
            {"a@s.example", "user@at.example", OTHER, "error:5.1.6 User has moved to gone away", NULL},
            {"a@s.example", "user@n.example", OTHER, "smtp:n.example", NULL},
            {"a@s.example", "user@alias.example", ALIAS, "error:5.1.1 User unknown in virtual alias table", NULL},
            {"a@s.example", "user", LOCAL, "error:5.1.6 User has moved to elsewhere", "user@mta.example"},
        }},
    {"by sender",
        "sender_dependent_relayhost_maps = inline:{ {a@s.example=[ra.example]}, "
        "{@s.example=rs.example:26}, {d@s.example=DUNNO}, {<>=[rnull.example]}, "
        "{a+x@s.example=[rax.example]}, {plain=[rplain.example]} }\n"
        "sender_dependent_default_transport_maps = inline:{ {t@s.example=slow}, "
        "{t2@s.example=slow:[hop.example]}, {t3@s.example=:only.example}, {t4@s.example=dunno}, "
        "{<>=nullt:}, {@tt.example=smtp:[ttt.example]} }\n"
        "relayhost = [gw.example]\n"
        "relay_domains = relay.example\n",
        {
            {"", "user@remote.example", OTHER, "nullt:[rnull.example]", NULL},
            {"a@s.example", "user@remote.example", OTHER, "smtp:[ra.example]", NULL},
            {"z@s.example", "user@remote.example", OTHER, "smtp:rs.example:26", NULL},
            {"d@s.example", "user@remote.example", OTHER, "smtp:[gw.example]", NULL},
            {"t@s.example", "user@remote.example", OTHER, "slow:rs.example:26", NULL},
            {"t2@s.example", "user@remote.example", OTHER, "slow:[hop.example]", NULL},
            {"t3@s.example", "user@remote.example", FAIL, "", NULL},
            {"t4@s.example", "user@remote.example", OTHER, "smtp:rs.example:26", NULL},
            {"x@tt.example", "user@remote.example", OTHER, "smtp:[ttt.example]", NULL},
            {"a+x@s.example", "user@remote.example", OTHER, "smtp:[rax.example]", NULL},
            {"a+y@s.example", "user@remote.example", OTHER, "smtp:rs.example:26", NULL},
            {"plain", "user@remote.example", OTHER, "smtp:[rplain.example]", NULL},
            {"plain@origin.example", "user@remote.example", OTHER, "smtp:[rplain.example]", NULL},
            {"<>", "user@remote.example", OTHER, "nullt:[rnull.example]", NULL},
            {"A@S.example", "user@remote.example", OTHER, "smtp:[ra.example]", NULL},
            {"plain@mta.example", "user@remote.example", OTHER, "smtp:[rplain.example]", NULL},
            {"", "user@relay.example", RELAY, "relay:[rnull.example]", NULL},
            {"a@s.example", "user@relay.example", RELAY, "relay:[ra.example]", NULL},
            {"t@s.example", "user@relay.example", RELAY, "relay:rs.example:26", NULL},
            {"", "user@local.example", LOCAL, "local:mta.example", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
            {"t@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
        }},
    {"quotes are respected",
        "resolve_dequoted_address = no\n",
        {
            {"a@s.example", "user@remote.example@local.example", LOCAL | ROUTED, "local:mta.example", NULL},
            {"a@s.example", "a!b@local.example", OTHER, "smtp:a", "b@a"},
            {"a@s.example", "user%remote.example@local.example", OTHER, "smtp:remote.example", "user@remote.example"},
            {"a@s.example", "a@b@", OTHER | ERROR, "", NULL},
        }},
    {"neither bangs nor percents",
        "swap_bangpath = no\n"
        "allow_percent_hack = no\n"
        "append_at_myorigin = yes\n"
        "append_dot_mydomain = no\n",
        {
            {"a@s.example", "remote.example!user@local.example", LOCAL | ROUTED, "local:mta.example", NULL},
            {"a@s.example", "user%remote.example@local.example", LOCAL | ROUTED, "local:mta.example", NULL},
            {"a@s.example", "a!b@remote.example", OTHER | ROUTED, "smtp:remote.example", NULL},
            {"a@s.example", "a!b", LOCAL | ROUTED, "local:mta.example", "a!b@mta.example"},
            {"a@s.example", "user@x@local.example", OTHER, "smtp:x", "user@x"},
        }},
    {"append_dot_mydomain",
        "append_dot_mydomain = yes\n"
        "mydestination = mta.example, local.example, short.example\n",
        {
            {"a@s.example", "a%b@local.example", OTHER, "smtp:b.example", "a@b.example"},
            {"a@s.example", "user@short@local.example", LOCAL, "local:mta.example", "user@short.example"},
            {"a@s.example", "user@short", OTHER, "smtp:short", NULL},
            {"a@s.example", "a!b", OTHER, "smtp:a.example", "b@a.example"},
            {"a@s.example", "user%short@local.example", LOCAL, "local:mta.example", "user@short.example"},
        }},
    {"resolve_null_domain",
        "resolve_null_domain = yes\n",
        {
            {"a@s.example", "user@", LOCAL, "local:mta.example", "user@mta.example"},
            {"a@s.example", "a%@local.example", LOCAL, "local:mta.example", "a@local.example"},
            {"a@s.example", "@", LOCAL, "local:mta.example", "MAILER-DAEMON@mta.example"},
        }},
    {"resolve_numeric_domain",
        "resolve_numeric_domain = yes\n",
        {
            {"a@s.example", "user@127.0.0.1", LOCAL, "local:mta.example", "user@[127.0.0.1]"},
            {"a@s.example", "user@1.2.3.4", OTHER, "smtp:[1.2.3.4]", "user@[1.2.3.4]"},
            {"a@s.example", "user@123", OTHER | ERROR, "", NULL},
        }},
    {"halves of a transport",
        "transport_maps = inline:{ {e1.example= }, {e2.example=:}, {e3.example=smtp}, {e4.example=smtp:} }\n"
        "default_transport = smtp:dflt.example\n"
        "relayhost = \n",
        {
            {"a@s.example", "user@e1.example", FAIL, "", NULL},
            {"a@s.example", "user@e2.example", OTHER, "smtp:dflt.example", NULL},
            {"a@s.example", "user@e3.example", OTHER, "smtp:e3.example", NULL},
            {"a@s.example", "user@e4.example", OTHER, "smtp:e4.example", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
        }},
    {"extensions",
        "recipient_delimiter = +-\n"
        "transport_maps = inline:{ {user@remote.example=smtp:[u.example]} }\n"
        "relocated_maps = inline:{ {user@local.example=x} }\n",
        {
            {"a@s.example", "user+x@remote.example", OTHER, "smtp:[u.example]", NULL},
            {"a@s.example", "user-x@remote.example", OTHER, "smtp:[u.example]", NULL},
            {"a@s.example", "user+ext@remote.example", OTHER, "smtp:[u.example]", NULL},
            {"a@s.example", "user+ext@local.example", LOCAL, "error:5.1.6 User has moved to x", NULL},
            {"a@s.example", "owner-x+y@remote.example", OTHER, "smtp:remote.example", NULL},
        }},
    {"transport_maps do not answer",
        "transport_maps = fail:x\n",
        {
            {"a@s.example", "user@remote.example", FAIL, "", NULL},
            {"a@s.example", "user@local.example", FAIL, "", NULL},
        }},
    {"relocated_maps do not answer",
        "relocated_maps = fail:x\n",
        {
            {"a@s.example", "user@remote.example", FAIL, "", NULL},
        }},
    {"sender_dependent_relayhost_maps do not answer",
        "sender_dependent_relayhost_maps = fail:x\n",
        {
            {"a@s.example", "user@remote.example", FAIL, "", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
        }},
    {"virtual_mailbox_domains do not answer",
        "virtual_mailbox_domains = fail:x\n",
        {
            {"a@s.example", "user@remote.example", FAIL, "", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
        }},
    {"mydestination does not answer",
        "mydestination = fail:x\n",
        {
            {"a@s.example", "user@remote.example", FAIL, "", NULL},
            {"a@s.example", "user", FAIL, "", NULL},
        }},
    {"sender_dependent_default_transport_maps do not answer",
        "sender_dependent_default_transport_maps = fail:x\n",
        {
            {"a@s.example", "user@remote.example", FAIL, "", NULL},
            {"a@s.example", "user@local.example", LOCAL, "local:mta.example", NULL},
        }},
};

static char dir[] = "/tmp/resolve_test.XXXXXX";
static char main_cf[64];

static void no_log(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

static void load(const char *text)
{
    static bool is_loaded;
    FILE *f = fopen(main_cf, "w");

    assert_non_null(f);
    fprintf(f, COMMON "%s", text);
    fclose(f);
    if (is_loaded)
        config_reload();
    else
        config_load("trivial-rewrite", "rewrite");
    is_loaded = true;
    rewrite_resolve_open_tables();
}

static void check(size_t c, size_t i)
{
    const char *address = cases[c].rows[i].address, *recipient = cases[c].rows[i].recipient;
    struct arena a = {0};
    struct resolved r;
    bool is_for_domain;

    rewrite_resolve_apply(&a, false, cases[c].rows[i].sender, address, &r, &is_for_domain);
    const char *to = arena_printf(&a, "%s:%s", r.transport, r.nexthop);
    if ((r.flags & FAIL) != 0)
        r.flags = FAIL;
    bool is_right = r.flags == cases[c].rows[i].flags;
    if (is_right && *cases[c].rows[i].to != 0)
        is_right = strcmp(to, cases[c].rows[i].to) == 0 &&
            strcmp(r.recipient, recipient == NULL ? address : recipient) == 0;
    if (!is_right)
        fail_msg("%s: <%s> from <%s> gives %d %s <%s>", cases[c].what, address, cases[c].rows[i].sender, r.flags, to,
            r.recipient);
    arena_done(&a);
}

static void addresses_go_where_main_cf_says(void **state)
{
    (void) state;
    for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
        load(cases[c].main_cf);
        for (size_t i = 0; i < ARRAY_SIZE(cases[c].rows) && cases[c].rows[i].address != NULL; i++)
            check(c, i);
    }
}

static void probes_go_where_they_are_told(void **state)
{
    static const struct {
        const char *main_cf, *sender, *address, *to;
    } probes[] = {
        {"", "", "user@remote.example", "smtp:remote.example"},
        {"relayhost = [relay.example]\n", "", "user@remote.example", "smtp:[relay.example]"},
        {"relayhost = [relay.example]\naddress_verify_relayhost =\n", "", "user@remote.example", "smtp:remote.example"},
        {"address_verify_default_transport = slow:here\n", "", "user@remote.example", "slow:here"},
        {"address_verify_local_transport = slow\n", "", "user@local.example", "slow:mta.example"},
        {"virtual_mailbox_domains = box.example\naddress_verify_virtual_transport = smtp:[box]\n", "",
            "user@box.example", "smtp:[box]"},
        {"relay_domains = inner.example\naddress_verify_relay_transport = slow\n", "", "user@inner.example",
            "slow:inner.example"},
        {"transport_maps = inline:{remote.example=slow:}\n", "", "user@remote.example", "slow:remote.example"},
        {"transport_maps = inline:{remote.example=slow:}\naddress_verify_transport_maps =\n", "",
            "user@remote.example", "smtp:remote.example"},
        {"address_verify_transport_maps = inline:{remote.example=slow:}\n", "", "user@remote.example",
            "slow:remote.example"},
        {"address_verify_sender_dependent_relayhost_maps = inline:{a@b.example=[other]}\n", "a@b.example",
            "user@remote.example", "smtp:[other]"},
        {"address_verify_sender_dependent_default_transport_maps = inline:{a@b.example=slow:}\n", "a@b.example",
            "user@remote.example", "slow:remote.example"},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
        struct arena a = {0};
        struct resolved r;
        bool unused;
        load(probes[i].main_cf);
        rewrite_resolve_apply(&a, true, probes[i].sender, probes[i].address, &r, &unused);
        assert_string_equal(arena_printf(&a, "%s:%s", r.transport, r.nexthop), probes[i].to);
        arena_done(&a);
    }
}

/* What rewrite_client.h promises of scope=domain. */
static void an_answer_for_a_domain_is_one(void **state)
{
    static const struct {
        const char *main_cf, *address;
        bool is_for_domain;
    } scopes[] = {
        {"", "user@remote.example", true},
        {"", "user@local.example", true},
        {"", "user@x@remote.example", false},
        {"", "user@bad..example", false},
        {"virtual_alias_domains = alias.example\n", "user@alias.example", false},
        {"transport_maps = inline:{x=y:}\n", "user@remote.example", false},
        {"relocated_maps = inline:{x=y}\n", "user@remote.example", false},
        {"sender_dependent_relayhost_maps = inline:{x=y}\n", "user@remote.example", false},
        {"sender_dependent_default_transport_maps = inline:{x=y:}\n", "user@remote.example", false},
        {"relay_domains = fail:x\n", "user@remote.example", false},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
        struct arena a = {0};
        struct resolved r;
        bool is_for_domain;
        load(scopes[i].main_cf);
        rewrite_resolve_apply(&a, false, "", scopes[i].address, &r, &is_for_domain);
        assert_int_equal(is_for_domain, scopes[i].is_for_domain);
        arena_done(&a);
    }
}

static int set_up(void **state)
{
    (void) state;
    log_add_sink(no_log, NULL);
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(main_cf, sizeof(main_cf), "%s/main.cf", dir);
    config_set_dir(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    unlink(main_cf);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_go_where_main_cf_says), cmocka_unit_test(an_answer_for_a_domain_is_one),
        cmocka_unit_test(probes_go_where_they_are_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
