"""Whatever the reference has queued goes on under us, and what we have queued under it."""

import os
import re
import shutil
import struct
import time

import pytest

from harness import suite
from harness.client import message
from harness.milter import Milter
from harness.queuefile import image, plant, pointers, reason, submission

COUNT = 10_000 if os.environ.get("SLOW") else 200
END = "\u20ac\r\n.dot\r\n" + ("x" * 990 + "\r\n") * 4
LATER = "450 4.2.0 come again"


@pytest.fixture(autouse=True)
def needs_reference(reference):
    return reference


def take_over(make_instance, system, old, main_cf="", **options):
    """An instance of the other system, down, with the queue of one that has been stopped."""
    new = make_instance(main_cf, system=system, **options)
    shutil.rmtree(new.spool)
    shutil.move(old.spool, new.spool)
    if system.name == "postrider":
        (new.spool / "journal").mkdir(mode=0o700, exist_ok=True)
        shutil.chown(new.spool / "journal", "postfix")
    new.command("postsuper")  # as `postfix start` does
    return new


def mailq(i):
    """What postqueue tells, but for ids: a list of (sender, {recipient: reason})."""
    rows = [(m["sender"], sorted((r["address"], r.get("delay_reason", "")) for r in m["recipients"])) for m in i.queue()]
    return sorted(rows)


def fickle(line):
    """Whoever is good gets mail at once, whoever is bad never, others later."""
    if "good" in line:
        return None
    return "550 5.1.1 never heard of" if "bad" in line else LATER


def everyone(sink):
    return sorted(r for m in sink.messages for r in m.recipients if m.sender)


def notices(sink):
    return [m for m in sink.messages if m.mail.startswith("<>")]


KINDS = {  # what is sent: recipients, options
    "plain": (["r1@sink.example"], {}),
    "half": (["good1@sink.example", "r2@sink.example"], {}),
    "bounced": (["bad1@sink.example", "r3@sink.example"], {}),
    "success": (["good2@sink.example", "r4@sink.example"], {"rcpt_options": "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;o@x.example"}),
    "options": (["r5@sink.example"], {"mail_options": "BODY=8BITMIME SMTPUTF8 ENVID=abc RET=HDRS", "rcpt_options": "NOTIFY=NEVER"}),
    "many": ([f"m{n}@sink.example" for n in range(60)], {}),
    "held": (["h1@sink.example"], {}),
    "expired": (["e1@sink.example"], {}),
}
LATE = ["r1@sink.example", "r2@sink.example", "r3@sink.example", "r4@sink.example", "r5@sink.example", *(f"m{n}@sink.example" for n in range(60))]


def send_kinds(i, sink):
    sink.answers["RCPT"] = fickle
    ids = {}
    for kind, (recipients, options) in KINDS.items():
        ids[kind] = i.send(message(subject=kind, body=f"{kind} {END}"), f"{kind}@load.example", *recipients, **options)
    i.wait_queue(len(KINDS) + 1, "deferred")  # and a notice
    i.command("postsuper", "-h", ids["held"])
    i.command("postsuper", "-e", ids["expired"])
    return ids


@pytest.mark.parametrize("direction", ["to us", "from us"])
@pytest.mark.parametrize("config", ["", "enable_long_queue_ids = yes\n", "hash_queue_names = incoming active deferred defer bounce hold\nhash_queue_depth = 2\n"])
def test_every_kind_goes_on(make_instance, reference, sink, direction, config):
    first, second = (reference, suite.postrider()) if direction == "to us" else (suite.postrider(), reference)
    old = make_instance(config, system=first, relay_port=sink.port).start()
    send_kinds(old, sink)
    before = mailq(old)
    assert all(why for _, recipients in before for _, why in recipients)
    old.stop()
    sink.clear()
    new = take_over(make_instance, second, old, config, relay_port=sink.port)
    assert mailq(new) == before
    new.start()
    sink.answers.clear()
    new.command("postqueue", "-f")
    held = new.wait_queue(1, timeout=30)[0]
    assert held["queue_name"] == "hold" and held["sender"] == "held@load.example"
    assert everyone(sink) == sorted(LATE)
    for m in sink.messages:
        if m.sender:
            assert m.body.decode() == f"{m.sender.split('@')[0]} {END}"
    told = b"".join(m.data for m in notices(sink))
    assert b"bad1@sink.example" in told and b"Action: failed" in told and b"r3@sink.example" not in told
    assert b"e1@sink.example" in told
    options = next(m for m in sink.messages if m.sender == "options@load.example")
    assert "ENVID=abc" in options.mail and "RET=HDRS" in options.mail and "NOTIFY=NEVER" in options.rcpts[0]
    new.command("postsuper", "-H", held["queue_id"])
    new.command("postqueue", "-f")
    new.wait_queue(0)
    assert "h1@sink.example" in everyone(sink)
    assert not [p for p in new.queue_files("defer", "bounce", "trace", "corrupt")]


def test_back_and_forth(make_instance, reference, sink):
    """Each keeps what the other left, deferred once more under each, with the reasons that it had last."""
    i = make_instance(system=reference, relay_port=sink.port).start()
    sink.answers["RCPT"] = LATER
    for n in range(3):
        i.send(message(subject=f"number {n}"), "s@load.example", f"r{n}@sink.example", f"q{n}@sink.example")
    i.wait_queue(3, "deferred")
    for turn, system in enumerate((suite.postrider(), reference, suite.postrider())):
        before = mailq(i)
        i.stop()
        i = take_over(make_instance, system, i, relay_port=sink.port)
        assert mailq(i) == before
        sink.answers["RCPT"] = f"450 4.2.0 turn {turn}"
        i.start()
        i.command("postqueue", "-f")
        deadline = time.monotonic() + 15
        while not all(f"turn {turn}" in why for _, recipients in mailq(i) for _, why in recipients):
            assert time.monotonic() < deadline, mailq(i)
            time.sleep(0.1)
        i.wait_queue(3, "deferred")
    sink.answers.clear()
    i.command("postqueue", "-f")
    i.wait_queue(0)
    assert everyone(sink) == sorted(f"{c}{n}@sink.example" for c in "rq" for n in range(3))


def test_what_milters_edited_goes_on(make_instance, reference, sink):
    """Pointer records: a header added, one changed, one deleted, recipients, the sender, and the body."""
    edits = [(b"h", b"X-Added\0by a filter\0"), (b"m", struct.pack("!I", 1) + b"Subject\0a much longer subject than there was before\0"),
             (b"m", struct.pack("!I", 1) + b"X-Old\0\0"), (b"i", struct.pack("!I", 0) + b"X-First\0on top\0"),
             (b"+", b"<added@sink.example>\0"), (b"-", b"<gone@sink.example>\0"), (b"e", b"<changed@load.example>\0"),
             (b"b", b"another body\r\n" * 500), (b"b", b"and its end\r\n")]
    milter = Milter(*edits)
    theirs = make_instance(f"smtpd_milters = inet:127.0.0.1:{milter.port}\n", system=reference, relay_port=sink.port).start()
    sink.answers["RCPT"] = LATER
    queue_id = theirs.send(message(subject="x", **{"X-Old": "to go"}), "s@load.example", "stays@sink.example", "gone@sink.example")
    theirs.wait_queue(1, "deferred")
    raw = next(p for p in theirs.queue_files("deferred")).read_bytes()
    assert len(re.findall(rb"p\x0f +[1-9]\d*", raw)) > 5  # it is what it should be
    theirs.stop()
    milter.close()
    ours = take_over(make_instance, suite.postrider(), theirs, relay_port=sink.port)
    assert mailq(ours) == [("changed@load.example", [("added@sink.example", mailq(ours)[0][1][0][1]), ("stays@sink.example", mailq(ours)[0][1][1][1])])]
    shown = ours.command("postcat", "-q", queue_id).stdout
    assert "X-Added: by a filter\n" in shown and "and its end\n" in shown and "to go" not in shown
    ours.start()
    sink.answers.clear()
    sink.clear()
    ours.command("postqueue", "-f")
    ours.wait_queue(0)
    assert everyone(sink) == ["added@sink.example", "stays@sink.example"]
    for m in sink.messages:
        assert m.sender == "changed@load.example" and m.body == b"another body\r\n" * 500 + b"and its end\r\n"
        assert m.headers.startswith(b"X-First: on top\r\n") and b"\r\nX-Added: by a filter\r\n" in m.headers
        assert b"Subject: a much longer subject than there was before\r\n" in m.headers and b"X-Old" not in m.headers


@pytest.mark.parametrize("direction", ["to us", "from us"])
def test_what_was_in_flight_goes_on_after_a_crash(make_instance, reference, sink, direction):
    """Killed while active/ and incoming/ (or our journal) hold mail; postsuper alone makes a queue of it."""
    first, second = (reference, suite.postrider()) if direction == "to us" else (suite.postrider(), reference)
    old = make_instance("qmgr_message_active_limit = 3\n", system=first, relay_port=sink.port).start()
    sink.answers["."] = lambda line: time.sleep(3)
    for n in range(8):
        old.send(message(subject=f"number {n}"), "s@load.example", f"r{n}@sink.example")
    old.kill()
    old.command("postsuper", "-s")
    sink.clear()
    sink.answers.clear()
    new = take_over(make_instance, second, old, relay_port=sink.port).start()
    new.wait_queue(0, timeout=30)
    assert {f"r{n}@sink.example" for n in range(8)} == set(everyone(sink))


def test_every_place_in_a_queue_made_by_hand(make_instance, sink):
    """maildrop, incoming, active, deferred, hold, corrupt: names short and long, right and wrong, in right and wrong places."""
    i, now, wanted = make_instance(relay_port=sink.port), int(time.time()), []
    for n, (queue, options) in enumerate((
            ("incoming", {}), ("active", {}), ("deferred", {"depth": 1}), ("incoming", {"seconds": now}), ("active", {"seconds": now}),
            ("deferred", {"depth": 1, "seconds": now}), ("deferred", {}), ("deferred", {"depth": 3}), ("active", {"depth": 2}),
            ("deferred", {"depth": 1, "number": 0xDEAD1}), ("incoming", {"number": 0xDEAD2, "seconds": now}), ("hold", {}), ("corrupt", {}),
            ("incoming", {"mode": 0o600}), ("active", {"mode": 0o710}), ("maildrop", {"mode": 0o744}), ("maildrop", {"mode": 0o700}))):
        recipient = f"{queue}{n}@sink.example"
        options = {"mode": 0o700, **options}
        data = submission(recipients=(recipient,)) if queue == "maildrop" else image(recipients=(recipient,), arrival=now)
        plant(i.spool, queue, 0x20000 + n, data, **options)
        if queue not in ("hold", "corrupt") and options["mode"] not in (0o600, 0o710):
            wanted.append(recipient)
    path = plant(i.spool, "deferred", 0x20100, image(recipients=("last@sink.example", "gone@sink.example"), done=("gone@sink.example",)), depth=1)
    plant(i.spool, "bounce", 0x20100, reason("gone@sink.example", "no such person", action="failed", status="5.1.1"), 0o600, name=path.name)
    wanted.append("last@sink.example")
    plant(i.spool, "deferred", 0x30000, pointers(), depth=1)
    plant(i.spool, "deferred", 0x30001, image(arrival=now)[:-10], depth=1)
    i.command("postsuper")
    i.start()
    i.command("postqueue", "-f")
    i.log.wait("saving corrupt file")
    i.wait_queue(1, timeout=30)
    assert [r for r in everyone(sink) if not r.startswith(("forced", "active14"))] == sorted([*wanted, "added@sink.example", "r@sink.example"])
    assert any(b"gone@sink.example" in m.data and b"no such person" in m.data for m in notices(sink))
    assert [m["queue_name"] for m in i.wait_queue(1)] == ["hold"]
    assert len(i.queue_files("corrupt")) == 2 and len([p for p in i.queue_files("incoming") if os.stat(p).st_mode & 0o777 == 0o600]) == 1


# --- many; SLOW=1 in the environment: 10,000 ---

def test_many_of_theirs_go_on(make_instance, reference, sink):
    theirs = make_instance(system=reference, relay_port=sink.port)
    for n in range(COUNT):
        queue = ("deferred", "deferred", "incoming", "active")[n % 4]
        path = plant(theirs.spool, queue, n * 7919 % 1_000_000, image(recipients=(f"r{n}@sink.example",)), depth=queue == "deferred",
                     seconds=int(time.time()) if n % 7 == 0 else None)
        if queue == "deferred":
            plant(theirs.spool, "defer", n * 7919 % 1_000_000, reason(f"r{n}@sink.example", f"reason {n}"), 0o600, 1, name=path.name)
    theirs.command("postsuper", "-p")
    ours = take_over(make_instance, suite.postrider(), theirs, "enable_long_queue_ids = yes\n", relay_port=sink.port)
    reasons = {address: why for _, recipients in mailq(ours) for address, why in recipients}
    assert reasons == {f"r{n}@sink.example": f"reason {n}" if n % 4 < 2 else "" for n in range(COUNT)}
    ours.start()
    ours.command("postqueue", "-f")
    sink.wait(COUNT, timeout=60 + COUNT / 50)
    ours.wait_queue(0, timeout=60)
    assert everyone(sink) == sorted(f"r{n}@sink.example" for n in range(COUNT))


def test_many_of_ours_go_on(make_instance, reference, sink):
    ours = make_instance("defer_transports = smtp relay\n", system=suite.postrider(), relay_port=sink.port).start()
    with ours.client() as c:
        c.ehlo()
        for n in range(COUNT):
            c.envelope("s@load.example", f"r{n}@sink.example")
            assert c.data(message(subject=f"number {n}")).code == 250
    ours.stop()
    assert len(ours.queue_files("incoming", "active", "deferred")) == COUNT
    theirs = take_over(make_instance, reference, ours, relay_port=sink.port).start()
    theirs.command("postqueue", "-f")
    sink.wait(COUNT, timeout=60 + COUNT / 50)
    theirs.wait_queue(0, timeout=60)
    assert everyone(sink) == sorted(f"r{n}@sink.example" for n in range(COUNT))
