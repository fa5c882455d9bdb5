"""Programs that speak SMTP to us, or stand in the middle as a content filter."""

import smtplib
import subprocess

import pytest
from aiosmtpd.controller import Controller

from harness.client import message
from harness.instance import free_port

BODY = "first\n.dot\nlast\n"


def run(*argv, input=None):
    done = subprocess.run([str(a) for a in argv], input=input, text=True, stdin=None if input else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, done.stdout
    return done.stdout


def arrived(sink, body=BODY):
    received, = sink.wait(1, timeout=30)
    assert received.sender == "me@load.example" and received.recipients == ["to@sink.example"]
    assert body.encode() in received.body.replace(b"\r\n", b"\n")
    return received


@pytest.mark.parametrize("options", [[], ["--pipeline"], ["--protocol", "SMTP"]], ids=["plain", "pipeline", "helo"])
def test_swaks(instance, sink, options):
    out = run("swaks", "--server", "127.0.0.1", "--port", instance.port, "--from", "me@load.example", "--to", "to@sink.example",
              "--h-Subject", "from swaks", "--body", BODY.replace("\n", "\\n"), *options)
    assert "<-  250 2.0.0 Ok: queued as " in out and "<** " not in out
    assert b"Subject: from swaks\r\n" in arrived(sink).headers


def test_sendemail(instance, sink):
    """It doubles no dots."""
    out = run("sendemail", "-f", "me@load.example", "-t", "to@sink.example", "-s", f"127.0.0.1:{instance.port}", "-u", "from sendemail",
              "-m", "one\\ntwo\\n", "-o", "tls=no")
    assert "successfully" in out
    assert b"Subject: from sendemail\r\n" in arrived(sink, "one\ntwo\n").headers


def test_msmtp(instance, sink):
    run("msmtp", "--host=127.0.0.1", f"--port={instance.port}", "--from=me@load.example", "--auth=off", "--tls=off",
        "to@sink.example", input="Subject: from msmtp\n\n" + BODY)
    assert b"Subject: from msmtp\r\n" in arrived(sink).headers


class Filter:
    """What amavis and SpamAssassin's proxies do: take, mark, give back on another port."""

    def __init__(self, back):
        self.back, self.seen = back, []

    async def handle_DATA(self, server, session, envelope):
        self.seen.append(session.peer)
        if b"virus" in envelope.content:
            return "554 5.7.0 Reject, id=1 - INFECTED"
        with smtplib.SMTP("127.0.0.1", self.back, local_hostname="filter.example") as smtp:
            refused = smtp.sendmail(envelope.mail_from or "<>", envelope.rcpt_tos, b"X-Scanned: yes\r\n" + envelope.content)
        return "451 4.3.0 partly refused" if refused else "250 2.0.0 from MTA: 250 2.0.0 Ok: queued"


def test_content_filter(make_instance, sink):
    back, port = free_port(), free_port()
    i = make_instance(f"content_filter = scan:127.0.0.1:{port}\n",
                      "scan unix - - n - 10 smtp -o smtp_send_xforward_command=yes -o disable_dns_lookups=yes -o max_use=20\n"
                      f"127.0.0.1:{back} inet n - n - - smtpd -o content_filter= -o smtpd_authorized_xforward_hosts=127.0.0.0/8 "
                      "-o receive_override_options=no_unknown_recipient_checks,no_header_body_checks -o syslog_name=postfix/back\n",
                      relay_port=sink.port)
    handler = Filter(back)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        i.start()
        i.send(message(body=BODY.replace("\n", "\r\n")), "me@load.example", "to@sink.example")
        assert b"X-Scanned: yes\r\n" in arrived(sink).headers
        i.send(message(body="virus\r\n"), "", "to@sink.example")
        i.log.wait(rf"to=<to@sink\.example>, relay=127\.0\.0\.1\[127\.0\.0\.1\]:{port}, .*dsn=5\.7\.0, status=bounced .*INFECTED", timeout=30)
        i.wait_queue(0, timeout=30)
    finally:
        controller.stop()
    assert len(handler.seen) == 2 and len(sink.messages) == 1
