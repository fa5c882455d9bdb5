"""What was answered 250 is there: after kill -9, after a swap with the reference, on a full disk."""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from harness import suite
from harness.client import Lost, message


def ids_in(instance):
    return {m["queue_id"] for m in instance.queue()}


def send_numbered(instance, count, sender="sender@load.example"):
    with instance.client() as c:
        c.ehlo()
        ids = []
        for n in range(count):
            c.envelope(sender, f"r{n}@sink.example")
            reply = c.data(message(subject=f"number {n}"))
            assert reply.code == 250
            ids.append(re.search(r"queued as (\w+)", reply.text).group(1))
        return ids


@pytest.fixture
def black_hole():
    """A port that takes connections and says nothing: mail to it stays where it was accepted."""
    with socket.create_server(("127.0.0.1", 0), backlog=500) as s:
        yield s.getsockname()[1]


@pytest.mark.parametrize("how", ["in flight", "deferred"])
def test_killed_at_once_after_the_answer(make_instance, sink, black_hole, how):
    """Every process dies with the last 250; nothing has been delivered."""
    i = make_instance("defer_transports = smtp\n" if how == "deferred" else "", relay_port=black_hole).start()
    send_numbered(i, 50)
    i.kill()
    i.set_parameter("defer_transports", "")
    i.set_parameter("relayhost", f"[127.0.0.1]:{sink.port}")
    i.start()
    i.command("postqueue", "-f")
    received = sink.wait(50, timeout=30)
    assert {m.recipients[0] for m in received} == {f"r{n}@sink.example" for n in range(50)}
    i.wait_queue(0)


def test_killed_while_the_far_host_thinks(make_instance, sink):
    i = make_instance(relay_port=sink.port).start()
    sink.answers["."] = lambda line: time.sleep(0.5)
    send_numbered(i, 5)
    i.kill()
    sink.answers.clear()
    i.start()
    deadline = time.monotonic() + 30
    while {m.recipients[0] for m in sink.messages} != {f"r{n}@sink.example" for n in range(5)}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        i.command("postqueue", "-f")
    i.wait_queue(0)


def test_stop_leaves_everything_in_ordinary_queue_files(make_instance, sink):
    i = make_instance(relay_port=sink.port).start()
    sink.answers["."] = lambda line: "451 4.3.0 busy"
    ids = send_numbered(i, 20)
    i.stop()
    files = i.queue_files("incoming", "active", "deferred")
    assert {p.name for p in files} == set(ids)
    for path in files:
        assert (os.stat(path).st_mode & 0o777) == 0o700


def test_our_own_check_of_the_queue_finds_nothing_to_mend(make_instance, sink):
    i = make_instance(relay_port=sink.port).start()
    sink.answers["RCPT"] = "450 4.2.0 later"
    ids = send_numbered(i, 10)
    i.wait_queue(10, "deferred")
    i.stop()
    done = i.command("postsuper")
    assert "renamed" not in done.stderr.lower()
    assert {p.name for p in i.queue_files("deferred")} == set(ids)


@pytest.mark.parametrize("store", ["journal", "file"])
def test_the_reference_reads_and_delivers_what_we_deferred(make_instance, reference, sink, store):
    ours = make_instance(f"queue_store = {store}\n", system=suite.postrider(), relay_port=sink.port).start()
    sink.answers["RCPT"] = lambda line: None if "good" in line else "450 4.2.0 later"
    ids = send_numbered(ours, 5)
    half = ours.send(message(subject="half"), "sender@load.example", "good@sink.example", "late@sink.example")
    utf8 = ours.send(message(subject="Gr\u00fc\u00dfe", body="\u20ac\r\n" + "x" * 5000 + "\r\n.dot\r\n"), "sender@load.example",
                     "late@sink.example", mail_options="BODY=8BITMIME SMTPUTF8 ENVID=abc RET=HDRS",
                     rcpt_options="NOTIFY=FAILURE ORCPT=rfc822;orig@x.example")
    ours.wait_queue(7, "deferred")
    ours.stop()

    theirs = make_instance(system=reference, relay_port=sink.port)
    shutil.rmtree(theirs.spool)
    shutil.move(ours.spool, theirs.spool)
    for path in theirs.queue_files("deferred"):
        text = theirs.command("postcat", path).stdout
        assert "*** MESSAGE FILE END" in text and "sender: sender@load.example" in text
    # As `postfix start` does: a journalled message had its id before it had an inode, so ids may change here.
    theirs.command("postsuper")
    theirs.start()
    assert len(ids_in(theirs)) == len({*ids, half, utf8})
    sink.clear()
    sink.answers.clear()
    theirs.command("postqueue", "-f")
    received = sink.wait(7)
    assert sorted(r for m in received for r in m.recipients) == sorted([*(f"r{n}@sink.example" for n in range(5)),
                                                                        "late@sink.example", "late@sink.example"])
    euro = next(m for m in received if "\u20ac".encode() in m.body)
    assert euro.body.endswith(b"\r\n.dot\r\n") and "RET=HDRS" in euro.mail and "ENVID=abc" in euro.mail
    assert "ORCPT=rfc822;orig@x.example" in euro.rcpts[0] and "NOTIFY=FAILURE" in euro.rcpts[0]
    theirs.wait_queue(0)


def test_we_deliver_what_the_reference_deferred(make_instance, reference, sink):
    theirs = make_instance(system=reference, relay_port=sink.port).start()
    sink.answers["RCPT"] = lambda line: None if "good" in line else "450 4.2.0 later"
    ids = send_numbered(theirs, 5)
    half = theirs.send(message(subject="half"), "sender@load.example", "good@sink.example", "late@sink.example")
    theirs.wait_queue(6, "deferred")
    held = ids.pop()
    theirs.command("postsuper", "-h", held)
    theirs.stop()

    ours = make_instance(system=suite.postrider(), relay_port=sink.port)
    shutil.rmtree(ours.spool)
    shutil.move(theirs.spool, ours.spool)
    ours.start()
    assert ids_in(ours) == {*ids, held, half}
    sink.clear()
    sink.answers.clear()
    ours.command("postqueue", "-f")
    received = sink.wait(5)
    assert sorted(r for m in received for r in m.recipients) == ["late@sink.example", *(f"r{n}@sink.example" for n in range(4))]
    assert [m["queue_id"] for m in ours.wait_queue(1)] == [held]
    ours.command("postsuper", "-H", held)
    ours.command("postqueue", "-f")
    sink.wait(6)
    ours.wait_queue(0)


@pytest.mark.parametrize("how", ["in flight", "deferred"])
def test_the_journal_is_settled_while_nothing_runs(make_instance, under_test, black_hole, how):
    """After a crash, postsuper makes ordinary files of it, so that the reference could start."""
    if under_test.name == "reference":
        pytest.skip("has no journal")
    i = make_instance("defer_transports = smtp\n" if how == "deferred" else "", relay_port=black_hole).start()
    ids = send_numbered(i, 30)
    i.kill()
    i.command("postsuper", "-s")
    # A file that was being written when all died has mode 0600, is no mail, and is purged some day.
    complete = [p.name for p in i.queue_files("incoming", "active", "deferred") if os.stat(p).st_mode & 0o100]
    assert sorted(complete) == sorted(ids)


def test_damage_in_the_journal_is_kept_and_the_rest_goes_on(make_instance, under_test, sink, black_hole):
    if under_test.name == "reference":
        pytest.skip("has no journal")
    i = make_instance(relay_port=black_hole).start()
    for n in range(9):
        i.send(message(subject=f"number {n}", body=f"marker-{n}-\r\n"), "sender@load.example", f"r{n}@sink.example")
    i.kill()
    segment, data = next((p, d) for p in i.queue_files("journal") if b"marker-4-" in (d := bytearray(p.read_bytes())))
    data[data.index(b"marker-4-")] ^= 0xFF
    segment.write_bytes(data)
    i.set_parameter("relayhost", f"[127.0.0.1]:{sink.port}")
    i.start()
    i.command("postqueue", "-f")
    received = sink.wait(8, timeout=30)
    assert {m.recipients[0] for m in received} == {f"r{n}@sink.example" for n in range(9) if n != 4}
    i.log.wait("(warning|error): .*(corrupt|damaged)")
    assert any(b"arker-4-" in p.read_bytes() for p in i.queue_files("corrupt"))


def test_a_malformed_queue_file_goes_to_corrupt(make_instance, sink):
    i = make_instance(relay_port=sink.port).start()
    sink.answers["RCPT"] = "450 4.2.0 later"
    ids = send_numbered(i, 3)
    i.wait_queue(3, "deferred")
    i.stop()
    bad = next(p for p in i.queue_files("deferred") if p.name == ids[1])
    data = bytearray(bad.read_bytes())
    at = data.index(b"sender@load.example") - 2
    data[at] = ord("?")
    bad.write_bytes(data)
    os.utime(bad, (time.time() - 10,) * 2)
    sink.answers.clear()
    i.start()
    i.command("postqueue", "-f")
    received = sink.wait(2)
    assert {m.recipients[0] for m in received} == {"r0@sink.example", "r2@sink.example"}
    i.log.wait(f'warning: saving corrupt file "{ids[1]}" from queue "active" to queue "corrupt"')
    assert [p.name for p in i.queue_files("corrupt")] == [ids[1]]


def test_unfinished_files_are_not_mail(make_instance, sink):
    i = make_instance(relay_port=sink.port)
    stub = i.spool / "incoming/123456.789"
    stub.write_bytes(b"C")
    os.chmod(stub, 0o600)
    i.start()
    i.send(message())
    sink.wait(1)
    assert stub.exists()


# --- a full disk ---

@pytest.fixture
def small_disk(make_instance, sink):
    """An instance whose queue has 24 MB."""
    i = make_instance("message_size_limit = 1000000\nqueue_minfree = 0\nnotify_classes =\nqueue_journal_segment_size = 1048576\n",
                      relay_port=sink.port)
    moved = i.base / "moved"
    i.spool.rename(moved)
    i.spool.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", i.spool])
    if mounted.returncode != 0:
        pytest.skip("no tmpfs here")
    subprocess.run(["cp", "-a", f"{moved}/.", i.spool], check=True)
    yield i
    i.stop()
    subprocess.run(["umount", "-l", i.spool], check=True)


def test_full_disk(small_disk, sink):
    i = small_disk
    sink.answers["RCPT"] = "450 4.2.0 later"
    i.start()
    accepted, refusal = [], None
    body = ("x" * 70 + "\r\n") * 10000
    for n in range(200):
        with i.client() as c:
            try:
                c.ehlo()
                c.expect("MAIL FROM:<a@load.example>", 250)
                c.expect(f"RCPT TO:<r{n}@sink.example>", 250)
                reply = c.data(message(body=body))
            except (AssertionError, Lost) as error:
                refusal = str(error)
                break
            if reply.code != 250:
                refusal = str(reply)
                break
            accepted.append(f"r{n}@sink.example")
    assert accepted and refusal and re.search(r"452 4\.3\.1|451 4\.3\.0|452 4\.3\.0", refusal), (len(accepted), refusal)
    # Delivering makes room again, and nothing that was accepted is gone.
    sink.answers.clear()
    i.command("postqueue", "-f")
    sink.wait(len(accepted), timeout=60)
    assert {m.recipients[0] for m in sink.messages} == set(accepted)
    i.wait_queue(0, timeout=30)
    i.send(message())


def test_queue_minfree(make_instance):
    i = make_instance("queue_minfree = 1000000000000000\n").start()
    with i.client() as c:
        c.ehlo()
        assert str(c.command("MAIL FROM:<a@load.example>")) == "452 4.3.1 Insufficient system storage"


# --- durable before the answer ---

def test_a_sync_lies_between_the_data_and_the_answer(make_instance, sink):
    """As strace sees it."""
    i = make_instance(relay_port=sink.port).start()
    i.send(message())  # so that all processes are there
    sink.wait(1)
    trace = i.base / "trace"
    pids = i.pids("cleanup") + i.pids("smtpd") + ([] if i.suite.name == "reference" else i.pids("master"))
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-ttt", "-s", "200", "-o", str(trace),
                               *[a for p in pids for a in ("-p", str(p))]], stderr=subprocess.DEVNULL)
    time.sleep(1)
    queue_id = i.send(message(subject="traced"))
    time.sleep(0.3)
    tracer.terminate()
    tracer.wait()
    lines = trace.read_text(errors="replace").splitlines()
    came = next(n for n, line in enumerate(lines) if "traced" in line)
    answered = next(n for n, line in enumerate(lines) if f"queued as {queue_id}" in line)
    assert any(re.search(r"\b(fdatasync|fsync|sync_file_range|RWF_DSYNC|pwritev2)\b.*", line) for line in lines[came:answered]), \
        "\n".join(lines[came:answered + 1])
