"""Starting, stopping, reloading; and configurations with errors."""

import os
import pwd
import re
import signal
import subprocess
import time

import pytest

from harness.client import Client, Lost, message
from harness.instance import free_port


def is_alive(pid):
    """Not gone, and not a zombie that nobody has buried yet."""
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def background(make_instance, sink, under_test):
    """Started by `postfix start`, as an operator would."""
    if under_test.name == "reference":
        pytest.skip("the reference's start script wants an installed system")
    i = make_instance(relay_port=sink.port)
    done = i.command("postfix", "start")
    i.wait_ready()
    pid = int((i.spool / "pid/master.pid").read_text())
    yield i, pid, done
    i.command("postfix", "abort", check=False)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def test_start_status_stop(background, sink):
    i, pid, started = background
    assert (i.spool / "pid/master.pid").read_text() == f"{pid:>32}\n"
    i.log.wait(r"postfix/postfix-script\[\d+\]: starting the Postfix mail system")
    i.log.wait(r"postfix/master\[\d+\]: daemon started -- version [\d.]+.*, configuration ")
    status = i.command("postfix", "status")
    assert f"the Postfix mail system is running: PID: {pid}" in status.stdout + status.stderr
    with i.client() as c:
        c.deliver(message())
    sink.wait(1)
    i.command("postfix", "stop")
    i.log.wait("stopping the Postfix mail system")
    i.log.wait(r"postfix/master\[\d+\]: terminating on signal 15")
    assert not is_alive(pid)
    status = i.command("postfix", "status", check=False)
    assert status.returncode != 0 and "the Postfix mail system is not running" in status.stdout + status.stderr


def test_a_second_start_is_refused(background):
    i, pid, _ = background
    again = i.command("postfix", "start", check=False)
    assert again.returncode != 0
    assert re.search("already running", again.stderr + i.log.text())
    assert is_alive(pid)


def test_stop_when_nothing_runs(make_instance):
    i = make_instance()
    done = i.command("postfix", "stop", check=False) if i.suite.name == "postrider" else None
    assert done is None or done.returncode != 0


def test_abort(background):
    i, pid, _ = background
    i.command("postfix", "abort")
    deadline = time.monotonic() + 5
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_flush(background, sink):
    i, _, _ = background
    sink.answers["RCPT"] = "450 4.2.0 come again"
    i.send(message())
    i.wait_queue(1, "deferred")
    sink.answers.clear()
    i.command("postfix", "flush")
    sink.wait(1)


def test_check_finds_nothing_wrong(background):
    i, _, _ = background
    done = i.command("postfix", "check")
    assert "fatal" not in done.stderr


def test_reload_keeps_sessions(background, sink):
    i, pid, _ = background
    with i.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        i.set_parameter("smtpd_banner", "$myhostname changed")
        i.command("postfix", "reload")
        i.log.wait("refreshing the Postfix mail system")
        i.log.wait(r"postfix/master\[\d+\]: reload -- version")
        assert c.data(message()).code == 250  # the session from before goes on
        c.envelope("a@load.example", "b@sink.example")
        assert c.data(message()).code == 250
    sink.wait(2)
    deadline = time.monotonic() + 5
    while True:
        with i.client() as c:
            if c.greeting.text == "mta.example changed":
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert is_alive(pid)


def test_reload_takes_new_services_and_drops_old_ones(background):
    i, _, _ = background
    second = free_port()
    i.write_config(master_cf=f"127.0.0.1:{second} inet n - n - - smtpd\n")
    i.command("postfix", "reload")
    first, i.port = i.port, second
    i.wait_ready()
    i.port = first
    i.write_config()
    i.command("postfix", "reload")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            Client(second, timeout=1).socket.close()
        except (OSError, Lost):  # refused, or taken off the queue of the socket that was just closed
            return
        time.sleep(0.1)
    raise AssertionError("the dropped service still answers")


def test_master_survives_its_daemons(instance, sink):
    for program in ("qmgr", "cleanup", "smtpd", "smtp", "trivial-rewrite"):
        for pid in instance.pids(program):
            os.kill(pid, signal.SIGKILL)
    instance.log.wait("process .* killed by signal 9")
    deadline = time.monotonic() + 20
    while True:
        try:
            instance.send(message())
            break
        except Exception:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    sink.wait(1, timeout=30)


def test_a_service_that_keeps_dying_is_throttled(make_instance):
    i = make_instance()
    i.write_config("", f"127.0.0.1:{i.port} inet n - n - - smtpd -o smtpd_timeout=nonsense\n")
    i.start(wait=False)
    i.log.wait("daemon started")
    try:
        Client(i.port, timeout=2, greeting=False)
    except OSError:
        pass
    i.log.wait(r"postfix/smtpd\[\d+\]: fatal: parameter smtpd_timeout: bad time value or unit: nonsense")
    i.log.wait(r"postfix/master\[\d+\]: warning: process .*smtpd pid \d+ exit status 1")
    i.log.wait(r"postfix/master\[\d+\]: warning: .*smtpd: bad command startup -- throttling")


# --- bad configurations: the file, the line, the value ---

BAD_MAIN = {
    "no equals sign": ("this is no parameter\n", r"main\.cf, line \d+: missing '=' after attribute name: \"this is no parameter\""),
    "bad number": ("message_size_limit = lots\n", r"bad numerical configuration: message_size_limit = lots"),
    "bad truth": ("soft_bounce = perhaps\n", r"bad boolean configuration: soft_bounce = perhaps"),
    "bad time": ("queue_run_delay = 4x\n", r"parameter queue_run_delay: bad time value or unit: 4x"),
    "bad owner": ("mail_owner = nosuchuser\n", r"mail_owner.*nosuchuser|nosuchuser"),
    "bad hostname": ("myhostname = -bad-.\n", r"myhostname"),
    "macro loop": ("myorigin = $mydomain\nmydomain = $myorigin\n", r"unreasonable macro call nesting"),
}


@pytest.fixture
def tells_us(under_test):
    if under_test.name == "reference":
        pytest.skip("the reference's master tells syslog, and only that")


@pytest.mark.parametrize("name", BAD_MAIN)
def test_errors_in_main_cf_are_named(make_instance, tells_us, name):
    line, want = BAD_MAIN[name]
    i = make_instance()
    with open(i.etc / "main.cf", "a") as f:
        f.write(line)
    i.start(wait=False)
    deadline = time.monotonic() + 10
    while not re.search(want, text := i.log.text() + (i.base / "stderr").read_text()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{want!r} is not in:\n{text}")
        try:
            i.client(timeout=1, greeting=False).socket.close()  # wakes smtpd up
        except OSError:
            pass
        time.sleep(0.1)
    assert "fatal: " in text or "warning: " in text


BAD_MASTER = {
    "type": ("x foo n - n - - smtpd\n", r"master\.cf: line \d+: bad transport type: foo"),
    "private": ("x unix maybe - n - - smtp\n", r"master\.cf: line \d+: field \"private\": bad value: \"maybe\""),
    "no command": ("x unix n - n - -\n", r"master\.cf: line \d+: missing \"command\" field"),
    "process limit": ("x unix n - n - many smtp\n", r"master\.cf: line \d+: field \"process_limit\": bad value: \"many\""),
    "private inet": ("127.0.0.1:1 inet y - n - - smtpd\n", r"master\.cf: line \d+: .*inet.* private"),
}


@pytest.mark.parametrize("name", BAD_MASTER)
def test_errors_in_master_cf_are_named(make_instance, tells_us, name):
    line, want = BAD_MASTER[name]
    i = make_instance()
    with open(i.etc / "master.cf", "a") as f:
        f.write(line)
    i.start(wait=False)
    assert i.master.wait(10) != 0
    text = i.log.text() + (i.base / "stderr").read_text()
    assert re.search(want, text), text


def test_queue_directory_of_another_owner(make_instance, sink):
    """Nothing is lost, and somebody is told."""
    i = make_instance(relay_port=sink.port)
    os.chown(i.spool / "incoming", 65534, -1)
    os.chmod(i.spool / "incoming", 0o700)
    os.chown(i.spool / "active", 65534, -1)
    i.start(wait=False)
    time.sleep(1)
    accepted = False
    try:
        with i.client(timeout=3) as c:
            accepted = bool(c.deliver(message()))
    except Exception:
        pass
    if not accepted:
        assert i.log.lines("warning|fatal") or (i.base / "stderr").read_text()
        return
    sink.wait(1)  # accepted is delivered


def test_environment_of_daemons_is_what_main_cf_imports(instance):
    pid = instance.pids("qmgr")[0]
    env = open(f"/proc/{pid}/environ").read().split("\0")
    names = {e.split("=")[0] for e in env if e}
    assert "MAIL_CONFIG" in names
    assert not any(n.startswith("PYTEST") for n in names)


def test_daemons_run_as_mail_owner(instance, sink):
    instance.send(message())
    sink.wait(1)
    owner = pwd.getpwnam("postfix").pw_uid
    for pid, program in instance.group().items():
        uid = int(re.search(r"(?m)^Uid:\t(\d+)\t(\d+)", open(f"/proc/{pid}/status").read()).group(2))
        assert uid == (0 if program == "master" else owner), program


def test_unprivileged_user_cannot_start(make_instance):
    i = make_instance()
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", i.suite.command("postfix"), "-c", str(i.etc), "start"],
                          env=i.env(), capture_output=True, text=True)
    assert done.returncode != 0
