"""Mail from people on this host: sendmail, postdrop, pickup, as a user without any rights."""

import os
import resource
import signal
import subprocess
import time

import pytest

from harness import user
from test_pickup import drop, record, submission

DOWN = "postdrop: warning: unable to look up public/pickup: No such file or directory\n"
MESSAGE = b"Subject: from a person\n\nhello\n.\nmore\n"


@pytest.fixture
def stopped(make_instance, sink):
    instance = make_instance(relay_port=sink.port)
    user.install(instance)
    return instance


def maildrop(instance):
    return sorted(p for p in (instance.spool / "maildrop").iterdir())


def wait_for(condition, timeout=10):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_person_sends_mail(stopped, sink):
    stopped.start()
    done = user.run(stopped, "sendmail", "-f", "me@load.example", "r@sink.example", input=MESSAGE)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    received, = sink.wait(1)
    assert received.sender == "me@load.example" and received.body == b"hello\r\n"
    stopped.log.wait(r"pickup.*: \w+: uid=65534 from=<me@load\.example>$")
    assert b"(Postfix, from userid 65534)" in received.headers


def test_mail_waits_while_the_system_is_down(stopped, sink):
    done = user.run(stopped, "sendmail", "-i", "r@sink.example", input=MESSAGE)
    assert (done.returncode, done.stderr.decode()) == (0, DOWN)
    path, = maildrop(stopped)
    st = path.stat()
    assert (st.st_mode & 0o7777, st.st_uid) == (0o744, user.NOBODY)
    smtp = b"EHLO x\r\nMAIL FROM:<me@load.example>\r\nRCPT TO:<bs@sink.example>\r\nDATA\r\n\r\nhi\r\n.\r\nQUIT\r\n"
    done = user.run(stopped, "sendmail", "-bs", input=smtp)
    assert done.returncode == 0 and b"250 2.0.0 Ok: queued as " in done.stdout and done.stderr.decode() == DOWN
    stopped.start()
    assert {m.recipients[0] for m in sink.wait(2)} == {"r@sink.example", "bs@sink.example"}


@pytest.mark.parametrize("argv, env", [
    (("postdrop",), {"MAIL_CONFIG": "/tmp"}),
    (("postdrop", "-c", "/tmp"), {}),
    (("sendmail", "-C", "/tmp", "r@sink.example"), {}),
], ids=["environment", "-c", "-C"])
def test_a_foreign_configuration_is_refused(stopped, argv, env):
    done = user.run(stopped, *argv, env=env)
    assert done.returncode == (75 if argv[0] == "sendmail" else 1)
    assert b": error: unauthorized configuration directory name: /tmp\n" in done.stderr
    assert maildrop(stopped) == []


def test_standard_descriptors_may_be_closed(stopped):
    """What postdrop opens must not become its standard output."""
    drop_file = "import os,sys; [os.close(int(n)) for n in sys.argv[1].split(',')]; os.execv(sys.argv[2], sys.argv[2:])"
    for closed in ("0", "1", "2", "0,1,2"):
        done = user.run(stopped, "/usr/bin/python3", "-c", drop_file, closed, str(stopped.base / "bin/postdrop"), "-r",
                        input=submission()[len(record("T", b"1795327001 189179")):])
        assert done.returncode in (0, 1)
    for path in maildrop(stopped):
        assert b"protocol" not in path.read_bytes()


def test_a_file_size_limit_leaves_nothing_behind(stopped):
    done = user.run(stopped, "sendmail", "r@sink.example", input=b"x\n" * 200_000,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert done.returncode == 75 and b"File too large" in done.stderr
    assert maildrop(stopped) == []


def test_message_size_limit(make_instance, sink):
    instance = make_instance("message_size_limit = 2000", relay_port=sink.port)
    user.install(instance)
    done = user.run(instance, "sendmail", "r@sink.example", input=b"x\n" * 200_000)
    assert done.returncode == 75 and done.stderr.endswith(b"sendmail: fatal: nobody(65534): message file too big\n")
    assert maildrop(instance) == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_a_signal_removes_the_file(stopped, number):
    # A shell that starts the tests in its background leaves some of them ignored, which postdrop respects.
    p = user.start(stopped, "postdrop", "-r", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                   preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    assert p.stdout.read(8) == b"protocol"
    p.stdin.write(record("S", b"me"))
    p.stdin.flush()
    assert len(maildrop(stopped)) == 1
    p.send_signal(number)
    assert p.wait(10) != 0
    assert maildrop(stopped) == []


def test_half_a_message_is_none(stopped, sink):
    """sendmail is killed: postdrop removes the file. postdrop is killed: pickup leaves it alone."""
    p = user.start(stopped, "sendmail", "r@sink.example", stdin=subprocess.PIPE)
    p.stdin.write(b"Subject: half\n")
    p.stdin.flush()
    wait_for(lambda: maildrop(stopped))
    p.kill()
    p.wait()
    wait_for(lambda: not maildrop(stopped))
    p = user.start(stopped, "postdrop", "-r", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdout.read(8)
    p.kill()
    p.wait()
    left, = maildrop(stopped)
    stopped.start()
    user.run(stopped, "sendmail", "r@sink.example", input=MESSAGE)
    sink.wait(1)
    assert left.exists() and len(sink.messages) == 1


@pytest.mark.parametrize("text", [b"a\nR: b", b"a\rb", b"a\0b"], ids=["LF", "CR", "NUL"])
@pytest.mark.parametrize("kind", ["S", "R", "F"])
def test_no_line_ends_in_the_envelope(stopped, kind, text):
    message = record("S", b"me") + record("R", b"r@sink.example")
    done = user.run(stopped, "postdrop", "-r", input=message + record(kind, text) + record("M") + record("X") + record("E"))
    assert done.returncode == 1 and b"in envelope record" in done.stderr
    assert maildrop(stopped) == []


def test_killed_pickup_loses_nothing(stopped, sink):
    count = 400
    for n in range(count):
        drop(stopped, f"ABC{n:05}", submission(recipients=(b"r%d@sink.example" % n,)))
    stopped.start()
    for _ in range(4):
        for pid in stopped.pids("pickup"):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.15)
        stopped.command("postkick", "public", "pickup", "W")
    expected = {f"r{n}@sink.example" for n in range(count)}
    wait_for(lambda: {m.recipients[0] for m in list(sink.messages)} == expected, timeout=90)
    wait_for(lambda: not maildrop(stopped))


def test_reports_of_the_first_delivery(stopped, sink):
    """-v and -bv: what became of it comes by mail."""
    stopped.start()
    done = user.run(stopped, "sendmail", "-bv", "-f", "me@sink.example", "r@sink.example")
    assert done.stdout == b"Mail Delivery Status Report will be mailed to <me@sink.example>.\n"
    report, = sink.wait(1)
    assert report.recipients == ["me@sink.example"] and b"deliverable" in report.data


def test_newaliases_and_mailq(stopped):
    aliases = stopped.file("aliases", "root: someone\n")
    os.chown(stopped.etc, user.NOBODY, -1)
    stopped.set_parameter("alias_database", f"hash:{aliases}")
    assert user.run(stopped, "newaliases").returncode == 0
    assert stopped.command("postalias", "-q", "ROOT", f"hash:{aliases}").stdout == "someone\n"
    stopped.start()
    done = user.run(stopped, "mailq")
    assert (done.returncode, done.stdout) == (0, b"Mail queue is empty\n")
