"""Agents, and the services that they ask, die while they work: every message that was answered 250, or that sendmail
took, is where it belongs, and no more of them twice than were in flight."""

import collections
import os
import random
import re
import signal
import subprocess
import threading
import time

import pytest

from harness.instance import free_port
from harness.load import Receiver, Sender
from harness.people import Host
from test_kill import MAIN_CF, drain, kill_one, settle_accounts

ROUNDS = int(os.environ.get("ROUNDS", "1"))
MESSAGES = 150  # agents that serve one delivery a process are not fast
SECONDS = 2

KEEPER = """\
f=$(mktemp "$0.XXXXXX") && cat > "$f" && mv "$f" "$f.kept"
"""

# What is killed, what it takes for mail to pass there, and whom the mail is for.
CASES = {
    "local": ("home_mailbox = Maildir/\n", "", "ann@host.example"),
    # Who is killed leaves his lock file, which the next one takes for held until it is old.
    "virtual": ("virtual_mailbox_domains = v.example\nvirtual_mailbox_maps = static:box\nstale_lock_time = 2s\n", "",
                "rcpt@v.example"),
    "pipe": ("transport_maps = inline:{p.example=keep}\n",
             "keep unix - n n - - pipe user=ann argv=/bin/sh {base}/out/keep", "rcpt@p.example"),
    "lmtp": ("transport_maps = inline:{l.example=lmtp:[127.0.0.1]:{port}}\n", "", "rcpt@l.example"),
    # Reports of what is returned are for a sender here.
    "bounce": ("smtpd_reject_unlisted_recipient = no\nvirtual_mailbox_domains = load.example, e.example\n"
               "virtual_mailbox_maps = inline:{@load.example=reports/}\n", "", "rcpt@e.example"),
    "verify": ("smtpd_recipient_restrictions = reject_unverified_recipient, permit_mynetworks, reject\n"
               "address_verify_map =\naddress_verify_poll_delay = 1s\n", "", "rcpt@sink.example"),
    "flush": ("fast_flush_domains = sink.example\nrelay_domains = sink.example\ndefer_transports = relay\n", "",
              "rcpt@sink.example"),
}
TO_LMTP = ("lmtp",)
UNHURRIED = ("verify",)  # nothing is accepted until it has lived for a moment


@pytest.fixture
def scene(under_test):
    """scene(program): a host through which mail passes by way of that, and where what leaves it goes."""
    made = []

    def make(program):
        main_cf, master_cf, _ = CASES[program]
        h = Host(under_test)
        made.append(h)
        port = free_port()
        h.write_config(f"relayhost = [127.0.0.1]:{port}\n" + MAIN_CF + main_cf.replace("{port}", str(port)),
                       master_cf.replace("{base}", str(h.base)))
        out = h.base / "out"
        out.mkdir()
        os.chmod(out, 0o1777)
        (out / "keep").write_text(KEEPER)
        sink = Receiver(h.base, port=port, options=("-L",) if program in TO_LMTP else ())
        made.append(sink)
        return h.start(), sink

    yield make
    for one in made:
        if isinstance(one, Host):
            one.stop()
            one.remove()
        else:
            one.close()


def in_files(host):
    """The Message-IDs in all that was delivered to this host."""
    found = collections.Counter()
    for top in ("home", "mail", "out", "var"):
        for path in (host.base / top).rglob("*"):
            if path.is_file() and "/tmp/" not in str(path.relative_to(host.base)):
                text = path.read_text(errors="replace")
                found.update(re.findall(r"(?m)^Message-I[dD]: *(<\S+@load\.example>)", text))
    return found


def received(host, sink):
    """Of each message, named as in the record of the load."""
    return in_files(host) + collections.Counter(f"<{name.strip('<>')}>" for name in sink.ids().elements())


def named(accepted):
    return {f"<{name.strip('<>')}>" for name in accepted}


def kill_for_a_while(host, program, seconds, pause):
    kills, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        kills += kill_one(host, program)
        time.sleep(random.uniform(0.3 * pause, pause))
    return kills


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("program", CASES)
def test_an_agent_is_killed_again_and_again(scene, tally, program, round):
    host, sink = scene(program)
    seconds, pause = (3 * SECONDS, 2.5) if program in UNHURRIED else (SECONDS, 0.25)
    source = Sender(host.base, host.port, seconds, sessions=5,
                    options=("-a", "envelope", "-b", "20", "-m", str(MESSAGES), "-t", CASES[program][2], "-f",
                             "source@load.example"))
    try:
        kills = kill_for_a_while(host, program, seconds + 0.5, pause)
        source.wait()
    finally:
        source.kill()
    if program == "flush":
        host.set_parameter("defer_transports", "")
        host.reload()
    drain(host)
    settle_accounts(f"kill {program}", named(source.ids()), received(host, sink), kills, tally)


# --- what people submit ---

def children(pid):
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat") as f:
                    head, tail = f.read().rsplit(")", 1)
            except OSError:  # it has ended meanwhile
                continue
            if int(tail.split()[1]) == pid:
                found.append((int(entry.name), head.split("(", 1)[1]))
    return found


class Person(threading.Thread):
    """Sends mail, one message after the other; what sendmail says it has taken is taken."""

    def __init__(self, host, number, count):
        super().__init__()
        self.host, self.number, self.count = host, number, count
        self.accepted, self.process, self.kills = set(), None, 0

    def run(self):
        for i in range(self.count):
            name = f"<{self.number}.{i}@load.example>"
            argv = [self.host.suite.command("sendmail"), "-f", "me@load.example", "rcpt@sink.example"]
            self.process = subprocess.Popen(argv, env=self.host.env(), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                self.process.communicate(f"Message-ID: {name}\nSubject: x\n\nbody\n".encode(), timeout=60)
            except BrokenPipeError:
                self.process.wait(60)
            if self.process.returncode == 0:
                self.accepted.add(name)

    def kill_postdrop(self):
        if self.process is not None:
            for pid, name in children(self.process.pid):
                if name == "postdrop":
                    try:
                        os.kill(pid, signal.SIGKILL)
                        self.kills += 1
                    except ProcessLookupError:
                        pass


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("program", ["postdrop", "pickup"])
def test_submission_is_killed(scene, tally, program, round):
    host, sink = scene("local")
    people = [Person(host, n, 40) for n in range(4)]
    for p in people:
        p.start()
    kills = 0
    while any(p.is_alive() for p in people):
        if program == "postdrop":
            random.choice(people).kill_postdrop()
        else:
            kills += kill_one(host, "pickup")
        time.sleep(random.uniform(0.01, 0.1))
    for p in people:
        p.join()
        kills += p.kills
    wait_for_empty(host.spool / "maildrop", host)
    drain(host)
    accepted = set().union(*(p.accepted for p in people))
    settle_accounts(f"kill {program}", accepted, received(host, sink), kills, tally)


def wait_for_empty(maildrop, host, timeout=60):
    """Of files that are complete: a killed postdrop leaves half a file, which is no message."""
    deadline = time.monotonic() + timeout
    while [p for p in maildrop.iterdir() if p.stat().st_mode & 0o100]:
        assert time.monotonic() < deadline, list(maildrop.iterdir())
        host.command("postkick", "public", "pickup", "W", check=False)
        time.sleep(0.2)
