"""Mail in at one end, out at the other."""

import re

import pytest

from harness.client import message

RECEIVED = re.compile(
    rb"Received: from client\.example \(localhost \[127\.0\.0\.1\]\)\r\n"
    rb"\tby mta\.example \(Postfix\) with ESMTP id (\w+)\r\n"
    rb"\tfor <rcpt@sink\.example>; \w{3}, +\d+ \w{3} \d{4} \d\d:\d\d:\d\d \+0000 \(UTC\)\r\n")


def test_one_message_with_all_its_log_lines(instance, sink):
    with instance.client() as c:
        assert c.greeting.code == 220 and c.greeting.text == "mta.example ESMTP Postfix"
        queue_id = c.deliver(message(subject="one", body="hi\r\n", Message_ID="<one@load.example>"))
        c.quit()
    received = sink.wait(1)[0]
    assert received.sender == "sender@load.example"
    assert received.recipients == ["rcpt@sink.example"]
    assert RECEIVED.match(received.data).group(1) == queue_id.encode()
    assert received.body == b"hi\r\n"
    instance.log.wait(f"{queue_id}: removed")
    instance.log.wait("disconnect from")
    instance.wait_queue(0)

    said = instance.log.lines(f"{queue_id}|connect from")
    expected = {
        "smtpd": [r"connect from localhost\[127\.0\.0\.1\]",
                  rf"{queue_id}: client=localhost\[127\.0\.0\.1\]",
                  r"disconnect from localhost\[127\.0\.0\.1\] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"],
        "cleanup": [rf"{queue_id}: message-id=<one@load\.example>"],
        "qmgr": [rf"{queue_id}: from=<sender@load\.example>, size=\d+, nrcpt=1 \(queue active\)", rf"{queue_id}: removed"],
        "smtp": [rf"{queue_id}: to=<rcpt@sink\.example>, relay=127\.0\.0\.1\[127\.0\.0\.1\]:{sink.port}, delay=[\d.]+, "
                 rf"delays=[\d.]+/[\d.]+/[\d.]+/[\d.]+, (tls=none, )?dsn=2\.0\.0, status=sent \(250 2\.0\.0 Ok: queued as 1\)"],
    }
    for daemon, patterns in expected.items():
        lines = [line for line in said if line.startswith(f"postfix/{daemon}[")]
        lines = [line for line in lines if queue_id in line or len(patterns) == 3]
        texts = [line.split("]: ", 1)[1] for line in lines]
        for pattern in patterns:
            assert any(re.fullmatch(pattern, text) for text in texts), (daemon, pattern, texts)


def test_size_in_the_log_is_the_size_of_the_content(instance, sink):
    queue_id = instance.send(message(body="0123456789\r\n" * 100))
    sink.wait(1)
    line = instance.log.wait(rf"{queue_id}: from=.*nrcpt=1")[0]
    # In the queue a short line is a record: type, length, text.
    assert int(re.search(r"size=(\d+)", line).group(1)) == len(sink.messages[0].data)


BODIES = {
    "empty": b"",
    "one line": b"hello\r\n",
    "no line end": b"hello",
    "dots": b".\r\n..\r\n.x\r\n\r\n.\r\n",
    "8-bit": "gr\u00fc\u00dfe\r\n".encode(),
    "bytes that are no text": bytes(b for b in range(1, 256) if b not in b"\r\n") + b"\r\n",
    "only empty lines": b"\r\n\r\n\r\n",
    "blanks": b" leading\r\n\ttab \r\n  \r\n",
    "long lines within the limit": b"x" * 990 + b"\r\n" + b"y" * 998 + b"\r\n",
    "large": b"0123456789abcdef" * 4 + b"\r\n" + (b"z" * 70 + b"\r\n") * 20000,
}


@pytest.mark.parametrize("name", BODIES)
def test_content_arrives_as_it_was_sent(instance, sink, name):
    body = BODIES[name]
    content = message(body="").encode() + body
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example", mail_options="BODY=8BITMIME")
        assert c.data(content).code == 250
    want = body if not body or body.endswith(b"\r\n") else body + b"\r\n"
    assert sink.wait(1)[0].body == want


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_however_the_bytes_are_cut(instance, sink, chunk):
    body = b"line one\r\n.\r\n..two\r\n\r\n"
    script = b"EHLO x.example\r\nMAIL FROM:<a@load.example>\r\nRCPT TO:<b@sink.example>\r\nDATA\r\n"
    with instance.client() as c:
        for line in script.splitlines(True):
            c.send(line, chunk)
            assert c.reply().code in (250, 354)
        c.send(message(body="").encode() + body.replace(b"\r\n.", b"\r\n..") + b".\r\n", chunk)
        assert c.reply().code == 250
    assert sink.wait(1)[0].body == body


def test_lines_over_998_bytes_are_folded_on_the_way_out(instance, sink):
    instance.send(message(body="x" * 2500 + "\r\n"))
    body = sink.wait(1)[0].body
    assert max(len(line) for line in body.split(b"\r\n")) <= 998
    assert body.replace(b"\r\n ", b"") == b"x" * 2500 + b"\r\n"


def test_several_recipients_of_one_domain_go_in_one_transaction(instance, sink):
    to = [f"r{i}@sink.example" for i in range(10)]
    queue_id = instance.send(message(), "a@load.example", *to)
    received = sink.wait(1)[0]
    assert sorted(received.recipients) == sorted(to)
    instance.log.wait(f"{queue_id}: removed")
    assert len(sink.messages) == 1
    assert len(instance.log.lines(f"{queue_id}: to=<r")) == 10


def test_duplicate_recipients_are_delivered_once(instance, sink):
    instance.send(message(), "a@load.example", "x@sink.example", "x@sink.example", "y@sink.example")
    assert sorted(sink.wait(1)[0].recipients) == ["x@sink.example", "y@sink.example"]


def test_many_messages_on_one_session(instance, sink):
    with instance.client() as c:
        c.ehlo()
        for i in range(200):
            c.envelope("a@load.example", f"r{i}@sink.example")
            assert c.data(message()).code == 250
        c.quit()
    received = sink.wait(200)
    assert len({m.recipients[0] for m in received}) == 200
    instance.wait_queue(0)


def test_missing_headers_are_added(instance, sink):
    instance.send("Subject: nothing else\r\n\r\nbody\r\n")
    headers = sink.wait(1)[0].headers
    assert re.search(rb"\r\nMessage-I[dD]: <\d{14}\.\w+@mta\.example>\r\n", headers)
    assert re.search(rb"\r\nDate: ", headers)
    assert re.search(rb"\r\nFrom: <?sender@load\.example>?\r\n", headers)


def test_looping_mail_is_bounced(instance, sink):
    hops = "".join(f"Received: from a{i}.example by b{i}.example; Sat, 21 Nov 2026 00:00:00 +0000\r\n" for i in range(60))
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        reply = c.data(hops + message())
    assert (reply.code, reply.text) == (554, "5.4.0 Error: too many hops")
    assert not sink.messages


def test_bcc_and_return_path_headers_are_dropped(instance, sink):
    instance.send(message(Bcc="<secret@x.example>", Return_Path="<forged@x.example>"))
    headers = sink.wait(1)[0].headers.lower()
    assert b"secret" not in headers and b"forged" not in headers


def test_connections_are_reused(instance, sink):
    """As a matter of course by us; the reference only once there is a backlog."""
    for i in range(20):
        instance.send(message(), "a@load.example", f"r{i}@sink.example")
    sink.wait(20)
    assert sink.sessions <= 20
    if instance.suite.name == "postrider":
        assert sink.sessions < 20
        assert instance.log.lines(r"conn_use=\d+")
