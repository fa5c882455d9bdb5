"""postsuper, postqueue, postcat and qshape on journal and files as one queue, on long queues, and when killed.

Word by word they are compared with the reference in tests/parity/test_queue_parity.py. SLOW=1 in the environment
makes the long queues as long as they are meant to be."""

import os
import random
import re
import signal
import socket
import subprocess
import time

import pytest

from harness.client import message
from harness.queuefile import image, plant, pointers, reason, record
from harness.suite import BUILD

SLOW = bool(os.environ.get("SLOW"))


@pytest.fixture
def black_hole():
    """A port that takes connections and says nothing: mail to it stays in the journal."""
    with socket.create_server(("127.0.0.1", 0), backlog=500) as s:
        yield s.getsockname()[1]


@pytest.fixture
def journalled(make_instance, under_test, black_hole):
    """An instance with three messages that live in the journal only, and their ids."""
    if under_test.name == "reference":
        pytest.skip("has no journal")
    i = make_instance("default_destination_concurrency_limit = 1\n", relay_port=black_hole).start()
    ids = [i.send(message(subject=f"number {n}", body=f"body {n}\r\n"), "sender@load.example", f"r{n}@sink.example") for n in range(3)]
    assert not mail_files(i)
    return i, ids


def mail_files(i):
    return i.queue_files("incoming", "active", "deferred", "hold", "maildrop")


# --- the journal ---

def test_listing_shows_the_journal(journalled):
    i, ids = journalled
    assert {(m["queue_id"], m["queue_name"], m["recipients"][0]["address"]) for m in i.queue()} == \
        {(queue_id, "active", f"r{n}@sink.example") for n, queue_id in enumerate(ids)}
    text = i.command("postqueue", "-p").stdout
    assert all(f"{queue_id}*" in text for queue_id in ids) and "in 3 Requests." in text


def test_postcat_shows_the_journal(journalled):
    i, ids = journalled
    text = i.command("postcat", "-q", ids[1]).stdout
    assert text.startswith(f"*** ENVELOPE RECORDS active/{ids[1]} ***\n") and "\nbody 1\n" in text and "MESSAGE FILE END" in text
    assert i.command("postcat", "-bh", "-q", ids[1]).stdout.endswith("\nbody 1\n")
    assert "fatal: open queue file 0123456789ABC: No such file" in i.command("postcat", "-q", "0123456789ABC", check=False).stderr


def test_qshape_counts_the_journal(journalled):
    i, ids = journalled
    i.send(message(), "sender@load.example", "x@other.example", "y@other.example")
    rows = i.command("qshape", "-c", i.etc, "active").stdout.split("\n")
    assert [row.split()[:2] for row in rows[1:4]] == [["TOTAL", "5"], ["sink.example", "3"], ["other.example", "2"]]


@pytest.mark.parametrize("options", [["ALL"], ["ALL", "active", "incoming"]])
def test_postsuper_deletes_what_is_in_the_journal(journalled, options):
    i, ids = journalled
    done = i.command("postsuper", "-d", *options)
    assert done.stderr == "postsuper: Deleted: 3 messages\n"
    assert i.queue() == [] and not mail_files(i)


def test_postsuper_leaves_the_journal_alone_if_another_queue_is_meant(journalled):
    i, ids = journalled
    assert "Deleted: 0 messages" in i.command("postsuper", "-d", "ALL", "deferred", "hold").stderr
    assert "Deleted: 0 messages" in i.command("postsuper", "-d", ids[0], "deferred").stderr
    assert not mail_files(i) and len(i.queue()) == 3


@pytest.mark.parametrize("option, told, queue", [("-d", "removed", None), ("-h", "placed on hold", "hold"), ("-r", "requeued", None),
                                                 ("-e", "expired", "active"), ("-f", "expired", "active")])
def test_postsuper_takes_one_from_the_journal(journalled, option, told, queue):
    i, ids = journalled
    done = i.command("postsuper", option, ids[1])
    assert f"postsuper: {ids[1]}: {told}\n" in done.stderr and "1 message" in done.stderr
    found = {m["queue_id"]: m for m in i.queue()}
    assert set(ids) - {ids[1]} <= set(found)
    if queue:
        assert found[ids[1]]["queue_name"] == queue and found[ids[1]]["forced_expire"] == (option in ("-e", "-f"))


@pytest.mark.parametrize("option", ["-d", "-h", "-r"])
def test_postsuper_takes_all_from_the_journal_while_all_is_down(journalled, option):
    i, ids = journalled
    i.kill()
    assert "3 messages" in i.command("postsuper", option, "ALL").stderr
    assert sorted(p.name for p in mail_files(i)) == ([] if option == "-d" else sorted(ids))
    assert len(i.queue()) == (0 if option == "-d" else 3)


# --- showq's socket, as programs of others read it ---

def read_list(data, start):
    fields, names = [], iter(data[start:].split(b"\0"))
    while (name := next(names)) != b"":
        fields.append((name.decode(), next(names).decode()))
    return fields, start + sum(len(n) + len(v) + 2 for n, v in fields) + 1


def test_showq_socket(make_instance):
    i = make_instance("defer_transports = smtp relay\n").start()
    queue_id = i.send(message(), "s@load.example", "a@sink.example", "b@sink.example")
    i.wait_queue(1, "deferred")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(i.spool / "public/showq"))
        data = b"".join(iter(lambda: s.recv(65536), b""))
    greeting, at = read_list(data, 0)
    fields, at = read_list(data, at)
    last, at = read_list(data, at)
    assert at == len(data) and last == []
    assert greeting == [("protocol", "mail_queue_list_protocol")]
    assert [name for name, _ in fields] == ["queue_name", "queue_id", "time", "size", "forced_expire", "sender"] + \
        ["original_recipient", "recipient", "log_class", "reason"] * 2
    assert dict(fields[:2]) == {"queue_name": "deferred", "queue_id": queue_id} and fields[5] == ("sender", "s@load.example")
    assert {value for name, value in fields if name == "recipient"} == {"a@sink.example", "b@sink.example"}
    assert all(value == "defer" for name, value in fields if name == "log_class")
    assert all("deferred transport" in value for name, value in fields if name == "reason")


def test_a_damaged_file_does_not_end_the_listing(make_instance):
    i = make_instance()
    for n, data in enumerate((image(), image().replace(record("S", "sender@load.example"), b""), b"", b"rubbish", image(before=record("S", "two")),
                              image()[:130], image(before=record("?", "x")), pointers())):
        plant(i.spool, "hold", 0x10000 + n, data)
    done = i.command("postqueue", "-p")
    assert done.stdout.endswith(" in 4 Requests.\n")
    assert len(i.queue()) == 4


def test_bounce_reasons_are_listed_too(make_instance):
    i = make_instance()
    path = plant(i.spool, "deferred", 0x12345, image(recipients=("late@sink.example", "gone@sink.example"), done=("gone@sink.example",)), depth=1)
    plant(i.spool, "defer", 0x12345, reason("late@sink.example", "busy"), 0o600, 1, name=path.name)
    plant(i.spool, "bounce", 0x12345, reason("gone@sink.example", "user unknown", original="alias@sink.example"), 0o600, name=path.name)
    assert i.queue()[0]["recipients"] == [
        {"address": "late@sink.example", "delay_reason": "busy"},
        {"orig_address": "alias@sink.example", "address": "gone@sink.example", "bounce_reason": "user unknown"}]


# --- long queues ---

@pytest.fixture
def large(make_instance):
    """An instance whose queue is in memory, and a function that puts so many links to one message there."""
    i = make_instance()
    moved = i.base / "moved"
    i.spool.rename(moved)
    i.spool.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,nr_inodes=0", "tmpfs", i.spool]).returncode != 0:
        pytest.skip("no tmpfs here")
    subprocess.run(["cp", "-a", f"{moved}/.", i.spool], check=True)

    def fill(count):
        files = {"deferred": image(), "defer": reason("r@sink.example", "connect to sink.example[192.0.2.1]:25: Connection refused").encode()}
        ones = {queue: plant(i.spool, queue, 0, data, 0o700 if queue == "deferred" else 0o600, 1) for queue, data in files.items()}
        for queue, one in ones.items():
            for digit in "0123456789ABCDEF":
                plant(i.spool, queue, int(digit, 16) << 16, b"", 0o600, 1).unlink()
            for n in range(count):
                name = "%05X%X" % (n * 7919 % 1000000, 0x100000 + n)
                os.link(one, f"{i.spool}/{queue}/{name[0]}/{name}")
            one.unlink()
        return i

    yield fill
    i.stop()
    subprocess.run(["umount", "-l", i.spool], check=True)


def peak(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
    except (OSError, TypeError):
        return 0


def children(pid):
    return [int(p) for p in open(f"/proc/{pid}/task/{pid}/children").read().split()]


@pytest.mark.parametrize("option", ["-p", "-j"])
def test_a_long_queue_is_listed_at_once_and_in_little_memory(large, tally, option):
    if BUILD.name == "san":
        pytest.skip("sanitizers keep what was freed")
    count = 1_000_000 if SLOW else 20_000
    i = large(count)
    begun = time.monotonic()
    lister = subprocess.Popen([i.suite.command("postqueue"), option], env=i.env(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    pids, lines, memory = [lister.pid], 0, {}
    for line in lister.stdout:
        if lines == 0:
            first = time.monotonic() - begun
            pids += children(lister.pid)
        lines += 1
        if lines % (count // 4) == 0:
            memory = {pid: max(memory.get(pid, 0), peak(pid)) for pid in pids}
    assert lister.wait() == 0 and lines == (4 * count + 2 if option == "-p" else count)
    tally(f"postqueue {option}: {count} messages in {time.monotonic() - begun:.1f} s, the first after {first:.2f} s, memory {list(memory.values())} KiB")
    assert len(memory) == 2 and max(memory.values()) < 50 * 1024 and first < 2


def test_many_are_deleted_at_once(make_instance, tally):
    """100,000 in five seconds, where the disk keeps up."""
    i, count = make_instance(), 100_000 if SLOW else 3_000
    for n in range(count):
        plant(i.spool, "deferred", n * 7919 % 1000000, image(), depth=1, number=0x100000 + n)
    begun = time.monotonic()
    done = i.command("postsuper", "-d", "ALL", "deferred")
    seconds = time.monotonic() - begun
    assert f"Deleted: {count} messages" in done.stderr and not mail_files(i)
    tally(f"postsuper -d ALL deferred: {count / seconds:.0f} messages a second")


# --- killed in the middle ---

@pytest.mark.parametrize("option", ["-s", "-h", "-H", "-r", "-e"])
def test_killed_postsuper_loses_nothing(make_instance, option):
    """Whenever it dies, each message is there once; done again, all is done."""
    i, count, rng = make_instance("hash_queue_names = deferred defer hold\nhash_queue_depth = 2\n"), 400, random.Random(option)
    queue = "hold" if option == "-H" else "deferred"
    for n in range(count):
        path = plant(i.spool, queue, n * 7919 % 1000000, image(sender=f"s{n}@load.example"), depth=1, number=0xDEAD0000 + n)
        if n % 4 == 0:
            plant(i.spool, "defer", n * 7919 % 1000000, f"log of s{n}@", 0o600, 1, name=path.name)
    arguments = [option] if option == "-s" else [option, "ALL"]
    for round in range(12):
        p = subprocess.Popen([i.suite.command("postsuper"), *arguments], env=i.env(), stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.002, 0.03))
        p.send_signal(rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))
        p.wait()
        there = [re.search(rb"s\d+@load", f.read_bytes())[0] for f in mail_files(i)]
        assert len(there) == len(set(there)) == count
    i.command("postsuper", *arguments)
    i.command("postsuper", "-s")
    i.command("postsuper", "-s")
    for f in mail_files(i):
        assert f.name[5:] == "%X" % os.stat(f).st_ino
    logs = {f.name: f.read_bytes() for f in i.queue_files("defer")}
    for f in mail_files(i):
        number = int(re.search(rb"s(\d+)@load", f.read_bytes())[1])
        assert (f.name in logs) == (number % 4 == 0) and logs.get(f.name, b"log of s%d@" % number) == b"log of s%d@" % number


def test_killed_postsuper_leaves_no_logs_behind_deleted_messages(make_instance):
    i = make_instance()
    for n in range(2000):
        path = plant(i.spool, "deferred", n * 7919 % 1000000, image(), depth=1, number=0x100000 + n)
        plant(i.spool, "defer", n * 7919 % 1000000, "x", 0o600, 1, name=path.name)
    while mail_files(i):
        p = subprocess.Popen([i.suite.command("postsuper"), "-d", "ALL", "deferred"], env=i.env(), stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.005, 0.05))
        p.kill()
        p.wait()
        assert {f.name for f in i.queue_files("defer")} <= {f.name for f in mail_files(i)}
