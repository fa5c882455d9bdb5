"""Mail that is dropped into maildrop/: by people, as postdrop leaves it there, and by postsuper -r."""

import os
import pwd
import re
import time

import pytest

from harness.client import message

UID = 65534


def record(kind, text=b""):
    size, length = len(text), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return kind.encode() + length + bytes([size]) + text


def submission(lines=(b"Subject: dropped", b"", b"hello"), recipients=(b"r@sink.example",), attributes=(), kind="N"):
    """The records of a file as postdrop writes it."""
    now = time.time()
    return b"".join([record("T", b"%d %d" % (now, now % 1 * 1e6)), record("A", b"rewrite_context=local"),
                     record("F", b"A. Person"), record("S", b"person@load.example"),
                     *(record("A", a) for a in attributes), *(record("R", r) for r in recipients), record("M"),
                     *(record(kind, line) for line in lines), record("X"), record("E")])


def drop(instance, name, content, mode=0o744, uid=UID):
    path = instance.spool / "maildrop" / name
    path.write_bytes(content)
    os.chown(path, uid, -1)
    os.chmod(path, mode)
    return path


def wait_gone(path, timeout=15):
    deadline = time.monotonic() + timeout
    while path.exists():
        assert time.monotonic() < deadline, f"{path} is still there"
        time.sleep(0.02)


@pytest.fixture
def stopped(make_instance, sink):
    """Not started: pickup looks at maildrop/ when it starts."""
    return make_instance(relay_port=sink.port)


def test_delivers(stopped, sink):
    attributes = (b"encoding=8bit", b"envelope_id=E1", b"ret_flags=2", b"notify_flags=2", b"dsn_orig_rcpt=rfc822;o@x.example")
    path = drop(stopped, "ABCDEF1", submission(attributes=attributes))
    stopped.start()
    received, = sink.wait(1)
    wait_gone(path)
    assert received.sender == "person@load.example" and received.recipients == ["r@sink.example"]
    assert "RET=HDRS" in received.mail and "ENVID=E1" in received.mail
    assert "NOTIFY=SUCCESS" in received.rcpts[0] and "ORCPT=rfc822;o@x.example" in received.rcpts[0]
    assert received.body == b"hello\r\n" and b"Subject: dropped\r\n" in received.headers
    assert b"\r\nFrom: " in received.headers and b"A. Person" in received.headers
    line, = stopped.log.messages(r"pickup.*: \w+: uid=")
    queue_id = line.split(":")[0]
    assert line == f"{queue_id}: uid={UID} from=<person@load.example>"
    assert re.search(rf"(?m)^Received: by mta\.example \(Postfix, from userid {UID}\)\r\n\tid {queue_id}; \w{{3}}, ",
                     received.data.decode())


def test_content_that_begins_with_white_space(stopped, sink):
    drop(stopped, "ABCDEF2", submission(lines=(b" not a header", b"more")))
    stopped.start()
    assert sink.wait(1)[0].body == b" not a header\r\nmore\r\n"


def test_many(stopped, sink):
    for n in range(300):
        drop(stopped, f"ABC{n:04}", submission(recipients=(b"r%d@sink.example" % n,)))
    stopped.start()
    assert {m.recipients[0] for m in sink.wait(300)} == {f"r{n}@sink.example" for n in range(300)}
    stopped.wait_queue(0)
    assert not stopped.queue_files("maildrop")


def test_waits_until_a_file_is_complete(stopped, sink):
    partial = drop(stopped, "ABCDEF3", submission()[:-1], mode=0o600)
    empty = drop(stopped, "ABCDEF4", b"")
    drop(stopped, "ABCDEF5", submission())
    stopped.start()
    sink.wait(1)
    stopped.wait_queue(0)
    assert partial.exists() and empty.exists()


@pytest.mark.parametrize("content, kind", [
    (submission()[:-2], -1),
    (submission()[:-1], -3),
    (submission(kind="Q"), ord("Q")),
    (b"Received: nonsense", -3),
], ids=["no end", "cut off", "foreign record", "no records"])
def test_removes_what_is_no_message(stopped, content, kind):
    path = drop(stopped, "ABCDEF6", content)
    stopped.start()
    wait_gone(path)
    stopped.log.wait(rf"pickup.*: warning: uid={UID}: unexpected or malformed record type {kind}$")
    assert stopped.queue() == []


def test_saves_what_cleanup_refuses(stopped, sink):
    path = drop(stopped, "ABCDEF7", submission(recipients=()))
    drop(stopped, "ABCDEF8", submission())
    stopped.start()
    sink.wait(1)
    wait_gone(path)
    stopped.log.wait(r"pickup.*: warning: maildrop/ABCDEF7: error writing \w+: no recipients specified")
    assert [p.name for p in stopped.queue_files("corrupt")] == ["ABCDEF7"]


def test_requeued_mail_keeps_its_arrival_time(make_instance, sink):
    instance = make_instance(relay_port=sink.port).start()
    sink.answers["RCPT"] = "450 4.2.0 come again"
    old = instance.send(message(), "sender@load.example", "r@sink.example")
    arrival = instance.wait_queue(1, "deferred")[0]["arrival_time"]
    time.sleep(1.1)
    instance.command("postsuper", "-r", old)
    instance.stop()
    instance.start()
    owner = pwd.getpwnam("postfix").pw_uid
    instance.log.wait(rf"pickup.*: \w+: uid={owner} from=<sender@load\.example> orig_id={old}$")
    again, = instance.wait_queue(1, "deferred")
    assert again["queue_id"] != old and again["arrival_time"] == arrival
    text = instance.command("postcat", "-eq", again["queue_id"]).stdout
    assert "named_attribute: log_helo_name=client.example" in text and "original_recipient: r@sink.example" in text
    assert text.count("create_time: ") == 1
