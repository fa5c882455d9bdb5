"""Who may send what to whom."""

import time

import pytest

from harness.client import message

RELAY = "relay_domains = sink.example\nrelay_recipient_maps = inline:{ a@sink.example=x, b@sink.example=x }\n"

# main.cf lines; dialogue; what the last command is answered
CASES = {
    "relaying is denied to strangers":
        ("mynetworks = 192.0.2.0/24\nsmtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "554 5.7.1 <c@d.example>: Relay access denied"),
    "relaying is deferred, to be safe, where nothing is said":
        ("mynetworks = 192.0.2.0/24\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "454 4.7.1 <c@d.example>: Relay access denied"),
    "a relay domain's recipient":
        ("mynetworks = 192.0.2.0/24\n" + RELAY, ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<a@sink.example>"],
         "250 2.1.5 Ok"),
    "a relay domain's unknown recipient":
        ("mynetworks = 192.0.2.0/24\n" + RELAY, ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<z@sink.example>"],
         "550 5.1.1 <z@sink.example>: Recipient address rejected: User unknown in relay recipient table"),
    "unknown virtual mailbox":
        ("virtual_mailbox_domains = v.example\nvirtual_mailbox_maps = inline:{ x@v.example=x/ }\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<y@v.example>"],
         "550 5.1.1 <y@v.example>: Recipient address rejected: User unknown in virtual mailbox table"),
    "unknown virtual alias":
        ("virtual_alias_domains = v.example\nvirtual_alias_maps = inline:{ x@v.example=a@b.example }\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<y@v.example>"],
         "550 5.1.1 <y@v.example>: Recipient address rejected: User unknown in virtual alias table"),
    "recipient without a domain":
        ("smtpd_recipient_restrictions = reject_non_fqdn_recipient\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d>"],
         "504 5.5.2 <c@d>: Recipient address rejected: need fully-qualified address"),
    "sender without a domain":
        ("smtpd_sender_restrictions = reject_non_fqdn_sender\n",
         ["EHLO x.example", "MAIL FROM:<a@b>", "RCPT TO:<c@d.example>"],
         "504 5.5.2 <a@b>: Sender address rejected: need fully-qualified address"),
    "HELO without a domain":
        ("smtpd_helo_restrictions = reject_non_fqdn_helo_hostname\n",
         ["EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname"),
    "HELO that is no name":
        ("smtpd_helo_restrictions = reject_invalid_helo_hostname\n",
         ["EHLO -x-.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "501 5.5.2 <-x-.example>: Helo command rejected: Invalid name"),
    "HELO required":
        ("smtpd_helo_required = yes\n", ["MAIL FROM:<a@b.example>"], "503 5.5.1 Error: send HELO/EHLO first"),
    "client access, REJECT with text":
        ("smtpd_client_restrictions = check_client_access inline:{ {127.0.0.1 = REJECT not you} }\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "554 5.7.1 <localhost[127.0.0.1]>: Client host rejected: not you"),
    "client access without delay":
        ("smtpd_delay_reject = no\nsmtpd_client_restrictions = check_client_access inline:{ 127.0.0.1=REJECT }\n",
         ["EHLO x.example"], "503 5.7.0 Error: access denied for localhost[127.0.0.1]"),
    "client access by network prefix":
        ("smtpd_client_restrictions = check_client_access inline:{ {127.0 = 450 4.7.9 slowly} }\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "450 4.7.9 <localhost[127.0.0.1]>: Client host rejected: slowly"),
    "client access by cidr":
        ("smtpd_client_restrictions = check_client_access cidr:{{127.0.0.0/8 REJECT by cidr}}\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "554 5.7.1 <localhost[127.0.0.1]>: Client host rejected: by cidr"),
    "sender access by domain":
        ("smtpd_sender_restrictions = check_sender_access inline:{ {b.example = 550 no b} }\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "550 5.7.1 <a@b.example>: Sender address rejected: no b"),
    "sender access by parent domain":
        ("smtpd_sender_restrictions = check_sender_access inline:{ b.example=REJECT }\n",
         ["EHLO x.example", "MAIL FROM:<a@sub.b.example>", "RCPT TO:<c@d.example>"],
         "554 5.7.1 <a@sub.b.example>: Sender address rejected: Access denied"),
    "sender access, the null sender":
        ("smtpd_sender_restrictions = check_sender_access inline:{ <>=REJECT }\n",
         ["EHLO x.example", "MAIL FROM:<>", "RCPT TO:<c@d.example>"],
         "554 5.7.1 <>: Sender address rejected: Access denied"),
    "recipient access by local part":
        ("smtpd_recipient_restrictions = check_recipient_access inline:{ abuse@=OK }, reject\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<abuse@d.example>"], "250 2.1.5 Ok"),
    "and the others are refused":
        ("smtpd_recipient_restrictions = check_recipient_access inline:{ abuse@=OK }, reject\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "554 5.7.1 <c@d.example>: Recipient address rejected: Access denied"),
    "recipient access by regexp":
        ("smtpd_recipient_restrictions = check_recipient_access regexp:{{/^c\\.(.*)@/ REJECT no $$1}}\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c.you@d.example>"],
         "554 5.7.1 <c.you@d.example>: Recipient address rejected: no you"),
    "recipient access by pcre":
        ("smtpd_recipient_restrictions = check_recipient_access pcre:{{/^(\\w+)\\+\\d+@/ 450 not $$1}}\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c+12@d.example>"],
         "450 4.7.1 <c+12@d.example>: Recipient address rejected: not c"),
    "DEFER":
        ("smtpd_recipient_restrictions = check_recipient_access static:{DEFER later please}\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "450 4.7.1 <c@d.example>: Recipient address rejected: later please"),
    "defer":
        ("smtpd_recipient_restrictions = defer\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "450 4.3.2 <c@d.example>: Recipient address rejected: Try again later"),
    "DEFER_IF_PERMIT":
        ("smtpd_sender_restrictions = check_sender_access static:{DEFER_IF_PERMIT wait}\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "450 4.7.1 <a@b.example>: Sender address rejected: wait"),
    "a restriction class":
        ("smtpd_restriction_classes = strict\nstrict = reject_non_fqdn_recipient, reject\n"
         "smtpd_recipient_restrictions = check_sender_access inline:{ b.example=strict }, permit\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"),
    "warn_if_reject only warns":
        ("smtpd_recipient_restrictions = warn_if_reject reject, permit\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"], "250 2.1.5 Ok"),
    "soft_bounce":
        ("soft_bounce = yes\nsmtpd_recipient_restrictions = reject\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "454 4.7.1 <c@d.example>: Recipient address rejected: Access denied"),
    "reject at DATA":
        ("smtpd_data_restrictions = reject\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA"],
         "554 5.7.1 <DATA>: Data command rejected: Access denied"),
    "a table that is not there":
        ("smtpd_recipient_restrictions = check_recipient_access hash:/nonexistent/table\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"],
         "451 4.3.5 <c@d.example>: Recipient address rejected: Server configuration error"),
    "a restriction that does not exist":
        ("smtpd_recipient_restrictions = reject_everything_bad\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"], "451 4.3.5 Server configuration error"),
    "too many recipients":
        ("smtpd_recipient_limit = 2\nsmtpd_recipient_overshoot_limit = 1000\n",
         ["EHLO x.example", "MAIL FROM:<a@b.example>", "RCPT TO:<1@d.example>", "RCPT TO:<2@d.example>",
          "RCPT TO:<3@d.example>"], "452 4.5.3 Error: too many recipients"),
    "VRFY":
        ("", ["EHLO x.example", "VRFY c@d.example"], "252 2.0.0 c@d.example"),
    "VRFY disabled":
        ("disable_vrfy_command = yes\n", ["EHLO x.example", "VRFY c@d.example"], "502 5.5.1 VRFY command is disabled"),
}


@pytest.mark.parametrize("name", CASES)
def test_restriction(make_instance, name):
    main_cf, dialogue, want = CASES[name]
    i = make_instance(main_cf).start()
    with i.client() as c:
        for command in dialogue:
            reply = c.command(command)
    assert str(reply) == want


def test_refusals_are_logged(make_instance):
    i = make_instance("smtpd_recipient_restrictions = check_recipient_access inline:{ {c@d.example = REJECT no} }, "
                      "warn_if_reject reject, permit\n").start()
    with i.client() as c:
        c.ehlo("x.example")
        c.expect("MAIL FROM:<a@b.example>", 250)
        c.expect("RCPT TO:<c@d.example>", 554)
        c.expect("RCPT TO:<e@d.example>", 250)
        c.expect("RCPT TO:<c@d.example>", 554)
        c.quit()
    peer = r"localhost\[127\.0\.0\.1\]"
    i.log.wait(rf"smtpd\[\d+\]: NOQUEUE: reject: RCPT from {peer}: 554 5\.7\.1 <c@d\.example>: Recipient address rejected: no; "
               r"from=<a@b\.example> to=<c@d\.example> proto=ESMTP helo=<x\.example>$")
    i.log.wait(rf"smtpd\[\d+\]: NOQUEUE: reject_warning: RCPT from {peer}: 554 5\.7\.1 <e@d\.example>: Recipient address rejected: "
               r"Access denied; from=<a@b\.example> to=<e@d\.example> proto=ESMTP helo=<x\.example>$")
    i.log.wait(rf"smtpd\[\d+\]: [0-9A-Zb-z]{{6,}}: reject: RCPT from {peer}: 554 5\.7\.1 <c@d\.example>: ")
    i.log.wait(rf"disconnect from {peer} ehlo=1 mail=1 rcpt=1/3 quit=1 commands=4/6")


# action; recipients that the sink gets; a header it gets; a log line; the queue where the message stays
ACTIONS = {
    "DISCARD": ("DISCARD", None, None, "NOQUEUE: discard: RCPT from", None),
    "HOLD": ("HOLD", None, None, None, "hold"),
    "REDIRECT": ("REDIRECT other@sink.example", ["other@sink.example"], None, None, None),
    "PREPEND": ("PREPEND X-Seen: yes", ["c@sink.example"], b"X-Seen: yes\r\n", None, None),
    "BCC": ("BCC copy@sink.example", ["c@sink.example", "copy@sink.example"], None, None, None),
    "FILTER": ("FILTER discard:", None, None, "to=<c@sink.example>, relay=none, .*status=sent", None),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_action_of_an_access_table(make_instance, sink, name):
    action, recipients, header, logged, queue = ACTIONS[name]
    i = make_instance(f"smtpd_recipient_restrictions = check_recipient_access inline:{{ {{c@sink.example = {action}}} }}\n",
                      relay_port=sink.port).start()
    i.send(message(), "a@b.example", "c@sink.example")
    if logged:
        i.log.wait(logged)
    if queue:
        i.wait_queue(1, queue)
    if recipients is None:
        assert not sink.messages
    else:
        received = sink.wait(1)[0]
        assert sorted(received.recipients) == recipients and (header or b"") in received.headers


def test_without_a_relay_safeguard_no_mail_is_taken(make_instance):
    i = make_instance("smtpd_relay_restrictions = permit\nsmtpd_recipient_restrictions = permit\n").start(wait=False)
    i.log.wait("daemon started")
    deadline = time.monotonic() + 10
    while not i.log.lines("smtpd.* fatal: in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at "
                          "least one working instance of: "):
        assert time.monotonic() < deadline
        try:
            i.client(timeout=1, greeting=False).socket.close()
        except OSError:
            pass
        time.sleep(0.1)
