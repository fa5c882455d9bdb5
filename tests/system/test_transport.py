"""Where mail goes: transport tables, address classes, DNS."""

import re
import time

import pytest

from harness.client import message
from harness.sink import Sink


@pytest.fixture
def second_sink():
    s = Sink()
    yield s
    s.close()


def test_transport_table(make_instance, sink, second_sink):
    i = make_instance(f"""smtpd_reject_unlisted_recipient = no
transport_maps = inline:{{
        {{two.example = smtp:[127.0.0.1]:{second_sink.port}}}
        {{.two.example = discard:}}
        {{user@one.example = smtp:[127.0.0.1]:{second_sink.port}}}
        {{bad.example = error:5.7.1 no mail for this domain}}
        {{later.example = retry:4.3.2 not today}} }}
""", relay_port=sink.port).start()
    i.send(message(), "", "a@two.example", "user@one.example", "other@one.example", "x@sub.two.example", "x@bad.example",
           "x@later.example")
    assert sorted(r for m in second_sink.wait(1) for r in m.recipients) == ["a@two.example", "user@one.example"]
    assert sink.wait(1)[0].recipients == ["other@one.example"]
    i.log.wait(r"to=<x@sub\.two\.example>, relay=none, .*dsn=2\.0\.0, status=sent")
    i.log.wait(r"to=<x@bad\.example>, relay=none, .*dsn=5\.7\.1, status=bounced \(no mail for this domain\)")
    i.log.wait(r"to=<x@later\.example>, relay=none, .*dsn=4\.3\.2, status=deferred \(not today\)")


def test_transport_table_from_a_file_is_read_again_when_it_changes(make_instance, sink, second_sink):
    i = make_instance(relay_port=sink.port)
    name = i.table("transport", f"x.example smtp:[127.0.0.1]:{sink.port}\n")
    i.set_parameter("transport_maps", name)
    i.start()
    i.send(message(), "", "a@x.example")
    sink.wait(1)
    time.sleep(1.1)  # files have times in seconds
    i.table("transport", f"x.example smtp:[127.0.0.1]:{second_sink.port}\n")
    if i.suite.name == "reference":
        i.reload()  # its resolver looks for changes only when it has no clients
    time.sleep(1.1)
    i.send(message(), "", "b@x.example")
    second_sink.wait(1)


def test_virtual_aliases(make_instance, sink):
    i = make_instance("""virtual_alias_domains = v.example
virtual_alias_maps = inline:{
    {team@v.example = a@sink.example, b@sink.example, more@v.example}
    {more@v.example = c@sink.example, a@sink.example}
    {@cat.example = all@sink.example} }
""", relay_port=sink.port).start()
    queue_id = i.send(message(), "", "team@v.example")
    assert sorted(sink.wait(1)[0].recipients) == ["a@sink.example", "b@sink.example", "c@sink.example"]
    i.log.wait(rf"{queue_id}: to=<c@sink\.example>, orig_to=<team@v\.example>, relay=")
    i.send(message(), "", "whoever@cat.example")
    assert sink.wait(2)[1].recipients == ["all@sink.example"]


def test_always_bcc(make_instance, sink):
    i = make_instance("always_bcc = archive@sink.example\n", relay_port=sink.port).start()
    i.send(message())
    assert sorted(r for m in sink.wait(1) for r in m.recipients) == ["archive@sink.example", "rcpt@sink.example"]


def test_virtual_mailboxes(make_instance, sink):
    i = make_instance("virtual_mailbox_domains = v.example\nvirtual_mailbox_maps = inline:{ x@v.example=x/, y@v.example=deep/y/ }\n",
                      relay_port=sink.port).start()
    queue_id = i.send(message(), "from@load.example", "x@v.example", "y@v.example")
    mail = i.maildir("x")[0]
    assert mail.startswith(b"Return-Path: <from@load.example>\nX-Original-To: x@v.example\nDelivered-To: x@v.example\nReceived: ")
    assert mail.endswith(b"\n\nhello\n") and b"\r" not in mail
    i.maildir("deep/y")
    i.log.wait(rf"virtual\[\d+\]: {queue_id}: to=<x@v\.example>, relay=virtual, delay=.*dsn=2\.0\.0, status=sent \(delivered to maildir\)")
    name = next((i.mail / "x/new").iterdir()).name
    assert re.fullmatch(r"\d+\.V[0-9a-f]+I[0-9a-f]+M\d+\..+", name)


def test_lmtp(make_instance, sink):
    path = "/tmp/lmtp.%d" % sink.port
    lmtp = Sink(lmtp=True, unix=path)
    lmtp.answers["."] = lambda rcpt: "550 5.2.2 full" if "full" in rcpt else None
    try:
        i = make_instance(f"virtual_mailbox_domains = v.example\nvirtual_transport = lmtp:unix:{path}\n",
                          relay_port=sink.port).start()
        queue_id = i.send(message(), "", "a@v.example", "full@v.example", "c@v.example")
        i.log.wait(f"{queue_id}: removed")
        assert lmtp.commands[0] == "LHLO mta.example"
        assert len(i.log.lines(rf"lmtp\[\d+\]: {queue_id}: to=<[ac]@v\.example>, relay=mta\.example\[{path}\], .*status=sent")) == 2
        i.log.wait(rf"{queue_id}: to=<full@v\.example>, .*dsn=5\.2\.2, status=bounced")
    finally:
        lmtp.close()


def test_master_cf_overrides(make_instance, sink):
    i = make_instance("", "", relay_port=sink.port)
    i.write_config(f"relayhost = [127.0.0.1]:{sink.port}\n",
                   f"127.0.0.1:{i.port} inet n - n - - smtpd -o smtpd_banner=plain -o {{ syslog_name = postfix/special }}\n"
                   "smtp unix - - n - - smtp -o smtp_helo_name=helo.example\n")
    i.start()
    with i.client() as c:
        assert c.greeting.text == "plain"
        c.deliver(message())
    assert sink.wait(1)[0].helo == "helo.example"
    i.log.wait(r"postfix/special/smtpd\[\d+\]: connect from")


# --- DNS ---

@pytest.fixture
def net(make_instance, dns):
    """An instance without a relay host, and sinks that stand for hosts at 127.0.0.2 and so on, port 25."""
    sinks = {}

    def host(address, **options):
        sinks[address] = Sink(25, address, **options)
        return sinks[address]

    i = make_instance("relayhost =\ninet_interfaces = 127.0.0.1\nsmtp_bind_address =\n", dns=dns)
    yield i, dns.zone, host
    for s in sinks.values():
        s.close()


def test_mail_goes_to_the_best_mx(net):
    i, zone, host = net
    zone.add("d.example. 60 IN MX 20 b.example.\nd.example. 60 IN MX 10 a.example.\na.example. 60 IN A 127.0.0.2\n"
             "b.example. 60 IN A 127.0.0.3\n")
    best, other = host("127.0.0.2"), host("127.0.0.3")
    i.start()
    queue_id = i.send(message(), "", "x@d.example")
    best.wait(1)
    i.log.wait(rf"{queue_id}: to=<x@d\.example>, relay=a\.example\[127\.0\.0\.2\]:25, ")
    assert not other.messages


def test_the_next_mx_is_tried(net):
    i, zone, host = net
    zone.add("d.example. 60 IN MX 10 a.example.\nd.example. 60 IN MX 20 b.example.\na.example. 60 IN A 127.0.0.2\n"
             "b.example. 60 IN A 127.0.0.3\n")
    other = host("127.0.0.3")
    i.start()
    queue_id = i.send(message(), "", "x@d.example")
    other.wait(1)
    i.log.wait(r"connect to a\.example\[127\.0\.0\.2\]:25: Connection refused")
    i.log.wait(rf"{queue_id}: to=<x@d\.example>, relay=b\.example\[127\.0\.0\.3\]:25, ")


def test_a_soft_refusal_moves_on_to_the_next_mx(net):
    i, zone, host = net
    zone.add("d.example. 60 IN MX 10 a.example.\nd.example. 60 IN MX 20 b.example.\na.example. 60 IN A 127.0.0.2\n"
             "b.example. 60 IN A 127.0.0.3\n")
    first, other = host("127.0.0.2"), host("127.0.0.3")
    first.answers["RCPT"] = "450 4.7.1 later"
    i.start()
    queue_id = i.send(message(), "", "x@d.example")
    other.wait(1)
    i.log.wait(rf"{queue_id}: host a\.example\[127\.0\.0\.2\] said: 450 4\.7\.1 later \(in reply to RCPT TO command\)")


def test_no_mx_means_the_address(net):
    i, zone, host = net
    zone.add("d.example. 60 IN A 127.0.0.2\n")
    sink = host("127.0.0.2")
    i.start()
    i.send(message(), "", "x@d.example")
    sink.wait(1)


@pytest.mark.parametrize("records, failing, want", [
    ("", [], r"dsn=5\.4\.4, status=bounced \(Host or domain name not found\. Name service error for name=d\.example type=A+: Host not found\)"),
    ("", ["d.example"], r"dsn=4\.4\.3, status=deferred \(Host or domain name not found\. Name service error for name=d\.example type=MX: "
                        r"Host not found, try again\)"),
    ("d.example. 60 IN MX 0 .\n", [], r"dsn=5\.1\.0, status=bounced \(Domain d\.example does not accept mail \(nullMX\)\)"),
    ("d.example. 60 IN MX 10 a.example.\n", [], r"dsn=5\.4\.4, status=bounced \(.*name=a\.example type=A+: Host not found\)"),
    ("d.example. 60 IN MX 10 a.example.\n", ["a.example"], r"dsn=4\.4\.3, status=deferred \(.*name=a\.example type=A+: Host not found, try again\)"),
    ("d.example. 60 IN MX 10 a.example.\na.example. 60 IN A 127.0.0.1\n", [],
     r"dsn=5\.4\.6, status=bounced \(mail for d\.example loops back to myself\)"),
])
def test_what_dns_may_say(net, records, failing, want):
    i, zone, _ = net
    if records:
        zone.add(records)
    zone.failing.update(failing)
    i.start()
    queue_id = i.send(message(), "", "x@d.example")
    i.log.wait(rf"{queue_id}: to=<x@d\.example>, relay=none, .*{want}")


def test_reject_unknown_sender_domain(make_instance, dns):
    dns.zone.add("good.example. 60 IN MX 10 a.example.\nalso.example. 60 IN A 192.0.2.1\nnull.example. 60 IN MX 0 .\n")
    dns.zone.failing.add("slow.example")
    i = make_instance("smtpd_sender_restrictions = reject_unknown_sender_domain\n", dns=dns).start()
    for sender, want in {"good": "250 2.1.5 Ok", "also": "250 2.1.5 Ok",
                         "none": "450 4.1.8 <a@none.example>: Sender address rejected: Domain not found",
                         "slow": "450 4.1.8 <a@slow.example>: Sender address rejected: Domain not found",
                         "null": "550 5.7.27 <a@null.example>: Sender address rejected: Domain null.example does not accept mail "
                                 "(nullMX)"}.items():
        with i.client() as c:
            c.ehlo()
            c.expect(f"MAIL FROM:<a@{sender}.example>", 250)
            assert str(c.command("RCPT TO:<b@c.example>")) == want


def test_lmtp_asks_for_no_mail_exchanger(make_instance, dns):
    """Those speak SMTP; an address needs no brackets to be one, for SMTP neither."""
    dns.zone.add("store.example. MX 10 elsewhere.example.\nstore.example. A 127.0.0.1\nelsewhere.example. A 127.0.0.77\n")
    store, relay = Sink(lmtp=True), Sink()
    i = make_instance(f"""smtpd_reject_unlisted_recipient = no
transport_maps = inline:{{ {{a.example = lmtp:inet:store.example:{store.port}}} {{b.example = lmtp:127.0.0.1:{store.port}}}
        {{c.example = smtp:127.0.0.1:{relay.port}}} }}
""", dns=dns).start()
    try:
        i.send(message(), "", "x@a.example", "x@b.example", "x@c.example")
        assert sorted(r for m in store.wait(2, 30) for r in m.recipients) == ["x@a.example", "x@b.example"]
        assert relay.wait(1, 30)[0].recipients == ["x@c.example"]
    finally:
        store.close()
        relay.close()
