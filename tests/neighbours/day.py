"""The day that traffic.py plays: the configuration, what strangers say, and the mail that is sent.

Names in braces are ports and folders of the mail system that it is played on."""

import re

ZONE = """
2.0.0.127.in-addr.arpa. PTR friend.example.
friend.example. A 127.0.0.2
3.0.0.127.in-addr.arpa. PTR liar.example.
liar.example. A 192.0.2.3
4.0.0.127.in-addr.arpa. PTR nowhere.example.
client.example. A 127.0.0.2
sender.example. MX 10 friend.example.
sender.example. A 127.0.0.2
nullmx.example. MX 0 .
5.0.0.127.rbl.example. A 127.0.0.2
5.0.0.127.rbl.example. TXT "listed for testing"
spam.example.rhsbl.example. A 127.0.0.2
spam.example. A 192.0.2.9
loop.example. MX 10 mta.example.
mta.example. A 127.0.0.1
"""

MAIN_CF = """\
mynetworks = 127.0.0.1/32
recipient_delimiter = +
mydestination = host.example
local_recipient_maps = proxy:unix:passwd.byname $alias_maps
virtual_mailbox_domains = boxes.example
virtual_mailbox_maps = {maps}/boxes
virtual_alias_domains = aliases.example
virtual_alias_maps = {maps}/virtual
relay_domains = relay.example
relay_recipient_maps = {maps}/relay
transport_maps = {maps}/transport
relocated_maps = {maps}/relocated
header_checks = regexp:{etc}/header_checks
body_checks = regexp:{etc}/body_checks
mime_header_checks = regexp:{etc}/mime_header_checks
strict_mime_encoding_domain = yes
smtpd_client_restrictions = check_client_access {maps}/clients, reject_rbl_client rbl.example
smtpd_helo_required = yes
smtpd_helo_restrictions = permit_mynetworks, reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname,
    reject_unknown_helo_hostname, check_helo_access {maps}/helos
smtpd_sender_restrictions = check_sender_access {maps}/senders, permit_mynetworks, reject_non_fqdn_sender,
    reject_unknown_sender_domain, reject_rhsbl_sender rhsbl.example
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access {maps}/recipients, reject_non_fqdn_recipient
smtpd_data_restrictions = reject_multi_recipient_bounce
smtpd_end_of_data_restrictions = check_sender_access {maps}/ends
smtpd_etrn_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_sender = yes
smtpd_log_access_permit_actions = check_client_access
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 4
smtpd_soft_error_limit = 3
message_size_limit = 20000
notify_classes =
minimal_backoff_time = 1000s
smtp_connect_timeout = 5s
smtp_helo_timeout = 5s
default_destination_recipient_limit = 50
unknown_address_reject_code = 550
unknown_address_tempfail_action = defer
smtpd_client_event_limit_exceptions = 127.0.0.1
anvil_rate_time_unit = 3600s
smtp_log_tls_feature_status = no
lmtp_log_tls_feature_status = no
smtp_destination_concurrency_failed_cohort_limit = 0
lmtp_destination_concurrency_failed_cohort_limit = 0
export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH
"""

# {quick}: a port where clients must hurry; {strict}: one where they must be few.
MASTER_CF = """\
127.0.0.1:{quick} inet n - n - - smtpd -o smtpd_timeout=2s -o syslog_name=postfix/quick
127.0.0.1:{strict} inet n - n - - smtpd -o smtpd_client_connection_rate_limit=6 -o smtpd_client_message_rate_limit=1
    -o smtpd_client_recipient_rate_limit=2 -o smtpd_client_connection_count_limit=1 -o syslog_name=postfix/strict
sorter unix - n n - - pipe flags=Rq user=nobody argv=/bin/sh {base}/sorter ${{nexthop}}
"""

TABLES = {
    "boxes": "one@boxes.example box/\n",
    "virtual": "many@aliases.example ann+tag@host.example, one@boxes.example, far@sink.example\n",
    "relay": "known@relay.example x\n",
    "transport": """\
sink.example smtp:[127.0.0.1]:{sink}
relay.example smtp:[127.0.0.1]:{sink}
lmtp.example lmtp:[127.0.0.1]:{lmtp}
refused.example smtp:[127.0.0.1]:{nobody}
unknown.example smtp:nonesuch.example
discard.example discard:quietly
error.example error:5.1.2 no mail for this domain
retry.example retry:4.3.2 come back later
good.example sorter:0
fails.example sorter:65
waits.example sorter:75
""",
    "relocated": "gone@host.example elsewhere@sink.example\n",
    "clients": "127.0.0.6 REJECT we know you\n127.0.0.7 450 4.7.0 not now\n127.0.0.8 OK\n",
    "helos": "liar.example REJECT\n",
    "senders": """\
bad@sender.example REJECT not from you
defer@sender.example DEFER
maybe@sender.example DEFER_IF_PERMIT perhaps later
hold@sender.example HOLD look at it
discard@sender.example DISCARD thrown away
warn@sender.example WARN careful
info@sender.example INFO good to know
filter@sender.example FILTER smtp:[127.0.0.1]:{sink}
redirect@sender.example REDIRECT far@sink.example
bcc@sender.example BCC copy@sink.example
prepend@sender.example PREPEND X-Seen: yes
hangup@sender.example 421 4.3.2 come again
tempfail@sender.example DEFER 4.3.0 later
""",
    "recipients": "refused@host.example 554 5.7.1 not to her\nwarned@host.example warn_if_reject, reject\n",
    "ends": "large@sender.example REJECT at the end\n",
}

RULES = {
    "header_checks": """\
/^Subject: reject/ REJECT not this subject
/^Subject: warn/ WARN watch it
/^Subject: hold/ HOLD read it first
/^Subject: discard/ DISCARD away
/^Subject: filter/ FILTER smtp:[127.0.0.1]:{sink}
/^Subject: redirect/ REDIRECT far@sink.example
/^Subject: prepend/ PREPEND X-Found: yes
/^Subject: replace/ REPLACE Subject: another
/^Subject: info/ INFO so it is
/^Subject: strip/ STRIP taken out
/^Subject: bcc/ BCC copy@sink.example
/^Subject: pass/ PASS
""",
    "mime_header_checks": "/name=.*exe/ REJECT no programs\n",
    "body_checks": "/buy now/ REJECT no offers\n/look here/ WARN an offer\n",
}
HEADER_ACTIONS = [re.match(r"/\^Subject: (\w+)", rule)[1] for rule in RULES["header_checks"].splitlines()]

ALIASES = "team: ann, bob, far@sink.example\nfile: {base}/out/file\ncommand: \"|cat >/dev/null\"\nbroken: \"|exit 65\"\nslow: \"|exit 75\"\n"

HELLO = "EHLO client.example"
FROM = "MAIL FROM:<a@sender.example>"
TO = "RCPT TO:<one@boxes.example>"

# Where a stranger comes from, and what it says; each line waits for its reply. Without QUIT it hangs up.
STRANGERS = [
    ("127.0.0.2", []),
    ("127.0.0.2", ["QUIT"]),
    ("127.0.0.2", [HELLO, "QUIT"]),
    ("127.0.0.2", ["HELO client.example", "NOOP", "RSET", "VRFY ann", "QUIT"]),
    ("127.0.0.3", [HELLO, FROM, TO, "QUIT"]),
    ("127.0.0.4", [HELLO, FROM, TO]),
    ("127.0.0.9", [HELLO, FROM]),
    ("127.0.0.5", [HELLO, FROM, TO, "QUIT"]),
    ("127.0.0.6", [HELLO, FROM, TO, "QUIT"]),
    ("127.0.0.7", [HELLO, FROM, TO, "QUIT"]),
    ("127.0.0.8", [HELLO, FROM, TO, "QUIT"]),
    ("127.0.0.2", [FROM, "QUIT"]),
    ("127.0.0.2", ["EHLO in_valid..", FROM, TO, "QUIT"]),
    ("127.0.0.2", ["EHLO short", FROM, TO, "QUIT"]),
    ("127.0.0.2", ["EHLO nonesuch.example", FROM, TO, "QUIT"]),
    ("127.0.0.2", ["HELO liar.example", FROM, TO, "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<short@name>", TO, "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<a@nonesuch.example>", TO, "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<a@nullmx.example>", TO, "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<a@broken.example>", TO, "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<a@spam.example>", TO, "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<nobody-here@boxes.example>", TO, "QUIT"]),
    ("127.0.0.2", [HELLO, FROM, "RCPT TO:<x@elsewhere.example>", "QUIT"]),
    ("127.0.0.2", [HELLO, FROM, "RCPT TO:<nonesuch@host.example>", "RCPT TO:<nonesuch@boxes.example>", "RSET", "QUIT"]),
    ("127.0.0.2", [HELLO, FROM, "RCPT TO:<nonesuch@aliases.example>", "RCPT TO:<nonesuch@relay.example>", "RSET", "QUIT"]),
    ("127.0.0.2", [HELLO, FROM, "RCPT TO:<refused@host.example>", "RCPT TO:<gone@host.example>", "RSET", "QUIT"]),
    ("127.0.0.2", [HELLO, FROM, TO, "RCPT TO:<x@elsewhere.example>", "RSET", "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<>", TO, "RCPT TO:<ann@host.example>", "DATA", "RSET", "QUIT"]),
    ("127.0.0.2", [HELLO, "MAIL FROM:<a@sender.example> SIZE=30000", "QUIT"]),
    ("127.0.0.2", [HELLO, "ETRN host.example", "STARTTLS", "AUTH PLAIN AAA=", "BOGUS", "QUIT"]),
    ("127.0.0.2", [HELLO, "X", "X", "X", "X", "X"]),
    ("127.0.0.2", [HELLO, "RCPT TO:<a b@c>", "MAIL FROM:<a@sender.example", "MAIL FROM: a b@sender.example", "QUIT"]),
    ("127.0.0.2", ["GET / HTTP/1.0"]),
    ("127.0.0.2", ["CONNECT x:25"]),
    ("127.0.0.2", [HELLO, FROM, TO, "DATA"]),
    ("127.0.0.2", [HELLO, FROM, TO]),
    ("127.0.0.2", [HELLO, "DATA", "QUIT"]),
] + [("127.0.0.2", [HELLO, f"MAIL FROM:<{rule.split()[0]}>", TO, "RSET", "QUIT"])
     for rule in TABLES["senders"].splitlines() if rule.split()[1] in ("REJECT", "DEFER", "DEFER_IF_PERMIT", "421")]

# Sender, recipient, and header lines or a whole content, of mail from the host itself.
MAIL = [
    ("a@sender.example", "one@boxes.example", "Subject: a mailbox"),
    ("a@sender.example", "ann+tag@host.example", "Subject: a user, with an extension"),
    ("a@sender.example", "many@aliases.example", "Subject: an alias"),
    ("a@sender.example", "team@host.example", "Subject: a list"),
    ("a@sender.example", "file@host.example", "Subject: a file"),
    ("a@sender.example", "command@host.example", "Subject: a command"),
    ("a@sender.example", "broken@host.example", "Subject: a command that fails"),
    ("a@sender.example", "slow@host.example", "Subject: a command that is not ready"),
    ("a@sender.example", "bob@host.example", "Subject: forwarded"),
    ("a@sender.example", "gone@host.example", "Subject: relocated"),
    ("a@sender.example", "nonesuch@host.example", "Subject: nobody"),
    ("ann@host.example", "nonesuch@host.example", "Subject: nobody, and told"),
    ("nonesuch@host.example", "nonesuch@host.example", "Subject: nobody, and nobody to tell"),
    ("a@sender.example", "far@sink.example", "Subject: far away"),
    ("a@sender.example", "known@relay.example", "Subject: relayed"),
    ("", "far@sink.example", "Subject: from nobody"),
    ("a@sender.example", "550@sink.example", "Subject: far away, refused"),
    ("a@sender.example", "450@sink.example", "Subject: far away, put off"),
    ("a@sender.example", "hangup@sink.example", "Subject: far away, lost"),
    ("a@sender.example", "far@lmtp.example", "Subject: by LMTP"),
    ("a@sender.example", "550@lmtp.example", "Subject: by LMTP, refused"),
    ("a@sender.example", "x@refused.example", "Subject: nobody listens"),
    ("a@sender.example", "x@unknown.example", "Subject: no such host"),
    ("a@sender.example", "x@nonesuch2.example", "Subject: no such domain"),
    ("a@sender.example", "x@nullmx.example", "Subject: a domain without mail"),
    ("a@sender.example", "x@broken.example", "Subject: a domain without an answer"),
    ("a@sender.example", "x@loop.example", "Subject: to ourselves"),
    ("a@sender.example", "x@discard.example", "Subject: thrown away by transport"),
    ("a@sender.example", "x@error.example", "Subject: refused by transport"),
    ("a@sender.example", "x@retry.example", "Subject: put off by transport"),
    ("a@sender.example", "x@good.example", "Subject: a program"),
    ("a@sender.example", "x@fails.example", "Subject: a program that fails"),
    ("a@sender.example", "x@waits.example", "Subject: a program that is not ready"),
    ("a@sender.example", "far@sink.example", "Resent-Message-ID: <again@sender.example>\r\nSubject: sent again"),
    ("a@sender.example", "far@sink.example", "Received: x\r\n" * 51 + "Subject: going round"),
    ("a@sender.example", "far@sink.example", "Subject: a program attached\r\nMIME-Version: 1.0\r\n"
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: x/y; name=a.exe\r\n\r\nx\r\n--b--"),
    ("a@sender.example", "far@sink.example", "Subject: of a wrong kind\r\nMIME-Version: 1.0\r\n"
     "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\nx"),
    ("a@sender.example", "far@sink.example", "Subject: offers\r\n\r\nlook here\r\n"),
    ("a@sender.example", "far@sink.example", "Subject: offers\r\n\r\nbuy now\r\n"),
    ("a@sender.example", "far@sink.example", "Subject: large\r\n\r\n" + 300 * (98 * "x" + "\r\n")),
] + [("a@sender.example", "far@sink.example", f"Subject: {action}") for action in HEADER_ACTIONS] + [
    (rule.split()[0], "one@boxes.example", "Subject: by access") for rule in TABLES["senders"].splitlines()
    if rule.split()[1] not in ("REJECT", "DEFER", "DEFER_IF_PERMIT", "421")] + [
    ("large@sender.example", "one@boxes.example", "Subject: refused at the end"),
    ("a@sender.example", "warned@host.example", "Subject: only warned of"),
]

# What an operator types, in this order; what is held is released on the way, and what is deferred sent back at the end.
COMMANDS = [
    ("sendmail", "-f", "ann@host.example", "bob@host.example"),
    ("sendmail", "-bv", "far@sink.example"),
    ("postqueue", "-f"),
    ("postsuper", "-h", "ALL", "deferred"),
    ("postsuper", "-H", "ALL"),
    ("postsuper", "-r", "ALL", "hold"),
    ("postsuper", "-e", "ALL", "deferred"),
    ("postqueue", "-f"),
]
