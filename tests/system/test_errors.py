"""Clients that do it wrong, by mistake or on purpose."""

import re
import time

import pytest

from harness.client import Lost, message

STRANGER = "mynetworks = 192.0.2.0/24\nrelay_domains = sink.example\n"  # 127.0.0.1 gets no privileges


def test_commands_out_of_order(instance):
    with instance.client() as c:
        assert c.command("RCPT TO:<a@b.example>").code == 503
        c.ehlo()
        for command, want in [("DATA", "503 5.5.1 Error: need RCPT command"),
                              ("RCPT TO:<a@b.example>", "503 5.5.1 Error: need MAIL command"),
                              ("MAIL FROM:<a@b.example>", "250 2.1.0 Ok"),
                              ("MAIL FROM:<a@b.example>", "503 5.5.1 Error: nested MAIL command"),
                              ("RSET", "250 2.0.0 Ok"),
                              ("MAIL FROM:<a@b.example>", "250 2.1.0 Ok"),
                              ("EHLO again.example", None),
                              ("RCPT TO:<a@b.example>", "503 5.5.1 Error: need MAIL command"),
                              ("FOO", "500 5.5.2 Error: command not recognized"),
                              ("NOOP", "250 2.0.0 Ok"),
                              ("QUIT", "221 2.0.0 Bye")]:
            reply = c.command(command)
            assert want is None or str(reply) == want, command


@pytest.mark.parametrize("command, want", [
    ("MAIL FROM:<@>", 501), ("RCPT TO:<>", 501), ("RCPT TO:<a@b@c.example>", 250), ("RCPT TO:<a@[1.2.3]>", 501),
    ("RCPT TO:<a@-b.example>", 501), ("RCPT TO:<" + "a" * 3000 + "@b.example>", None), ("RCPT TO:", 501),
    ("RCPT TO:<a@b..example>", 501), ("RCPT TO:<\"quoted user\"@b.example>", 250), ("RCPT TO:<a@b.example", 501),
])
def test_address_syntax(instance, command, want):
    with instance.client() as c:
        c.ehlo()
        if command.startswith("RCPT"):
            c.expect("MAIL FROM:<a@load.example>", 250)
        assert want in (c.command(command).code, None)


def test_errors_slow_the_client_down_and_then_end_the_session(make_instance):
    i = make_instance("smtpd_soft_error_limit = 3\nsmtpd_hard_error_limit = 6\nsmtpd_error_sleep_time = 1s\n").start()
    with i.client() as c:
        c.ehlo()
        times, replies = [], []
        for _ in range(7):
            begin = time.monotonic()
            replies.append(c.command("FOO"))
            times.append(time.monotonic() - begin)
        assert max(times[:2]) < 0.5 and times[4] > 0.9
        assert str(replies[-1]) == "421 4.7.0 mta.example Error: too many errors"
        assert c.is_closed()
    i.log.wait(r"too many errors after \w+ from localhost\[127\.0\.0\.1\]")


def test_junk_commands_count_as_errors(make_instance):
    i = make_instance("smtpd_junk_command_limit = 5\nsmtpd_hard_error_limit = 3\nsmtpd_error_sleep_time = 0\n" + STRANGER).start()
    with i.client() as c:
        c.ehlo()
        codes = [c.command("NOOP").code for _ in range(9)]
    assert 421 in codes and codes[:4] == [250] * 4


def test_timeout(make_instance):
    i = make_instance("smtpd_timeout = 1s\n").start()
    with i.client() as c:
        c.ehlo()
        assert str(c.reply()) == "421 4.4.2 mta.example Error: timeout exceeded"
        assert c.is_closed()
    i.log.wait(r"timeout after EHLO from localhost\[127\.0\.0\.1\]")


def test_lost_connection_is_logged(instance):
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        c.expect("DATA", 354)
        c.send("Subject: half\r\n")
    instance.log.wait(r"lost connection after DATA \(\d+ bytes\) from localhost\[127\.0\.0\.1\]")
    instance.wait_queue(0)
    assert not instance.queue_files("incoming", "active", "deferred")


@pytest.mark.parametrize("command", ["GET / HTTP/1.1", "POST /x", "CONNECT y:25", "Subject: hello"])
def test_other_protocols_are_shown_the_door(instance, command):
    with instance.client() as c:
        assert str(c.command(command)) == "221 2.7.0 Error: I can break rules, too. Goodbye."
        assert c.is_closed()
    instance.log.wait(r"warning: non-SMTP command from localhost\[127\.0\.0\.1\]: ")


def test_bytes_behind_data_that_cannot_be_pipelined(make_instance):
    i = make_instance("smtpd_forbid_unauth_pipelining = yes\n" + STRANGER).start()
    with i.client() as c:
        c.send("EHLO x.example\r\nMAIL FROM:<a@load.example>\r\n")
        replies = []
        try:
            while True:
                replies.append(c.reply().code)
        except Lost:
            pass
        assert 554 in replies
    i.log.wait(r"improper command pipelining after (CONNECT|EHLO) from localhost\[127\.0\.0\.1\]")


def test_endless_line(instance):
    with instance.client() as c:
        c.ehlo()
        c.send("MAIL FROM:<" + "x" * 200000)
        c.send("@b.example>\r\n")
        assert c.reply().code >= 500
        c.expect("NOOP", 250)


def test_nul_and_control_bytes_in_commands(instance):
    with instance.client() as c:
        c.ehlo()
        for command in (b"MAIL FROM:<a\0b@load.example>", b"MAIL FROM:<a\x01@load.example>", b"\0\0\0", b"\xff\xfe\r",
                        b"MAIL FROM:<\xff\xfe@load.example>"):
            assert c.command(command).code >= 200
            c.expect("RSET", 250)
    assert not instance.log.lines("panic:|killed by signal")


def test_nul_and_control_bytes_in_content(instance, sink):
    body = b"a\0b\r\n\0\0\0\r\n\x01\x02\x1a\r\n"
    instance.send(message(body="").encode() + body)
    sink.wait(1)
    assert not instance.log.lines("panic:|killed by signal")


def test_endless_header(make_instance, sink):
    i = make_instance("header_size_limit = 1000\n", relay_port=sink.port).start()
    i.send("X-Long: " + "abcdefghi\r\n " * 5000 + "\r\nSubject: after\r\n\r\nbody\r\n")
    assert b"body\r\n" in sink.wait(1)[0].data


def test_mime_nested_past_the_limit(make_instance, sink):
    """Deeper parts are text: nothing looks into them, and they arrive as they are."""
    i = make_instance("mime_nesting_limit = 10\n", relay_port=sink.port).start()
    text = "MIME-Version: 1.0\r\n"
    for n in range(200):
        text += f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"
    i.send(text + "\r\nend\r\n")
    assert sink.wait(1)[0].data.endswith(b"--b199\r\n\r\nend\r\n")


# --- bare newlines (smuggling) ---

SMUGGLED = "Subject: first\r\n\r\nbody\n.\nMAIL FROM:<evil@load.example>\r\nRCPT TO:<x@sink.example>\r\nDATA\r\n" \
           "Subject: second\r\n\r\nsmuggled\r\n.\r\n"


def smuggle(instance, content):
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        c.expect("DATA", 354)
        c.send(content)
        replies = [str(c.reply())]
        try:
            c.socket.settimeout(0.5)
            while True:
                replies.append(str(c.reply()))
        except (Lost, OSError):
            pass
    return replies


@pytest.mark.parametrize("end", ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\n.\r"])
def test_only_one_end_of_data_counts(make_instance, sink, end):
    i = make_instance("smtpd_forbid_bare_newline = normalize\n" + STRANGER, relay_port=sink.port).start()
    replies = smuggle(i, SMUGGLED.replace("\n.\n", end, 1))
    assert [r[:3] for r in replies] == ["250"]
    received = sink.wait(1)[0]
    assert b"smuggled" in received.body
    assert not re.search(rb"\r\n\.\r\n", received.body)
    time.sleep(0.2)
    assert len(sink.messages) == 1


def test_bare_newline_is_refused_on_demand(make_instance, sink):
    i = make_instance("smtpd_forbid_bare_newline = reject\n" + STRANGER, relay_port=sink.port).start()
    replies = smuggle(i, SMUGGLED)
    assert replies[0].startswith("5") and "bare <LF> received" in replies[0]
    time.sleep(0.3)
    assert not sink.messages


def test_bare_newline_in_commands_is_a_line_end(make_instance):
    i = make_instance("smtpd_forbid_bare_newline = normalize\n" + STRANGER).start()
    with i.client() as c:
        c.send("EHLO x.example\n")
        assert c.reply().code == 250
        c.quit()
    if i.suite.name == "postrider":
        i.log.wait("disconnect from .* notes=bare_lf commands=2")


def test_friends_may_send_bare_newlines(instance, sink):
    """smtpd_forbid_bare_newline_exclusions = $mynetworks"""
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        c.expect("DATA", 354)
        c.send("Subject: from a script\n\nbody\n.\n")
        assert c.reply().code == 250
    assert sink.wait(1)[0].body == b"body\r\n"


def test_stray_carriage_returns_become_blanks(make_instance, sink):
    i = make_instance("cleanup_replace_stray_cr_lf = yes\n", relay_port=sink.port).start()
    i.send("Subject: x\r\n\r\none\rtwo\r\n")
    body = sink.wait(1)[0].body
    if i.suite.name == "postrider":
        assert body == b"one two\r\n"


def test_connection_limit_per_client(make_instance):
    i = make_instance("smtpd_client_connection_count_limit = 2\n" + STRANGER).start()
    clients = [i.client() for _ in range(2)]
    time.sleep(0.2)
    with i.client() as third:
        assert str(third.greeting) == "421 4.7.0 mta.example Error: too many connections from 127.0.0.1"
    i.log.wait(r"warning: Connection concurrency limit exceeded: 3 from localhost\[127\.0\.0\.1\] for service")
    for c in clients:
        c.quit()


def test_message_rate_limit_per_client(make_instance, sink):
    i = make_instance("smtpd_client_message_rate_limit = 2\n" + STRANGER, relay_port=sink.port).start()
    with i.client() as c:
        c.ehlo()
        codes = []
        for _ in range(3):
            codes.append(c.command("MAIL FROM:<a@load.example>").code)
            c.expect("RSET", 250)
    assert codes == [250, 250, 450]


def test_a_thousand_rude_clients(instance, sink):
    """Connect and go, in every state."""
    for n in range(250):
        for script in ("", "EHLO x.example\r\n", "EHLO x.example\r\nMAIL FROM:<a@load.example>\r\n",
                       "EHLO x.example\r\nMAIL FROM:<a@load.example>\r\nRCPT TO:<b@sink.example>\r\nDATA\r\nSubj"):
            with instance.client(greeting=n % 2 == 0) as c:
                c.send(script)
    instance.send(message())
    sink.wait(1)
    assert not instance.log.lines("panic:|killed by signal")
