"""What somebody with an account here, or a careless administrator, may try on local(8): nothing is written that
should not be, nothing runs as root, nothing is lost, and the next message is delivered as ever."""

import os
import pathlib
import time

import pytest

from harness.client import message
from harness.people import Host

NOBODY = 65534
SECRET = "root's own\n"


def all_is_well(host, user="cat"):
    """local has survived, and mail for somebody else arrives."""
    assert not host.log.lines(r"killed by signal|crash:|panic:")
    host.send(message(99), "s@load.example", f"{user}@host.example")
    host.mailbox(user)


def base_file(host, name, text, owner=0, mode=0o644):
    path = host.base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.chmod(path, mode)
    os.chown(path, owner, owner)
    return path


def is_deferred(host, count=1):
    found = host.wait_queue(count, "deferred", timeout=40)
    assert not host.log.lines("status=bounced|non-delivery")
    return found


# --- lists in files ---

def bad_lists(host):
    """Name, and the file; what would be delivered is another's."""
    ann = host.people["ann"]
    yield "world", base_file(host, "lists/world", "bob\n", ann, 0o666)
    yield "unreadable", base_file(host, "lists/unreadable", "bob\n", ann, 0o000)
    yield "stranger", base_file(host, "lists/stranger", "bob\n", 49999)
    yield "huge", base_file(host, "lists/huge", "bob\n" * 300_000, ann)
    yield "away", base_file(host, "closed/list", "bob\n", ann)
    chain = [base_file(host, f"lists/chain{i}", f":include:{host.base}/lists/chain{i + 1}\n", ann) for i in range(2000)]
    yield "deep", chain[0]


def test_a_list_that_cannot_be_trusted_waits_until_it_is_mended(host):
    """Postfix returns most of such mail; we keep it."""
    h = host()
    lists = list(bad_lists(h))
    os.chmod(h.base / "closed", 0o700)
    h.personal("ann", ".forward", f":include:{h.base}/closed/list\n")
    aliases = {name: path for name, path in lists if name != "away"}
    h.aliases("".join(f"{name}: :include:{path}\n" for name, path in aliases.items()))
    for name in aliases:
        h.send(message(1), "s@load.example", f"{name}@host.example")
    h.send(message(1), "s@load.example", "ann@host.example")
    is_deferred(h, len(lists))
    assert not (h.var / "bob").exists()
    for path in aliases.values():
        os.chown(path, 0, 0)
        os.chmod(path, 0o644)
    (h.base / "lists/chain20").write_text("bob\n")
    os.chmod(h.base / "closed", 0o755)
    h.command("postqueue", "-f")
    h.wait_queue(0, timeout=60)
    h.mailbox("bob", len(lists))
    all_is_well(h)


def test_lists_that_name_one_another_end(host):
    h = host()
    ann = h.people["ann"]
    base_file(h, "lists/one", f":include:{h.base}/lists/two, bob\n", ann)
    base_file(h, "lists/two", f":include:{h.base}/lists/one\n:include:{h.base}/lists/two\n", ann)
    h.aliases(f"loop: :include:{h.base}/lists/one\n")
    h.set_parameter("duplicate_filter_limit", "1")  # does not count for what expands
    h.reload()
    h.send(message(1), "s@load.example", "loop@host.example")
    h.mailbox("bob")
    h.wait_queue(0)
    assert h.mailbox("bob").count("\nReturn-Path: ") == 1
    all_is_well(h)


@pytest.mark.parametrize("what", ["foreign", "world", "huge", "fifo", "shadow", "folder", "unreadable"])
def test_a_forward_file_that_cannot_be_trusted_is_not_followed(host, what):
    h = host()
    out = base_file(h, "out/ran", "", h.people["ann"], 0o666)
    evil = f'"|echo ran >> {out}"\n'
    path = h.home / "ann" / ".forward"
    if what == "foreign":
        h.personal("ann", ".forward", evil, owner=h.people["bob"])
    elif what == "world":
        h.personal("ann", ".forward", evil, 0o666)
    elif what == "huge":
        h.personal("ann", ".forward", evil * 60_000)
    elif what == "fifo":
        os.mkfifo(path)
        os.chown(path, h.people["ann"], -1)
    elif what == "shadow":
        path.symlink_to("/etc/shadow")
    elif what == "folder":
        path.mkdir()
    else:
        h.personal("ann", ".forward", evil, 0o000, owner=0)
    h.send(message(1), "s@load.example", "ann@host.example")
    h.mailbox("ann")
    assert out.read_text() == ""
    all_is_well(h)


def test_people_who_forward_to_one_another(host):
    h = host(aliases="round: ann\n")
    h.personal("ann", ".forward", "bob@host.example\n")
    h.personal("bob", ".forward", "round@host.example\n")
    h.send(message(1), "s@load.example", "ann@host.example")
    h.log.wait("mail forwarding loop for ann@host.example", timeout=40)
    assert len(h.log.lines("status=sent .forwarded as")) <= 3
    all_is_well(h)


def test_a_user_in_his_own_file_many_times(host):
    """Would double with each level, were the file read again."""
    h = host("duplicate_filter_limit = 2\n")
    h.personal("ann", ".forward", "ann, ann, \\ann, ann@host.example, ANN\n" * 5)
    h.send(message(1), "s@load.example", "ann@host.example")
    h.mailbox("ann")
    h.wait_queue(0, timeout=30)
    assert h.mailbox("ann").count("\nReturn-Path: ") <= 25
    all_is_well(h)


# --- commands ---

def test_a_command_that_leaves_a_child_with_the_pipe_open(host):
    h = host("command_time_limit = 2s\n")
    pid = h.base / "out" / "pid"
    base_file(h, "out/x", "")
    os.chmod(h.base / "out", 0o777)
    h.aliases(f'leaves: "|sleep 600 & echo $! > {pid}; exit 0"\nprints: "|yes; exit 0"\ndies: "|kill -SEGV $$"\n'
              'deaf: "|exec <&- ; exit 0"\nlong: "|head -c 5000000 /dev/zero | tr \'\\\\0\' x; exit 75"\n')
    for name in ("leaves", "prints", "dies", "deaf", "long"):
        h.send(message(1), "", f"{name}@host.example")
    h.log.wait("to=<leaves@host.example>.*status=", timeout=40)
    h.log.wait("to=<prints@host.example>.*status=", timeout=40)
    h.log.wait("to=<dies@host.example>.*status=deferred", timeout=40)
    h.log.wait("to=<deaf@host.example>.*status=", timeout=40)
    long, = h.log.wait("to=<long@host.example>.*status=deferred", timeout=40)
    assert len(long) < 10_000
    all_is_well(h)


def test_no_shell_sees_an_address(host):
    h = host("recipient_delimiter = +\n")
    out = h.base / "out"
    out.mkdir()
    os.chmod(out, 0o777)
    h.set_parameter("mailbox_command", f'eval "echo $EXTENSION $LOCAL $RECIPIENT $SENDER" >> {out}/$USER')
    h.reload()
    time.sleep(0.5)
    tricks = [f"$(touch\\ {out}/a)", f"`touch\\ {out}/b`", f";touch\\ {out}/c", f"|touch\\ {out}/d",
              f"&&touch\\ {out}/e",
              f"\\\\\ntouch {out}/f", f">{out}/g", "*", "~root"]
    for trick in tricks:
        quoted = trick.replace("\n", " ")
        h.send(message(1), f'"x{quoted}"@load.example', f'"ann+{quoted}"@host.example')
    h.log.wait("status=", len(tricks), timeout=40)
    assert sorted(p.name for p in out.iterdir()) == ["ann"]


# --- mailboxes ---

@pytest.mark.parametrize("where", ["spool", "home", "maildir", "alias"])
def test_links_lead_nowhere(host, where):
    """As far as somebody else's file, or root's: it stays what it was."""
    h = host({"home": "home_mailbox = mbox\n", "maildir": "home_mailbox = Maildir/\n"}.get(where, ""))
    ann, bob = h.people["ann"], h.people["bob"]
    roots = base_file(h, "secret/root", SECRET, 0, 0o600)
    bobs = base_file(h, "secret/bob", SECRET, bob, 0o600)
    os.chmod(h.base / "secret", 0o755)
    os.chmod(h.var, 0o1777)
    if where == "maildir":
        (h.base / "secret/md/new").mkdir(parents=True)
        (h.base / "secret/md/tmp").mkdir()
        box = h.home / "ann/Maildir"
    elif where == "alias":
        box = h.base / "out/box"
        base_file(h, "out/x", "")
        os.chmod(h.base / "out", 0o777)
        h.aliases(f"ann: {box}\n")
    else:
        box = h.home / "ann/mbox" if where == "home" else h.var / "ann"
    makers = [lambda: box.symlink_to(roots), lambda: box.symlink_to(bobs), lambda: os.link(roots, box),
              lambda: os.link(bobs, box), lambda: box.symlink_to("/dev/mem"),
              lambda: box.symlink_to(h.base / "secret/new")]
    if where == "maildir":
        makers = [lambda: box.symlink_to(h.base / "secret/md")]
    for count, make in enumerate(makers, 1):
        make()
        if box.is_symlink():
            os.lchown(box, ann, ann)
        h.send(message(1), "", "ann@host.example")
        h.log.wait("to=<ann@host.example>.*status=(deferred|bounced)", count, timeout=40)
        box.unlink()
    assert roots.read_text() == SECRET and bobs.read_text() == SECRET
    assert not (h.base / "secret/new").exists()
    assert not list((h.base / "secret").rglob("md/*/*"))


class SmallDisk(Host):
    """The spool directory is a file system of 64 KiB."""

    def wrap(self, argv):
        plain = super().wrap(argv)
        script = f"mount -t tmpfs -o size=64k,mode=1777 tmpfs {self.var} && " + plain[4]
        return [*plain[:4], script, *plain[5:]]

    def inside(self, path):
        return pathlib.Path(f"/proc/{self.master.pid}/root{path}")


def test_a_full_disk_leaves_no_half_message(under_test):
    h = SmallDisk(under_test)
    try:
        h.start()
        h.send(message(1), "s@load.example", "ann@host.example")
        h.log.wait("delivered to mailbox", timeout=30)
        before = h.inside(h.var / "ann").read_bytes()
        h.send(message(2, ("x" * 70 + "\r\n") * 3000), "s@load.example", "ann@host.example")
        is_deferred(h)
        assert h.inside(h.var / "ann").read_bytes() == before
        assert not h.inside(h.var / "ann.lock").exists()
        h.send(message(3), "s@load.example", "ann@host.example")
        h.log.wait("delivered to mailbox", 2, timeout=30)
        assert h.inside(h.var / "ann").read_bytes().startswith(before)
    finally:
        h.stop()
        h.remove()


# --- tables ---

def test_a_pattern_that_explodes(host):
    """A match that the library gives up is no answer."""
    h = host()
    table = h.file("re", "/^(a+)+$/ bob\n")
    h.set_parameter("alias_maps", f"pcre:{table}")
    h.set_parameter("local_recipient_maps", "")
    h.reload()
    time.sleep(0.5)
    h.send(message(1), "s@load.example", "a" * 60 + "b@host.example")
    is_deferred(h)
    h.set_parameter("alias_maps", "")
    h.reload()
    all_is_well(h)
