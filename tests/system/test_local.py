"""local(8): what can be seen without the reference beside it. tests/parity/test_local_parity.py has the rest."""

import os
import pwd
import re
import signal
import socket
import threading
import time

import pytest

from harness.client import message


def identity(pid):
    """Real and effective user, and the groups, of a process."""
    status = open(f"/proc/{pid}/status").read()
    uids = re.search(r"^Uid:\s+(\d+)\s+(\d+)", status, re.M).groups()
    return int(uids[0]), int(uids[1]), [int(g) for g in re.search(r"^Groups:(.*)$", status, re.M)[1].split()]


def test_unknown_users_are_refused(host):
    """As shipped, alias_maps names nis:, which on a host outside of any NIS domain is no reason to wait."""
    h = host("local_recipient_maps = proxy:unix:passwd.byname $alias_maps\n"
             "alias_maps = hash:$config_directory/aliases, nis:mail.aliases\n", aliases="team: ann\n")
    with h.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<s@load.example>", 250)
        c.expect("RCPT TO:<ann@host.example>", 250)
        c.expect("RCPT TO:<team@host.example>", 250)
        reply = c.expect("RCPT TO:<nosuch@host.example>", 550)
    assert reply.text == ("5.1.1 <nosuch@host.example>: Recipient address rejected: "
                          "User unknown in local recipient table")
    h.send(message(1), "s@load.example", "ann@host.example")
    h.mailbox("ann")


def test_lives_as_mail_owner(host):
    h = host()
    h.send(message(1), "s@load.example", "ann@host.example")
    h.mailbox("ann")
    h.log.wait("delivered to mailbox")
    owner = pwd.getpwnam("postfix")
    pid, = h.pids("local")
    assert identity(pid) == (0, owner.pw_uid, [owner.pw_gid])


@pytest.mark.parametrize("table_owner, who", [("root", "nobody"), ("ann", "ann")])
def test_rights_of_an_alias(host, table_owner, who):
    h = host()
    out = h.base / "out"
    out.mkdir()
    os.chmod(out, 0o777)
    h.aliases(f'run: "|id -u > {out}/who; id -G >> {out}/who"\nfile: {out}/file\n')
    uid = h.people.get(table_owner, 0)
    os.chown(h.etc / "aliases.db", uid, -1)
    for name in ("run", "file"):
        h.send(message(1), "", f"{name}@host.example")
    h.log.wait("delivered to command")
    h.log.wait("delivered to file")
    want = h.people.get(who) or pwd.getpwnam(who).pw_uid
    group = want if who in h.people else pwd.getpwnam(who).pw_gid
    assert (out / "who").read_text() == f"{want}\n{group}\n"
    assert (out / "file").stat().st_uid == want


def test_many_at_once_in_one_mailbox(host):
    h = host()

    def send(n):
        for i in range(10):
            h.send(message(n * 10 + i), "s@load.example", "ann@host.example")

    threads = [threading.Thread(target=send, args=(n,)) for n in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    text = h.mailbox("ann", 50, timeout=60)
    assert len(re.findall(r"(?m)^From s@load\.example  ", text)) == 50
    assert len(re.findall(r"(?:\A|\n\n)From ", text)) == 50
    assert len(set(re.findall(r"(?m)^Message-ID: .*$", text))) == 50


def test_another_transport_has_the_mailboxes(host, sink):
    h = host(f"mailbox_transport = smtp:[127.0.0.1]:{sink.port}\n", aliases="team: ann, bob\n")
    h.send(message(1), "s@load.example", "team@host.example")
    received = sink.wait(2)
    assert sorted(r for m in received for r in m.recipients) == ["ann@host.example", "bob@host.example"]
    h.wait_queue(0)
    assert len(h.log.lines(r"local.*passing <\w+@host.example> to transport=smtp")) == 2


def test_a_transport_that_is_not_there(host):
    h = host("mailbox_transport = nosuch:\n")
    h.send(message(1), "s@load.example", "ann@host.example")
    deferred, = h.wait_queue(1, "deferred")
    assert "mail transport unavailable" in deferred["recipients"][0]["delay_reason"]


def test_killed_while_it_delivers(host):
    """What was under way is delivered again; nothing is lost."""
    h = host("minimal_backoff_time = 1s\nqueue_run_delay = 1s\ntransport_retry_time = 1s\n",
             aliases='slow: "|sleep 3; exit 0", ann\n')
    h.send(message(1), "s@load.example", "slow@host.example")
    time.sleep(1)
    for pid in h.pids("local"):
        os.kill(pid, signal.SIGKILL)
    h.mailbox("ann", timeout=30)
    h.wait_queue(0)


def test_a_command_that_never_ends(host):
    h = host("command_time_limit = 1s\n", aliases='never: "|sleep 1000"\n')
    h.send(message(1), "", "never@host.example")
    h.log.wait('status=bounced .Command time limit exceeded: "sleep 1000"')


def test_tells_comsat(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as comsat:
        try:
            comsat.bind(("127.0.0.1", 512))
        except OSError:
            pytest.skip("port 512 is taken")
        comsat.settimeout(15)
        h = host()
        h.send(message(1), "", "ann@host.example")
        assert comsat.recv(100) == b"ann@0\0"
        size = len(h.mailbox("ann"))
        h.send(message(2), "", "ann@host.example")
        assert comsat.recv(100) == b"ann@%d\0" % size


def test_a_home_that_is_away(host):
    h = host("require_home_directory = yes\n")
    h.personal("ann", ".forward", "bob\n")
    os.rename(h.home / "ann", h.home / "away")
    h.send(message(1), "s@load.example", "ann@host.example")
    h.wait_queue(1, "deferred")
    os.rename(h.home / "away", h.home / "ann")
    h.command("postqueue", "-f")
    h.mailbox("bob")


def test_a_mailbox_is_no_way_out(host):
    """Whoever owns the way to a mailbox cannot have others' files written."""
    h = host("home_mailbox = mbox\ndeliver_lock_attempts = 1\n")
    victim = h.personal("bob", "secret", "bob's\n", mode=0o600)
    root_file = h.file("roots", "root's\n", mode=0o600)
    for target in (victim, root_file, h.base / "not-there"):
        link = h.home / "ann" / "mbox"
        os.symlink(target, link)
        h.send(message(1), "", "ann@host.example")
        h.log.wait("cannot update mailbox")
        os.truncate(h.log.path, 0)
        link.unlink()
    os.link(victim, h.home / "ann" / "mbox")
    h.send(message(1), "", "ann@host.example")
    h.log.wait("cannot update mailbox")
    assert victim.read_text() == "bob's\n" and root_file.read_text() == "root's\n"
    assert not (h.base / "not-there").exists()
