"""local(8) and virtual(8): the same accounts, aliases and mail, to the reference and to us.

A scenario in local/ is one of scenario.py with more sections and lines:

    [aliases]                             the source of the alias database
    [home NAME FILE MODE]                 a file in somebody's home directory; its owner is NAME
    [base FILE MODE OWNER]                a file anywhere below the instance's folder, which is $base
    !to RECIPIENT... [from SENDER] [asking RCPT-OPTIONS] [with HEADER]      a message (from nobody, if not said)
    !set NAME = VALUE                     changes main.cf, and reloads
    !shell COMMAND                        in $base, as root, when everything before has been delivered

What is compared besides: every file that there is in homes and mailboxes, its mode, owner and group.
"""

import os
import pathlib
import pwd
import re
import shlex
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import accepted
import scenario
import test_parity
from harness import suite
from harness.client import stuff
from harness.people import Host

FOLDER = pathlib.Path(__file__).parent / "local"
MESSAGE = """\
From: <sender@load.example>
To: people:;
Subject: for some
Date: Sat, 21 Nov 2026 23:30:00 +0000
Message-ID: <local@load.example>

first line
From the second
.third
"""
BASE_FILES = ("var", "home", "mail", "out")
DIFFERENCES = [
    (accepted.THEIRS, r"<(\S+)> \(expanded from <\1>\): mail forwarding loop\s+for\s+\1", r"<\1>: mail forwarding loop for \1",
     "what an address is expanded from is another"),
    (accepted.THEIRS, r"(alias database owner for \S+)\(0,[a-z_0-9|]+\)$", r"\1", "options of its own"),
]
RELOAD_SECONDS = 0.8  # until old processes have gone


class Run(scenario.Run):
    folder = FOLDER

    def __init__(self, name, system, patience):
        super().__init__(name, system, patience)
        self.instance.remove()
        self.instance = Host(system, relay_port=self.sink.port)

    def __enter__(self):
        i = self.instance
        self.out = i.base / "out"
        self.out.mkdir()
        os.chmod(self.out, 0o1777)
        for title, lines in self.parts.items():
            text = self.expand(lines)
            kind, *words = title.split()
            if kind == "home":
                i.personal(words[0], words[1], text, int(words[2], 8))
            elif kind == "base":
                self.make(i.base / words[0], text, int(words[1], 8), words[2])
        i.aliases(self.expand(self.parts.get("aliases", [])))
        for part in ("main.cf", "master.cf"):
            self.parts[part] = self.expand(self.parts.get(part, [])).splitlines()
        return super().__enter__()

    def expand(self, lines):
        return "".join(line.replace("$base", str(self.instance.base)) + "\n" for line in lines)

    def make(self, path, text, mode, owner):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        uid = self.instance.people.get(owner)
        uid = pwd.getpwnam(owner).pw_uid if uid is None else uid
        os.chown(path, uid, uid)
        os.chmod(path, mode)

    def do_to(self, text):
        to, sender, asking, header = re.fullmatch(r"(.*?)(?: from (.*?))?(?: asking (.*?))?(?: with (.*))?", text).groups()
        message = (header + "\n" if header else "") + MESSAGE
        ret = " RET=HDRS ENVID=E+2B1" if asking else ""
        with self.instance.client() as c:
            c.ehlo()
            c.expect(f"MAIL FROM:<{sender or ''}>{ret}", 250)
            for r in shlex.split(to, posix=False):
                reply = c.command(f"RCPT TO:<{r if '@' in r else r + '@host.example'}> {asking or ''}".rstrip())
                self.transcript.append(f"{r}: {reply.code} {reply.text}")
            if c.command("DATA").code == 354:
                c.send(stuff(message.replace("\n", "\r\n")) + b".\r\n")
                self.transcript.append(str(c.reply()))
        self.wait_quiet()

    def do_set(self, text):
        name, _, value = text.partition("=")
        self.instance.set_parameter(name.strip(), self.expand([value.strip()]).strip())
        reloads = len(self.instance.log.lines("reload -- version"))
        self.instance.master.send_signal(signal.SIGHUP)
        self.instance.log.wait("reload -- version", reloads + 1)
        time.sleep(RELOAD_SECONDS)

    def do_shell(self, text):
        self.wait_quiet()
        done = subprocess.run(text, shell=True, cwd=self.instance.base, capture_output=True, text=True)
        self.transcript += [f"$ {text}: {done.returncode}", *(done.stdout + done.stderr).splitlines()]

    def files(self):
        found = []
        for top in BASE_FILES:
            for path in (self.instance.base / top).rglob("*"):
                st = path.lstat()
                text = path.read_text(errors="replace") if path.is_file() and not path.is_symlink() else ""
                name = re.sub(r"\d+\.[VP]\w+\.\S+$", "NAME", str(path.relative_to(self.instance.base)))
                found.append(f"{name} {st.st_mode:o} {st.st_uid}:{st.st_gid}\n"
                             + scenario.without_our_words(text))
        return found

    def result(self):
        files = self.files()
        clean = scenario.Normaliser(self)
        clean.rules += [(r"queued as \w+", "queued as N"),
                        (r"create maildir file(\s+\S+/)\d+\.[VP]\w+\.\S+", r"create maildir file\1NAME"),
                        (r"(cur|new|tmp) DIR", r"\1")]
        found = super().result()
        found["files"] = sorted(clean(text) for text in files)
        found["sent"] = [clean(text) for text in found["sent"]]
        found["log"] = {daemon: [clean(line) for line in lines] for daemon, lines in found["log"].items()}
        for daemon in found["log"]:
            if not daemon.endswith("smtpd"):
                found["log"][daemon].sort()
        return found


def result(name, system, side, patience):
    with Run(name, system, patience) as run:
        found = test_parity.rewrite(side, run.play().result())
    # Sorted once more: a line may be out of its place for words that are now gone.
    found["log"] = {daemon: lines if daemon.endswith("smtpd") else sorted(lines)
                    for daemon, lines in sorted(found["log"].items()) if lines}
    return found


def both(name, reference, patience):
    """Side by side: most of a scenario is waiting."""
    with ThreadPoolExecutor() as pool:
        theirs = pool.submit(result, name, reference, accepted.THEIRS, patience)
        ours = pool.submit(result, name, suite.postrider(), accepted.OURS, patience)
        return theirs.result(), ours.result()


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.txt")))
def test_local(name, reference, monkeypatch):
    monkeypatch.setattr(scenario, "FOLDER", FOLDER)
    monkeypatch.setattr(accepted, "DIFFERENCES", accepted.DIFFERENCES + DIFFERENCES)
    for patience in test_parity.PATIENCE:
        theirs, ours = both(name, reference, patience)
        if ours == theirs:
            return
    diff = test_parity.difflib.unified_diff(test_parity.readable(theirs), test_parity.readable(ours), "reference",
                                            "postrider", n=1, lineterm="")
    raise AssertionError("differences:\n" + "\n".join(diff))
