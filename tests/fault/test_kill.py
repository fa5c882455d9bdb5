"""Daemons die under load: every message that was answered 250 arrives, and no more arrive twice than
were in flight. ROUNDS rounds of each kind; `make fault ROUNDS=50` is the long run."""

import os
import random
import shutil
import signal
import time

import pytest

from harness.client import Client
from harness.load import Receiver, Sender

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = 3
SESSIONS = 20
DESTINATION_CONCURRENCY = 20  # default_destination_concurrency_limit
PROGRAMS = ["smtpd", "cleanup", "qmgr", "smtp", "trivial-rewrite"]

# Whatever waits for a minute to spare a sick machine waits for a second here.
MAIN_CF = """\
service_throttle_time = 1s
transport_retry_time = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
smtpd_client_connection_count_limit = 0
"""


@pytest.fixture
def loaded(make_instance):
    """An instance, and where its mail goes."""
    i = make_instance(MAIN_CF)
    sink = Receiver(i.base)
    i.set_parameter("relayhost", f"[127.0.0.1]:{sink.port}")
    i.start()
    senders = []

    def load(seconds=SECONDS):
        senders.append(Sender(i.base, i.port, seconds, SESSIONS, name=f"source{len(senders)}"))
        return senders[-1]

    yield i, sink, load
    for sender in senders:
        sender.kill()
    sink.close()


def drain(instance, timeout=90):
    deadline = time.monotonic() + timeout
    while True:
        if instance.master.poll() is not None:
            instance.kill()
            instance.start()
        instance.command("postqueue", "-f", check=False)
        left = instance.command("postqueue", "-j", check=False)
        if left.returncode == 0 and not left.stdout:
            return
        assert time.monotonic() < deadline, f"the queue does not drain: {left.stdout[:1000]}{left.stderr}"
        time.sleep(0.5)


def settle_accounts(what, accepted, received, kills, tally):
    lost = accepted - set(received)
    repeated = sum(n - 1 for n in received.values())
    tally(f"{what}: {len(accepted)} answered 250, {len(lost)} lost, {repeated} repeated, {kills} kills")
    assert accepted, "no load"
    assert not lost, sorted(lost)[:10]
    # In flight: on their way out, and those whose outcome was on its way back.
    assert repeated <= kills * (SESSIONS + 4 * DESTINATION_CONCURRENCY)


def kill_one(instance, program):
    pids = instance.pids(program)
    if pids:
        os.kill(random.choice(pids), signal.SIGKILL)
    return bool(pids)


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("program", PROGRAMS)
def test_one_program_is_killed_again_and_again(loaded, tally, program, round):
    instance, sink, load = loaded
    source = load(2)
    kills, end = 0, time.monotonic() + 2
    time.sleep(0.3)
    while time.monotonic() < end:
        kills += kill_one(instance, program)
        time.sleep(random.uniform(0.2, 0.6))
    source.wait()
    drain(instance)
    settle_accounts(f"kill {program}", source.ids(), sink.ids(), kills, tally)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_programs_are_killed_at_random(loaded, tally, round):
    instance, sink, load = loaded
    source = load()
    kills, end = 0, time.monotonic() + SECONDS
    time.sleep(0.3)
    while time.monotonic() < end:
        everything = [name for name in instance.group().values() if name != "master"]
        kills += kill_one(instance, random.choice(everything)) if everything else 0
        time.sleep(random.uniform(0.05, 0.4))
    source.wait()
    drain(instance)
    settle_accounts("kill at random", source.ids(), sink.ids(), kills, tally)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_all_are_killed_together(loaded, tally, round):
    instance, sink, load = loaded
    source = load()
    kills, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(random.uniform(0.4, 0.9))
        instance.kill()
        kills += 1
        instance.start(wait=False)
    source.wait()
    wait_for_answer(instance)
    drain(instance)
    settle_accounts("kill all together", source.ids(), sink.ids(), kills * len(PROGRAMS), tally)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_master_is_killed(loaded, tally, round):
    instance, sink, load = loaded
    source = load(2)
    time.sleep(random.uniform(0.3, 1))
    os.kill(instance.master.pid, signal.SIGKILL)
    time.sleep(0.5)
    instance.kill()
    instance.start(wait=False)
    source.wait()
    wait_for_answer(instance)
    drain(instance)
    settle_accounts("kill master", source.ids(), sink.ids(), len(PROGRAMS), tally)


def wait_for_answer(instance):
    deadline = time.monotonic() + 20
    while True:
        try:
            Client(instance.port).socket.close()
            return
        except Exception:
            if instance.master.poll() is not None:
                instance.kill()
                instance.start(wait=False)
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_a_snapshot_of_the_queue_recovers_everything(loaded, make_instance, tally, round):
    """All processes are stopped in their tracks, and a copy of the queue directory taken: what a
    power cut would leave, had the disk kept what was written."""
    instance, sink, load = loaded
    source = load(30)
    time.sleep(random.uniform(0.5, 1.5))
    source.stop()
    for pid in instance.group():
        os.kill(pid, signal.SIGSTOP)
    time.sleep(0.2)  # what was on its way to the sink arrives
    accepted, before = source.ids(), sink.ids()
    copy = make_instance(MAIN_CF)
    shutil.rmtree(copy.spool)
    copy_queue(instance.spool, copy.spool)
    source.kill()
    instance.kill()

    second = Receiver(copy.base)
    try:
        copy.set_parameter("relayhost", f"[127.0.0.1]:{second.port}")
        copy.start()
        drain(copy)
        settle_accounts("snapshot", accepted, before + second.ids(), len(PROGRAMS), tally)
    finally:
        second.close()


def copy_queue(source, target):
    """As cp -a, but for sockets; hard links stay together."""
    shutil.copytree(source, target, symlinks=True, ignore=lambda folder, names: [
        n for n in names if not (os.path.isfile(os.path.join(folder, n)) or os.path.isdir(os.path.join(folder, n)))])
    for folder, folders, files in os.walk(source):
        for name in [".", *folders, *files]:
            old = os.path.join(folder, name)
            new = os.path.join(target, os.path.relpath(old, source))
            if os.path.exists(new):
                status = os.stat(old)
                os.chown(new, status.st_uid, status.st_gid)
                os.chmod(new, status.st_mode)
                os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
