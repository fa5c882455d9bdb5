"""Tables as a running smtpd uses them: changes are taken up within a session, and a server that never answers
delays only who needs it."""

import os
import socket
import threading
import time

import pytest

MAIN_CF = """\
smtpd_delay_reject = no
smtpd_recipient_restrictions = check_recipient_access {table}, permit_mynetworks, reject
"""


def reply_becomes(client, recipient, want, bound=30):
    """Ask in the same session until the answer is that."""
    deadline = time.monotonic() + bound
    while True:
        code = client.command(f"RCPT TO:<{recipient}>").code
        client.command("RSET")
        client.command("MAIL FROM:<a@b.example>")
        if code == want:
            return
        assert time.monotonic() < deadline, f"still {code}, not {want}"
        time.sleep(0.05)


def session(instance):
    client = instance.client()
    client.command("EHLO here.example")
    client.command("MAIL FROM:<a@b.example>")
    return client


@pytest.mark.parametrize("kind", ["hash", "btree", "lmdb", "cdb", "texthash", "regexp", "pcre", "cidr"])
def test_a_change_is_taken_up_in_the_session(make_instance, sink, kind):
    rows = {"regexp": ("/^x@/ {}\n", "x@sink.example"), "pcre": ("/^x@/ {}\n", "x@sink.example"),
            "cidr": ("127.0.0.0/8 {}\n", "x@sink.example")}
    row, recipient = rows.get(kind, ("x@sink.example {}\n", "x@sink.example"))
    check = "check_client_access" if kind == "cidr" else "check_recipient_access"
    instance = make_instance("smtpd_soft_error_limit = 1000\nsmtpd_hard_error_limit = 1001\n", relay_port=sink.port)
    is_made = kind in ("hash", "btree", "lmdb", "cdb")

    def write(text):
        path = instance.file("access", row.format(text))
        if is_made:
            instance.command("postmap", f"{kind}:{path}")

    write("OK")
    instance.set_parameter("smtpd_recipient_restrictions", f"{check} {kind}:{instance.etc}/access, reject")
    instance.start()
    client = session(instance)
    reply_becomes(client, recipient, 250)
    write("554 no")
    reply_becomes(client, recipient, 554)
    write("450 later")
    reply_becomes(client, recipient, 450)
    if not is_made:  # an editor that puts a new file in the place of the old one
        instance.file("access.new", row.format("551 elsewhere"))
        os.rename(instance.etc / "access.new", instance.etc / "access")
        reply_becomes(client, recipient, 551)
    client.socket.close()


class Silent:
    """A server that takes questions and never answers, until it is told to."""

    def __init__(self, answer):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.answer, self.may_answer = self.listener.getsockname()[1], answer, threading.Event()
        self.asked = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        while connection.recv(4096):
            self.asked.set()
            self.may_answer.wait()
            connection.sendall(self.answer)

    def close(self):
        self.may_answer.set()
        self.listener.close()


@pytest.mark.parametrize("table, answer", [("tcp:localhost:{port}", b"200 OK\n"), ("socketmap:inet:127.0.0.1:{port}:name", b"5:OK OK,")])
def test_a_silent_server_delays_only_who_needs_it(make_instance, sink, table, answer):
    server = Silent(answer)
    try:
        instance = make_instance(MAIN_CF.format(table="inline:{quick@sink.example=OK}, check_recipient_access " + table.format(port=server.port)), relay_port=sink.port).start()
        waits, other = session(instance), session(instance)
        waits.send(b"RCPT TO:<slow@sink.example>\r\n")
        assert server.asked.wait(60)
        assert other.command("RCPT TO:<quick@sink.example>").code == 250
        server.may_answer.set()
        assert waits.reply().code == 250
        waits.socket.close()
        other.socket.close()
    finally:
        server.close()


def test_an_error_is_not_absent(make_instance, sink):
    instance = make_instance(MAIN_CF.format(table="socketmap:inet:127.0.0.1:1:name"), relay_port=sink.port).start()
    client = session(instance)
    assert client.command("RCPT TO:<x@sink.example>").code == 451
    instance.log.wait("table socketmap:inet:127.0.0.1:1:name lookup error: Connection refused")
    client.socket.close()


def test_a_pattern_that_explodes_is_an_error(make_instance, sink):
    instance = make_instance(MAIN_CF.format(table="pcre:{{/^(a|aa|a?)*$$/ OK}}"), relay_port=sink.port).start()
    client = session(instance)
    assert client.command("RCPT TO:<%s@sink.example>" % ("a" * 60)).code == 451
    instance.log.wait("match limit exceeded")
    client.socket.close()
