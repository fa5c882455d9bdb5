"""The flush service: mail that waits for a site, released by name; its files and its protocol are Postfix's."""

import os
import socket
import time

import pytest

from harness.client import message
from harness.sink import Sink

GREETING = b"protocol\0queue_flush_protocol\0\0"


@pytest.fixture
def busy(make_instance, sink):
    """A relay to a host that takes nothing for now."""
    sink.answers["RCPT"] = "450 4.2.0 come again"
    return make_instance("fast_flush_domains = sink.example, other.example\n", relay_port=sink.port).start()


def ask(instance, *attributes, raw=None):
    """One request as a list of names and values; the reply behind the greeting."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(instance.spool / "public/flush"))
        s.sendall(raw if raw is not None else "".join(a + "\0" for a in attributes).encode() + b"\0")
        reply = b""
        try:
            while data := s.recv(4096):
                reply += data
        except ConnectionResetError:
            pass  # it did not want to read all of that
    assert reply.startswith(GREETING), reply
    return reply[len(GREETING):]


def status(number):
    return b"status\0%d\0\0" % number


def log(instance, site):
    path = instance.spool / "flush" / site
    return path.read_text().split() if path.exists() else None


def wait_log(instance, site, ids):
    deadline = time.monotonic() + 10
    while log(instance, site) != ids:
        assert time.monotonic() < deadline, (log(instance, site), ids)
        time.sleep(0.02)


def test_deferred_mail_is_registered_by_site(busy):
    first = busy.send(message(), "a@load.example", "b@sink.example", "c@elsewhere.example")
    wait_log(busy, "sink_example", [first])
    second = busy.send(message(), "a@load.example", "b@other.example", "c@sub.sink.example")
    busy.wait_queue(2, "deferred")
    wait_log(busy, "other_example", [second])
    assert log(busy, "sub_sink_example") == [second]
    assert log(busy, "elsewhere_example") is None
    path = busy.spool / "flush/sink_example"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.owner() == "postfix"


def test_etrn_releases_the_mail_of_one_site(busy, sink):
    first = busy.send(message(subject="1"), "a@load.example", "b@sink.example")
    second = busy.send(message(subject="2"), "a@load.example", "b@other.example")
    busy.wait_queue(2, "deferred")
    sink.answers.clear()
    with busy.client() as c:
        c.ehlo()
        assert str(c.command("ETRN elsewhere.example")) == "459 <elsewhere.example>: service unavailable"
        assert str(c.command("ETRN other.example")) == "250 Queuing started"
    assert b"Subject: 2" in sink.wait(1)[0].headers
    assert [m["queue_id"] for m in busy.wait_queue(1)] == [first]
    assert second in busy.log.text()
    assert log(busy, "other_example") == []
    assert log(busy, "sink_example") == [first]


def test_a_dead_site_is_tried_again(make_instance):
    """Mail for a suspended destination: a flush by site or by id ends the suspension."""
    dead = Sink()
    port = dead.port
    dead.close()
    i = make_instance("fast_flush_domains = sink.example\ninitial_destination_concurrency = 1\n",
                      relay_port=port).start()
    ids = [i.send(message()) for _ in range(3)]
    i.wait_queue(3, "deferred")
    again = Sink(port=port)
    try:
        i.command("postqueue", "-i", ids[0])
        again.wait(1)
        i.command("postqueue", "-s", "sink.example")
        again.wait(3)
        i.wait_queue(0)
    finally:
        again.close()


@pytest.mark.parametrize("request_, reply", [
    (("request", "add", "site", "sink.example", "queue_id", "ABCDEF12"), 0),
    (("request", "add", "site", "elsewhere.example", "queue_id", "ABCDEF12"), 4),
    (("request", "add", "site", "sink.example", "queue_id", "../../etc/passwd"), 3),
    (("request", "add", "site", "sink.example"), 3),
    (("request", "add", "queue_id", "ABCDEF12"), 3),
    (("request", "send_site", "site", "sink.example"), 0),
    (("request", "send_site", "site", "elsewhere.example"), 4),
    (("request", "send_file", "queue_id", "ABCDEF12"), 0),
    (("request", "send_file", "queue_id", "!"), 3),
    (("request", "purge"), 0),
])
def test_requests(busy, request_, reply):
    assert ask(busy, *request_) == status(reply)


def test_what_is_no_request(busy):
    assert ask(busy, raw=b"x" * 100000 + b"\0") == b""
    ask(busy, "request", "dance")
    busy.log.wait("flush.*unknown request")
    assert ask(busy, "request", "send_file", "queue_id", "ABCDEF12") == status(0)


def test_refresh_by_trigger(busy, sink):
    """master wakes the service up with a letter: logs that nobody has asked for in a while are read."""
    queue_id = busy.send(message())
    busy.wait_queue(1, "deferred")
    wait_log(busy, "sink_example", [queue_id])
    path = busy.spool / "flush/sink_example"
    sink.answers.clear()
    ask(busy, raw=b"W")
    assert log(busy, "sink_example") == [queue_id]
    now = time.time()
    os.utime(path, (now - 13 * 3600, now))
    ask(busy, raw=b"W")
    sink.wait(1)
    busy.wait_queue(0)
    assert path.stat().st_size == 0
    os.utime(path, (now - 8 * 86400, now - 8 * 86400))
    ask(busy, "request", "refresh")
    assert not path.exists()


def test_flush_is_not_for_everybody(busy, sink):
    queue_id = busy.send(message())
    busy.wait_queue(1, "deferred")
    busy.set_parameter("authorized_flush_users", "root")
    os.chmod(busy.etc, 0o755)
    for args in (("-f",), ("-i", queue_id), ("-s", "sink.example")):
        done = busy.command("postqueue", *args, check=False, user="nobody", group="postdrop", extra_groups=[])
        assert done.returncode == 69
        assert "is not allowed to flush the mail queue" in done.stderr


def test_many_messages_and_no_service(busy, sink):
    ids = {busy.send(message()) for _ in range(30)}
    busy.wait_queue(30, "deferred")
    wait_log_count(busy, "sink_example", 30)
    assert set(log(busy, "sink_example")) == ids
    sink.answers.clear()
    busy.command("postqueue", "-s", "sink.example")
    sink.wait(30)
    busy.wait_queue(0)
    busy.stop()
    done = busy.command("postqueue", "-s", "sink.example", check=False)
    assert done.returncode == 69
    assert "postqueue: fatal: Cannot flush mail queue - mail system is down" in done.stderr


def wait_log_count(instance, site, count):
    deadline = time.monotonic() + 10
    while len(log(instance, site) or []) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_deferred_mail_does_not_wait_for_a_dead_service(make_instance, sink):
    """The line of master.cf is there, and the program fails."""
    sink.answers["RCPT"] = "450 4.2.0 come again"
    i = make_instance("fast_flush_domains = sink.example\n",
                      "flush unix n - n 1000? 0 flush -o queue_directory=/nowhere\n", relay_port=sink.port).start()
    first = i.send(message())
    i.log.wait(rf"(bounce|defer)\[\d+\]: warning: {first}: flush service failure")
    i.wait_queue(1, "deferred")
    begun = time.monotonic()
    i.send(message())
    i.wait_queue(2, "deferred")
    assert time.monotonic() - begun < 4
