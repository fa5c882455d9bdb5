"""Programs that read the mail log make of ours what they make of the reference's, of one and the same day (day.py)."""

import collections
import difflib
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from debian import unpacked
from harness import suite
from parity import accepted, scenario
from traffic import Traffic

# Lines that a reader has to do with, and that differ for a reason; besides what parity/accepted.py lists.
DIFFERENCES = [
    (accepted.OURS, r"^(Postfix is using backwards-compatible|See https://www.postfix.org/COMPATIBILITY|To disable backwards).*$", "",
     "3.11: the level that the tests set is an old one"),
    (accepted.OURS, r"^starting the Postfix mail system$", "", "the reference is started without its script"),
    (accepted.THEIRS, r"^warning: QID: queue file size limit exceeded$", "", "smtpd and cleanup both say so"),
    (accepted.OURS, r"^warning: QID: queue file size limit exceeded$", "", "smtpd says so"),
    (accepted.THEIRS, r"^QID: message-id=<(large|refused-at-the-end)@sender\.example>$", "", "what is refused is not given to cleanup"),
]
# When they come is chance, or what they say is each suite's own.
NOT_COMPARED = re.compile(r"postfix/(anvil|scache|master)")

# What differs from run to run gets one spelling, with which each line is still one that Postfix would write; and readers
# are spared what differs for a reason, as above. Those of today look for lines of before 3.10, which began without an id.
FOR_READERS = [
    (r"(?m)^.* postfix(/(anvil|scache|master|postfix-script))?\[.*\n", ""),
    (r"(?m)^.* (removed \((canceled|discarded)\)|warning: mail_stream_cleanup: .*)\n", ""),
    (r"(?m)^.* warning: \w+: queue file size limit exceeded\n", ""),
    (r"(?m)^.* message-id=<(large|refused-at-the-end)@sender\.example>\n", ""),
    (r"(\]: )(?:NOQUEUE|[0-9A-F]{6,}): (?=(?:lost connection|timeout|too many errors) after)", r"\1"),
    (r"(?m)^\w{3} [ \d]\d [\d:]{8} \S+ ", "Nov 22 08:00:00 mta "),
    (r"(/\w+)\[\d+\]: ", r"\1[4711]: "),
    (r" conn_use=\d+,", ""),
    (r"delay=[\d.]+, delays=[\d./]+", "delay=0.1, delays=0/0/0/0.1"),
    (r"\bsize=\d+", "size=500"),
    (r"127\.0\.0\.1(\]?):\d{4,5}", r"127.0.0.1\1:25"),
    (r"queued as \w+", "queued as 1"),
]


class Day:
    """lines: how often each line is in it; path: a file for readers, without what differs from run to run."""

    def __init__(self, folder, side):
        self.path = folder / "mail.log"
        self.lines = collections.Counter(filter(None, (comparable(*line, side) for line in json.loads((folder / "lines").read_text()))))

    def read(self, *argv, check=True, **options):
        done = subprocess.run([str(self.path) if word is LOG else word for word in argv], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                              env={**os.environ, "LC_ALL": "C"}, **options)
        assert done.returncode == 0 or not check, done.stdout
        return re.sub(r"\b[0-9A-F]{6,}\b|processed in [\d.]+", "X", done.stdout.replace(str(self.path), "LOG"))


LOG = object()
TRIES = 3


def comparable(tag, text, side):
    for where, pattern, to, _reason in accepted.DIFFERENCES + DIFFERENCES:
        if where == side:
            text = re.sub(pattern, to, text, flags=re.M)
    return f"{tag}: {text}" if text and not NOT_COMPARED.match(tag) else None


def for_readers(text, base):
    text = text.replace(str(base), "/base")
    for pattern, to in FOR_READERS:
        text = re.sub(pattern, to, text)
    return text


def play(system, folder):
    traffic = Traffic(system)
    try:
        raw = traffic.play()
        clean = scenario.Normaliser(traffic)
        lines = [line.partition(": ") for line in traffic.log.lines()]
    finally:
        traffic.close()
    lines = [(re.sub(r"\[\d+\]$", "", tag), re.sub(r"127\.0\.0\.1:\d+", "SERVICE", clean(text))) for tag, _, text in lines]
    folder.mkdir()
    (folder / "mail.log").write_text(for_readers(raw, traffic.host.base))
    (folder / "lines").write_text(json.dumps(lines))


def differences(theirs, ours):
    return [f"-{line}" for line in theirs.lines - ours.lines] + [f"+{line}" for line in ours.lines - theirs.lines]


def both(folder):
    return Day(folder / "reference", accepted.THEIRS), Day(folder / "postrider", accepted.OURS)


def play_both(folder):
    """A machine that stands still for a second makes clients time out that did not mean to: then once more."""
    if not suite.has_reference():
        subprocess.run([suite.TREE / "tools/fetch-reference"], check=True)
    for _ in range(TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for system in (suite.reference(), suite.postrider()):
            play(system, folder / system.name)
        if not differences(*both(folder)):
            return


@pytest.fixture(scope="session")
def days(tmp_path_factory):
    """(the reference's, ours): made once, whoever of the workers comes first."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with open(base / "traffic.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / "traffic").exists():
            play_both(base / "traffic.new")
            (base / "traffic.new").rename(base / "traffic")
    return both(base / "traffic")


def test_same_lines(days):
    assert differences(*days) == []


# --- what programs make of it ---

READERS = {
    "pflogsumm": ["pflogsumm", "--problems_first", "--verbose_msg_detail", "--rej_add_from", LOG],
    "pflogsumm iso": ["pflogsumm", "--iso_date_time", "--smtpd_stats", "--zero_fill", "-u", "5", LOG],
    "logcheck": ["grep", "-vEf", "/etc/logcheck/ignore.d.server/postfix", LOG],
    "maillogconvert": ["perl", "/usr/share/doc/awstats/examples/maillogconvert.pl", "standard", LOG],
    "mailstats": ["awk", r"""match($0, /status=[a-z]+/) { n[substr($0, RSTART, RLENGTH)]++ } END { for (s in n) print s, n[s] }""", LOG],
}


def same(days, *argv, **options):
    theirs, ours = (sorted(day.read(*argv, **options).splitlines()) for day in days)
    assert theirs
    difference = [line for line in difflib.unified_diff(theirs, ours, "reference", "postrider", n=0, lineterm="")]
    assert not difference, "\n".join(difference)
    return ours


@pytest.mark.parametrize("name", READERS)
def test_same_report(days, name):
    same(days, *READERS[name], check=False)


@pytest.mark.parametrize("mode", ["aggressive", "errors"])
def test_fail2ban(days, mode):
    """The first of them is all others in one, but for this."""
    theirs, ours = (re.findall(r"(?m)^\|  (Nov .*)", day.read("fail2ban-regex", "--print-all-matched", LOG, f"postfix[mode={mode}]"))
                    for day in days)
    assert sorted(ours) == sorted(theirs) != []


def test_munin(days, tmp_path):
    """Its plugins remember where they were in the log; the first call only finds its end."""
    plugins = pathlib.Path("/usr/share/munin/plugins")
    for name, values in (("postfix_mailvolume", 1), ("postfix_mailstats", 2)):
        def run(day):
            folder = tmp_path / day.path.parent.name / name
            folder.mkdir(parents=True)
            log = folder / "mail.log"
            env = {**os.environ, "MUNIN_LIBDIR": "/usr/share/munin", "MUNIN_STATEFILE": str(folder / "state"),
                   "MUNIN_PLUGSTATE": str(folder), "logdir": str(folder), "logfile": "mail.log"}
            before = "Nov 22 07:59:00 mta postfix/anvil[1]: statistics: max cache size 1 at Nov 22 07:59:00\n"
            for text in (before, before + day.path.read_text()):
                log.write_text(text)
                out = subprocess.run([plugins / name], env=env, text=True, stdout=subprocess.PIPE, check=True).stdout
            return out
        theirs, ours = map(run, days)
        assert ours == theirs and len(re.findall(r"\.value [1-9]", ours)) >= values, ours


def test_logwatch(days):
    script = unpacked("logwatch") / "usr/share/logwatch/scripts/services/postfix"
    lines = same(days, "perl", str(script), "--detail", "11", "--nosect_vars", LOG)
    assert any("Reject" in line for line in lines)


def test_mailgraph(days, tmp_path):
    """It tells of a minute when the next has begun."""
    def run(day):
        folder = tmp_path / day.path.parent.name
        folder.mkdir()
        first = day.path.read_text()
        (folder / "mail.log").write_text(first + first.replace(" 08:00:00 ", " 08:05:00 "))
        return day.read("mailgraph", "--cat", "--verbose", "--logfile", str(folder / "mail.log"), f"--daemon-rrd={folder}")
    theirs, ours = map(run, days)
    assert ours == theirs and re.search(r"update X:[1-9]\d*:[1-9]\d*:[1-9]\d*:[1-9]", ours), ours
