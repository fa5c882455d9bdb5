"""Programs that read bounces read ours: flufl.bounce (Mailman's), Sisimai, Mail::DeliveryStatus::BounceParser."""

import email
import pathlib
import subprocess
import tempfile
import time

import pytest

from harness.sink import Sink

MAIN_CF = """\
virtual_mailbox_domains = local.example
virtual_mailbox_maps = static:box/
maximal_queue_lifetime = 1s
notify_classes = bounce
bounce_notice_recipient = copies@local.example
smtpd_authorized_verp_clients = 127.0.0.0/8
"""
MESSAGE = b"From: <me@local.example>\r\nTo: <gone@sink.example>\r\nSubject: x\r\nMessage-ID: <x@load.example>\r\n\r\nx\r\n"

SISIMAI = """
use Sisimai;
my $found = Sisimai->make($ARGV[0]) || [];
print Sisimai->version, "\\n";
print join(" ", $_->recipient->address, $_->deliverystatus, $_->reason, $_->smtpagent, $_->action), "\\n" for @$found;
"""
BOUNCE_PARSER = """
use Mail::DeliveryStatus::BounceParser;
my $b = Mail::DeliveryStatus::BounceParser->new(do { local $/; <STDIN> });
print $b->is_bounce ? "bounce" : "none", "\\n";
print join(" ", $_->get("email"), $_->get("std_reason")), "\\n" for $b->reports;
"""


@pytest.fixture
def notices(make_instance):
    """A hard bounce (and the postmaster's copy of it), one of a message that waited too long, and a VERP one."""
    sink = Sink()
    i = make_instance(MAIN_CF, relay_port=sink.port).start()
    sink.answers["RCPT"] = "550 5.1.1 <gone@sink.example>: Recipient address rejected: User unknown"
    i.send(MESSAGE, "me@local.example", "gone@sink.example")
    hard = i.maildir("box", 2)
    with i.client() as c:
        for line in ("EHLO client.example", "MAIL FROM:<list@local.example> XVERP", "RCPT TO:<gone@sink.example>", "DATA"):
            c.send(line + "\r\n")
            c.reply()
        c.send(MESSAGE + b".\r\n")
        c.reply()
    verp = [m for m in i.maildir("box", 4) if m not in hard]
    before = hard + verp
    sink.answers["RCPT"] = "450 4.2.2 mailbox is full"
    i.send(MESSAGE, "me@local.example", "full@sink.example")
    i.wait_queue(1, "deferred")
    time.sleep(1.5)
    i.command("postqueue", "-f")
    expired = [m for m in i.maildir("box", 6, timeout=20) if m not in before]
    sink.close()
    own = lambda notices: next(m for m in notices if b"Postmaster Copy" not in m)
    return {"hard": own(hard), "copy": next(m for m in hard if b"Postmaster Copy" in m), "verp": own(verp),
            "expired": own(expired)}


ADDRESS = {"hard": "gone@sink.example", "copy": "gone@sink.example", "verp": "gone@sink.example", "expired": "full@sink.example"}


def test_flufl_bounce(notices):
    from flufl import bounce
    for name, notice in notices.items():
        temporary, permanent = bounce.all_failures(email.message_from_bytes(notice))
        assert {a.decode() for a in permanent} == {ADDRESS[name]} and not temporary, name


def test_sisimai(notices):
    want = {"hard": "5.1.1 userunknown Postfix failed", "verp": "5.1.1 userunknown Postfix failed",
            "expired": "4.2.2 mailboxfull Postfix failed"}
    for name, expected in want.items():
        with tempfile.NamedTemporaryFile() as file:
            pathlib.Path(file.name).write_bytes(notices[name])
            out = subprocess.run(["perl", "-e", SISIMAI, file.name], text=True, stdout=subprocess.PIPE, check=True).stdout
        assert out.splitlines()[1:] == [f"{ADDRESS[name]} {expected}"], (name, out)


def test_bounce_parser(notices):
    want = {"hard": "user_unknown", "verp": "user_unknown", "expired": "over_quota"}
    for name, reason in want.items():
        out = subprocess.run(["perl", "-e", BOUNCE_PARSER], input=notices[name], stdout=subprocess.PIPE, check=True).stdout
        assert out.decode().splitlines() == ["bounce", f"{ADDRESS[name]} {reason}"], (name, out)
