"""postsuper, postcat, postqueue and showq, each on the same queue made by hand, as the reference and as ours."""

import contextlib
import difflib
import itertools
import os
import re
import shutil
import time

import pytest

from harness import queuefile, suite
from harness.instance import Instance
from harness.queuefile import image, plant, pointers, reason, record, submission

ARRIVAL = 1_700_000_000
OLD = int(time.time()) - 8 * 86400

# One of everything, by label: queue, microseconds (in the name), what is in it, how it differs.
MESSAGES = {
    "ACTIVE": ("active", 0x11111, image(arrival=ARRIVAL), {}),
    "INCOMING": ("incoming", 0x22222, image(sender="", arrival=ARRIVAL), {}),
    "DEFERRED": ("deferred", 0x33333, image(recipients=("a@sink.example", "b@sink.example"), arrival=ARRIVAL), {"depth": 1}),
    "SECOND": ("deferred", 0x34444, image(arrival=ARRIVAL), {"depth": 1}),
    "HELD": ("hold", 0x44444, image(arrival=ARRIVAL), {}),
    "EXPIRED": ("deferred", 0x35555, image(arrival=ARRIVAL), {"depth": 1, "mode": 0o710}),
    "UNFINISHED": ("incoming", 0x55555, image(arrival=ARRIVAL)[:100], {"mode": 0o600}),
    "DROPPED": ("maildrop", 0x66666, submission(arrival=ARRIVAL), {"mode": 0o744}),
    "LONG": ("deferred", 0x77777, image(arrival=ARRIVAL), {"depth": 1, "seconds": ARRIVAL}),
}


# With -v the reference also tells what happens inside of it; we look through trace/, as the manual says that both do.
CHATTER = r" at qshape line \d|: (name_mask|inet_addr_local): |: queue: trace$|: renamed file hold/\w+ as (deferred|hold)/"
LOGS = ("defer", "bounce", "trace")


def in_order(lines):
    """Files are met in the order of their directory, which is chance."""
    groups = itertools.groupby(lines, key=lambda line: re.search(": warning: bogus file name: ", line) is not None)
    return [line for is_chance, group in groups for line in (sorted(group) if is_chance else group)]


class Side:
    """A mail system that is down, with a queue in which things can be compared."""

    def __init__(self, system, main_cf=""):
        self.instance = Instance(system, main_cf)
        self.spool = self.instance.spool
        self.names = {}      # queue id -> label

    def add(self, label, queue, micros, data, **options):
        path = plant(self.spool, queue, micros, data, **options)
        self.names[path.name] = label
        return path

    def fill(self, only=None):
        for label, (queue, micros, data, options) in MESSAGES.items():
            if only is None or label in only:
                path = self.add(label, queue, micros, data, **options)
                if queue == "deferred":
                    plant(self.spool, "defer", micros, reason("a@sink.example", f"why of {label}"), 0o600, 1, name=path.name)

    def clean(self, text):
        for path in self.spool.rglob("*"):
            number = os.stat(path).st_ino
            found = path.is_file() and re.fullmatch("([0-9A-F]{5})%X(#FIX)?|(.{10}z)%s" % (number, queuefile.base(number, 1, queuefile.SAFE51)), path.name)
            if found:
                self.names.setdefault(path.name.removesuffix("#FIX"), (found[1] or found[3]) + "-INODE")
        for name in sorted(self.names, key=len, reverse=True):
            text = text.replace(name, self.names[name])
        text = re.sub(rf"\[\d+\]", "[PID]", text.replace(str(self.instance.base), "BASE"))
        text = text.replace("scan_dir_push: ", "")  # the name of a function of its own
        return text.replace(str(self.instance.suite.commands) + "/", "").replace(str(self.instance.suite.daemons), "DAEMONS")

    def files(self):
        """What is in the queues. Not logs without their message: we remove them in time, the reference some day."""
        now, rows = time.time(), []
        mail = {path.name for path in self.spool.rglob("*") if path.is_file() and path.relative_to(self.spool).parts[0] not in LOGS}
        for path in self.spool.rglob("*"):
            queue = path.relative_to(self.spool).parts[0]
            relative = self.clean(str(path.relative_to(self.spool)))
            if queue in ("pid", "journal", "private", "public") or queue in LOGS and path.is_file() and path.name not in mail:
                continue
            if path.is_file():
                s = os.stat(path)
                age = "now" if abs(s.st_mtime - now) < 100 else "past" if s.st_mtime < now else "future"
                rows.append(f"{relative} {s.st_mode & 0o7777:o} {age} {s.st_nlink}")
            elif queue not in LOGS and relative.count("/") > 1:  # others are made when it pleases
                rows.append(relative + "/")
        return sorted(rows)

    def run(self, command):
        name, *arguments = command.split()
        stdin = None
        if "<" in arguments:
            stdin = " ".join(arguments[arguments.index("<") + 1:]).replace("\\n", "\n")
            arguments = arguments[:arguments.index("<")]
        ids = {label: queue_id for queue_id, label in self.names.items()}
        fill_in = lambda text: re.sub(r"\b[A-Z]{4,}\b", lambda m: ids.get(m[0], m[0]), text)
        done = self.instance.command(name, *map(fill_in, arguments), check=False, input=stdin and fill_in(stdin), cwd=self.spool)
        lines = [line for line in self.clean(done.stdout + done.stderr).splitlines() if not re.search(CHATTER, line)]
        return [f"$ {command}: {done.returncode}", *(sorted(lines) if "-v" in arguments else in_order(lines))]

    def log(self):
        lines = self.clean(self.instance.log.text()).splitlines()
        return in_order([re.sub(r"^\w{3} [ \d]\d [\d:]{8} \S+ ", "", line) for line in lines if not re.search(CHATTER, line)])


@contextlib.contextmanager
def both(main_cf=""):
    sides = [Side(suite.reference(), main_cf), Side(suite.postrider(), main_cf)]
    try:
        yield sides
    finally:
        for side in sides:
            side.instance.remove()


def compare(commands, fill, main_cf="", newer=lambda text: text):
    with both(main_cf) as sides:
        results = []
        for side in sides:
            fill(side)
            said = [line for command in commands for line in side.run(command)]
            log = side.log()
            results.append({"said": said, "log": sorted(log) if any(" -v" in c for c in commands) else log, "files": side.files()})
        theirs, ours = results
        theirs["said"] = [newer(line) for line in theirs["said"]]
        diff = difflib.unified_diff(*([f"{part}: {line}" for part in r for line in r[part]] for r in (theirs, ours)),
                                    "reference", "postrider", n=1, lineterm="")
        if ours != theirs:
            raise AssertionError("differences:\n" + "\n".join(diff))


@pytest.fixture(autouse=True)
def needs_reference(reference):
    return reference


# --- postsuper ---

ALL = lambda side: side.fill()
HASH_MANY = "hash_queue_names = deferred defer active incoming hold bounce trace\nhash_queue_depth = 3\n"


def logs(side):
    """Logs without a message, and of every kind for one that is there."""
    side.fill()
    name = next(n for n, label in side.names.items() if label == "HELD")
    for queue, depth in (("bounce", 0), ("trace", 0), ("defer", 1)):
        plant(side.spool, queue, 0x44444, reason("r@sink.example", "no"), 0o600, depth, name=name)


def misnamed(side):
    """Restored from a backup: names that tell of other inodes, with logs; also in the wrong places."""
    side.add("WRONG", "deferred", 0x12345, image(), depth=1, number=0xDEAD0)
    side.add("WRONGHELD", "hold", 0x22345, image(), number=0xDEAD1)
    side.add("WRONGLONG", "active", 0x32345, image(), number=0xDEAD2, seconds=ARRIVAL)
    side.add("MISPLACED", "deferred", 0x42345, image(), depth=3)
    side.add("MISPLACEDTOO", "active", 0x52345, image(), depth=2)
    side.add("RIGHT", "deferred", 0x62345, image(), depth=1)
    side.add("UNFINISHED", "incoming", 0x72345, image()[:50], number=0xDEAD3, mode=0o600)
    side.add("DROPPED", "maildrop", 0x11345, submission(), number=0xDEAD4, mode=0o744)
    for name, label in side.names.items():
        if label in ("WRONG", "WRONGHELD"):
            plant(side.spool, "bounce", 0, "bounce of " + label, 0o600, name=name)
            plant(side.spool, "defer", int(name[:5], 16), "defer of " + label, 0o600, 1, name=name)


def swapped(side):
    """Two messages, each with the name that the other should have."""
    paths = [side.add(f"SWAPPED{n}", "hold", 0x12345, image(sender=f"{n}@x.example")) for n in (1, 2)]
    aside = paths[0].with_name("ASIDE")
    paths[0].rename(aside)
    paths[1].rename(paths[0])
    aside.rename(paths[1])


def interrupted(side):
    """A repair that was killed half-way."""
    path = side.add("HALF", "deferred", 0x12345, image(), depth=1, number=0xBEEF)
    right = "12345%X" % os.stat(path).st_ino
    path.rename(path.with_name(right + "#FIX"))
    (side.spool / "bounce" / (right + "#FIX")).write_text("bounce")
    side.names[right] = "HALFRIGHT"


def rubbish(side):
    """What does not belong there."""
    for queue in ("active", "deferred"):
        folder = side.spool / queue
        (folder / "what.ever").write_text("x")
        (folder / "12345.678").write_text("x")
        (folder / "x y").write_text("x")
        (folder / "directory").mkdir()
        (folder / "#1234").write_text("x")
    queuefile.folder(side.spool, "deferred", 0xCC000, 3)


def old(side):
    """Unfinished files of last week, and finished ones."""
    for n, queue in enumerate(("maildrop", "incoming", "active", "deferred", "hold")):
        depth = 1 if queue == "deferred" else 0
        for k, (mode, when) in enumerate(((0o600, OLD), (0o600, None), (0o700, OLD), (0o644, OLD), (0o400, OLD))):
            side.add(f"FILE{n}{k}"[:4] + "ABCDE"[n] + "ABCDE"[k], queue, 0x10000 + 0x1000 * n + k, image(), depth=depth, mode=mode, when=when)


def unwritable(queue):
    def fill(side):
        side.fill()
        os.chown(side.spool / queue, 0, 0)
        os.chmod(side.spool / queue, 0o755)
    return fill


def missing(queue):
    def fill(side):
        side.fill()
        shutil.rmtree(side.spool / queue)
    return fill


def foreign(side):
    side.fill()
    for label, queue in (("HELD", "hold"), ("ACTIVE", "active")):
        os.chown(next(p for p in (side.spool / queue).iterdir() if side.names[p.name] == label), 0, 0)


def odd_modes(side):
    for n, (label, mode) in enumerate((("RONLY", 0o400), ("EXECUTE", 0o500), ("EVERYBODY", 0o777), ("WRITTEN", 0o600))):
        side.add(label, "active", 0x12345 + n, image(), mode=mode)


def none(side):
    pass


@pytest.mark.parametrize("fill, commands, main_cf", [
    (ALL, ["postsuper -d DEFERRED"], ""),
    (ALL, ["postsuper -d ACTIVE -d INCOMING -d HELD -d DROPPED -d LONG"], ""),
    (ALL, ["postsuper -d ALL"], ""),
    (ALL, ["postsuper -d ALL deferred"], ""),
    (ALL, ["postsuper -d ALL maildrop hold"], ""),
    (ALL, ["postsuper -d DEFERRED hold", "postsuper -d DEFERRED deferred hold"], ""),
    (ALL, ["postsuper -d UNFINISHED", "postsuper -d ALL incoming"], ""),
    (ALL, ["postsuper -v -d ALL"], ""),
    (ALL, ["postsuper -d - < DEFERRED\\nACTIVE\\n"], ""),
    (ALL, ["postsuper -d - < DEFERRED\\r\\nACTIVE"], ""),
    (ALL, ["postsuper -d - < DEFERRED \\n ACTIVE\\n\\nHELD*\\n"], ""),
    (ALL, ["postsuper -d - < ALL\\n"], ""),
    (ALL, ["postsuper -d - -h - < DEFERRED\\nACTIVE\\n"], ""),
    (ALL, ["postsuper -d - deferred < DEFERRED\\nACTIVE\\n"], ""),
    (ALL, ["postsuper -h ALL", "postsuper -H ALL", "postsuper -r ALL"], ""),
    (ALL, ["postsuper -h DEFERRED -h HELD -h DROPPED -h EXPIRED"], ""),
    (ALL, ["postsuper -h ALL maildrop", "postsuper -h ALL hold"], ""),
    (ALL, ["postsuper -h ALL incoming"], ""),
    (ALL, ["postsuper -H HELD -H DEFERRED", "postsuper -H ALL deferred"], ""),
    (ALL, ["postsuper -r DEFERRED -r HELD -r LONG -r DROPPED"], ""),
    (ALL, ["postsuper -r ALL deferred", "postsuper -r ALL maildrop"], ""),
    (ALL, ["postsuper -e ALL", "postsuper -e ALL"], ""),
    (ALL, ["postsuper -e DEFERRED -e EXPIRED -e HELD -e DROPPED"], ""),
    (ALL, ["postsuper -f ALL"], ""),
    (ALL, ["postsuper -f HELD", "postsuper -f EXPIRED -f DEFERRED"], ""),
    (ALL, ["postsuper -v -f ALL hold"], ""),
    (ALL, ["postsuper -e ALL hold", "postsuper -f ALL hold"], ""),
    (ALL, ["postsuper -h DEFERRED -e SECOND -r HELD -d ACTIVE -d ALL -H ALL"], ""),
    (ALL, ["postsuper -d ALL -h ALL hold deferred"], ""),
    (ALL, ["postsuper -h DEFERRED -d DEFERRED -H DEFERRED"], ""),
    (ALL, ["postsuper -s -p -d ALL deferred"], ""),
    (ALL, ["postsuper -d 12345NOTTHERE", "postsuper -d x", "postsuper -d a/b", "postsuper -d ../hold"], ""),
    (ALL, ["postsuper -d all", "postsuper -d ''"], ""),
    (ALL, ["postsuper -d ALL nosuch", "postsuper -d ALL corrupt", "postsuper -d ALL defer", "postsuper nosuch"], ""),
    (ALL, ["postsuper -d ALL bounce", "postsuper -h ALL trace", "postsuper -d DEFERRED defer", "postsuper -d ALL flush"], ""),
    (ALL, ["postsuper -x", "postsuper -d", "postsuper -c", "postsuper -c /nonexistent -d ALL"], ""),
    (ALL, ["postsuper", "postsuper -p", "postsuper -s", "postsuper -S", "postsuper -v"], ""),
    (ALL, ["postsuper deferred", "postsuper -s hold"], ""),
    (logs, ["postsuper -d HELD"], ""),
    (logs, ["postsuper -h DEFERRED", "postsuper -r HELD", "postsuper -d ALL"], ""),
    (logs, ["postsuper -s"], ""),
    (misnamed, ["postsuper -s", "postsuper -s"], ""),
    (misnamed, ["postsuper", "postsuper"], ""),
    (misnamed, ["postsuper -v -s"], ""),
    (misnamed, ["postsuper -S", "postsuper -S"], ""),
    (misnamed, ["postsuper -s hold"], ""),
    (misnamed, ["postsuper -s deferred"], ""),
    (misnamed, ["postsuper -s -d ALL"], ""),
    (misnamed, ["postsuper -s", "postsuper -s"], "enable_long_queue_ids = yes\n"),
    (misnamed, ["postsuper -S", "postsuper -S"], "enable_long_queue_ids = yes\n"),
    (swapped, ["postsuper -s", "postsuper -s"], ""),
    (interrupted, ["postsuper -s", "postsuper -s"], ""),
    (rubbish, ["postsuper -s", "postsuper -p", "postsuper -d ALL"], ""),
    (rubbish, ["postsuper -v -s"], ""),
    (old, ["postsuper -p"], ""),
    (old, ["postsuper -v -p"], ""),
    (old, ["postsuper"], ""),
    (old, ["postsuper -d ALL"], ""),
    (ALL, ["postsuper -s", "postsuper -s", "postsuper -d DEFERRED -h LONG -d HELD"], HASH_MANY),
    (ALL, ["postsuper -d ALL deferred"], HASH_MANY),
    (ALL, ["postsuper -d DEFERRED -d LONG"], HASH_MANY),
    (ALL, ["postsuper -s", "postsuper -s"], "hash_queue_names = hold\n"),
    (ALL, ["postsuper -v -s"], "hash_queue_names = hold\n"),
    (ALL, ["postsuper -s"], "hash_queue_names =\n"),
    (ALL, ["postsuper -s", "postsuper -d ALL", "postsuper -p"], "hash_queue_names = maildrop\n"),
    (misnamed, ["postsuper -s -d WRONGHELD"], ""),
    (misnamed, ["postsuper -s -d MISPLACED -h ALL"], ""),
    (misnamed, ["postsuper -s -d - < WRONG"], ""),
    (ALL, ["postsuper -r ALL -h ALL"], ""),
    (ALL, ["postsuper -e ALL -d ALL hold"], ""),
    (ALL, ["postsuper -f ALL -h ALL"], ""),
    (ALL, ["postsuper -H ALL -h ALL hold deferred"], ""),
    (ALL, ["postsuper -h ALL -H ALL hold deferred"], ""),
    (ALL, ["postsuper -v -h ALL"], ""),
    (ALL, ["postsuper -v -r ALL"], ""),
    (ALL, ["postsuper -v -d DEFERRED -h SECOND -r HELD -e ACTIVE"], ""),
    (ALL, ["postsuper -c relative -d ALL", "postsuper hold -d ALL"], ""),
    (ALL, ["postsuper -e UNFINISHED", "postsuper -h UNFINISHED -r UNFINISHED"], ""),
    (unwritable("hold"), ["postsuper -d HELD", "postsuper -h DEFERRED", "postsuper -H HELD", "postsuper -f HELD"], ""),
    (unwritable("maildrop"), ["postsuper -r DEFERRED", "postsuper -d DROPPED"], ""),
    (missing("hold"), ["postsuper -h DEFERRED", "postsuper -d ALL", "postsuper -d HELD", "postsuper"], ""),
    (missing("defer"), ["postsuper -d DEFERRED", "postsuper -d ALL", "postsuper"], ""),
    (foreign, ["postsuper -e HELD", "postsuper -e ALL", "postsuper -r HELD", "postsuper -f ACTIVE", "postsuper -d ALL"], ""),
    (odd_modes, ["postsuper -h RONLY -h EXECUTE -h EVERYBODY -h WRITTEN"], ""),
    (odd_modes, ["postsuper -e RONLY -e EXECUTE -e EVERYBODY -e WRITTEN", "postsuper -e ALL"], ""),
    (odd_modes, ["postsuper -d RONLY -d EXECUTE -d EVERYBODY -d WRITTEN"], ""),
    (odd_modes, ["postsuper -r RONLY -r EXECUTE -r EVERYBODY -r WRITTEN", "postsuper -d ALL"], ""),
    (ALL, ["postsuper -s", "postsuper -s"], "hash_queue_depth = 2\n"),
    (none, ["postsuper", "postsuper -d ALL", "postsuper -r ALL", "postsuper -e ALL", "postsuper -f ALL"], ""),
])
def test_postsuper(fill, commands, main_cf):
    compare(commands, fill, main_cf)


# --- postcat ---

LONG_LINE = image(text="Subject: long\n\n").replace(record("X") + record("E"), b"") + record("L", "x" * 2048) + \
    record("L", "y" * 2048) + record("N", "z") + record("X") + record("E")
FILES = {
    "WHOLE": image(arrival=ARRIVAL, before=record("F", "Full Name") + record("A", "encoding=8bit") + record("W", "%15d" % -1)),
    "DONE": image(recipients=("a@sink.example", ("", "b@sink.example")), done=("a@sink.example",), arrival=ARRIVAL),
    "HEADERS": image(text="A: 1\nb:2\n  folded\nX : blank\nNot a header\nC: d", arrival=ARRIVAL),
    "NOBODY": image(text="Subject: only", arrival=ARRIVAL),
    "ONLYBODY": image(text="\nbody", arrival=ARRIVAL),
    "EXTRACTED": image(arrival=ARRIVAL, extracted=record("L", "smtp:[1.2.3.4]") + record(">", "other@sink.example") +
                       record("A", "message_id=<x@y>") + record("A", "notify_flags=1") + record("R", "late@sink.example")),
    "ALLKINDS": image(arrival=ARRIVAL, before=b"".join(record(k, f"of {k}") for k in "FILSDRO/VA>K") + record("W", "12345") +
                      record("A", "=x") + record("A", "x=") + record("A", "a b=c") + record("A", " a = b ") + record("A", "create_time=xx")),
    "NULLS": image(arrival=ARRIVAL, before=record("F", b"a\0b") + record("A", b"x=\0y")).replace(b"hello", b"h\0llo\x80\xff\x1b"),
    "POINTERS": pointers(),
    "ENDLESS": pointers(back=True),
    "LONGLINES": LONG_LINE,
    "EMPTYFILE": b"",
    "NOTAFILE": b"this is not a queue file at all\n",
    "SHORT": image(arrival=ARRIVAL)[:-20],
    "CUTHEAD": image(arrival=ARRIVAL)[:120],
    "BADLENGTH": image(arrival=ARRIVAL)[:97] + b"S\xff\xff\xff\xff\xff\x01abc",
    "TOOLONG": image(arrival=ARRIVAL)[:97] + b"S\xff\x7fabc",
    "UNKNOWN": image(arrival=ARRIVAL, before=record("?", "what") + record("\x01", "x")),
    "SECONDSIZE": image(arrival=ARRIVAL, before=record("C", "1 2 3")),
    "BADSIZE": record("C", "x y z") + image(arrival=ARRIVAL)[97:],
    "BADPOINTER": image(arrival=ARRIVAL, before=record("p", "%15d" % 99999)),
    "TEXTPOINTER": image(arrival=ARRIVAL, before=record("p", "abc")),
    "LOOPING": image(arrival=ARRIVAL, before=record("p", "%15d" % 184)),
    "ANOTHERLOOP": image(arrival=ARRIVAL, before=record("p", "%15d" % 97)),
    "TWICE": image(arrival=ARRIVAL, before=record("M") + record("M")),
    "EARLYEND": image(arrival=ARRIVAL, before=record("E")),
    "EARLYX": image(arrival=ARRIVAL, before=record("X")),
    "MOREBEHIND": image(arrival=ARRIVAL) + record("R", "behind@sink.example") + b"\xff\xff\xff\xff\xff",
    "NOCONTENT": image(arrival=ARRIVAL)[:97] + record("T", "1") + record("E"),
    "OLDSIZE": record("C", "%15d" % 100) + image(arrival=ARRIVAL)[97:],
    "THREESIZES": record("C", queuefile.numbers(100, 200, 1)) + image(arrival=ARRIVAL)[97:],
    "SUBMITTED": submission(arrival=ARRIVAL),
}


def files(side):
    for n, (label, data) in enumerate(FILES.items()):
        side.add(label, "deferred", 0x10000 + 0x1000 * n, data, depth=1)


@pytest.mark.parametrize("options", ["", "-v", "-o", "-d", "-e", "-h", "-b", "-eh", "-bh", "-be", "-od", "-ov", "-r", "-rov", "-vdobeh"])
def test_postcat(options):
    compare([f"postcat {options} -q {label}" for label in FILES], files)


def test_postcat_arguments():
    def fill(side):
        files(side)
        side.add("INHOLD", "hold", 0x90000, image(arrival=ARRIVAL), mode=0o600)
        side.add("LONGNAME", "active", 0x91000, image(arrival=ARRIVAL), seconds=ARRIVAL)
        side.add("SAVED", "saved", 0x92000, image(arrival=ARRIVAL))
        side.add("CORRUPTED", "corrupt", 0x93000, image(arrival=ARRIVAL))

    compare(["postcat -q WHOLE DONE", "postcat -q WHOLE NOSUCHFILE DONE", "postcat -q a/b", "postcat -q ../x", "postcat nosuchfile",
             "postcat hold/INHOLD", "postcat -q INHOLD", "postcat -q LONGNAME", "postcat -q SAVED", "postcat -q CORRUPTED",
             "postcat -s x WHOLE", "postcat -s -1 WHOLE", "postcat -c /nonexistent x",
             "postcat -q -s 97 WHOLE", "postcat -q -s 98 WHOLE", "postcat -q -s 99999 WHOLE", "postcat -q -e -s 97 WHOLE",
             "postcat -q -r -s 97 POINTERS", "postcat -s 97 hold/INHOLD hold/INHOLD", "postcat -", "postcat < rubbish",
             "postcat -q -s 0 WHOLE", "postcat -h -b -q HEADERS", "postcat hold/INHOLD -v"], fill)


# --- postqueue and showq, which it runs when the mail system is down ---

MANY = tuple(f"r{n}@sink.example" for n in range(5))
LISTED = {  # label: queue, what is in it, its defer log, its bounce log
    "PLAIN": ("deferred", image(arrival=ARRIVAL), reason("r@sink.example", "connect to sink.example[192.0.2.1]:25: refused"), ""),
    "NOLOG": ("deferred", image(arrival=ARRIVAL), "", ""),
    "SAMEREASON": ("deferred", image(recipients=MANY, arrival=ARRIVAL), "".join(reason(r, "one for all") for r in MANY), ""),
    "OWNREASONS": ("deferred", image(recipients=MANY, arrival=ARRIVAL), "".join(reason(r, f"for {r}") for r in MANY), ""),
    "ALTERNATE": ("deferred", image(recipients=MANY, arrival=ARRIVAL), "".join(reason(r, f"turn {n % 2}") for n, r in enumerate(MANY)), ""),
    "HALFKNOWN": ("deferred", image(recipients=MANY, arrival=ARRIVAL), reason(MANY[2], "only this one"), ""),
    "OLDLOG": ("deferred", image(recipients=MANY, arrival=ARRIVAL), "".join(f"<{r}>: of old\n\n" for r in MANY), ""),
    "BLANKLINES": ("deferred", image(arrival=ARRIVAL), "\n\n\n<r@sink.example>: of old\n\n\n", ""),
    "NULLSENDER": ("deferred", image(sender="", arrival=ARRIVAL), reason("r@sink.example", "x"), ""),
    "QUOTED": ("deferred", image(sender='a b"c@x.example', recipients=("d e@y.example", "pl\\ain@z.example"), arrival=ARRIVAL),
               reason('"d e"@y.example', 'said "no" \\ at all'), ""),
    "LONGREASON": ("deferred", image(arrival=ARRIVAL), reason("r@sink.example", "words " * 300 + "end"), ""),
    "RENAMED": ("deferred", image(recipients=(("alias@sink.example", "real@sink.example"),), arrival=ARRIVAL),
                reason("real@sink.example", "why", original="alias@sink.example"), ""),
    "EIGHTBIT": ("deferred", image(sender="gr\u00fc\u00df@x.example", recipients=("\u00e9@y.example",), arrival=ARRIVAL), reason("\u00e9@y.example", "caf\u00e9"), ""),
    "LATINONE": ("deferred", image(arrival=ARRIVAL).replace(b"r@sink.example", b"\xe9@sink.exampl"), "", ""),
    "CONTROLS": ("deferred", image(arrival=ARRIVAL).replace(b"sender@load", b"se\x1b[m\x07@lo"), reason("r@sink.example", "bell \x07 and \x1b[31m"), ""),
    "BIGSIZE": ("deferred", record("C", queuefile.numbers(68, 255, 1, 0, 123456789012, 0)) + image(arrival=ARRIVAL)[97:], "", ""),
    "EARLIEST": ("deferred", image(arrival=0), "", ""),
    "FARAWAY": ("deferred", image(arrival=99999999999), "", ""),
    "LISTEDPOINTERS": ("deferred", pointers(), "", ""),
    "LISTEDEXTRACTED": ("deferred", FILES["EXTRACTED"], "", ""),
    "ISACTIVE": ("active", image(arrival=ARRIVAL), "", ""),
    "ISINCOMING": ("incoming", image(arrival=ARRIVAL), "", ""),
    "ISHELD": ("hold", image(recipients=MANY, arrival=ARRIVAL), reason(MANY[0], "before it was held"), ""),
    "ISDROPPED": ("maildrop", submission(recipients=MANY, arrival=ARRIVAL), "", ""),
    "ISCORRUPT": ("corrupt", image(arrival=ARRIVAL), "", ""),
    "ISFOREIGN": ("deferred", b"not a queue file", "", ""),
    "ISEMPTY": ("deferred", b"", "", ""),
    "ISSHORT": ("deferred", image(arrival=ARRIVAL)[:130], "", ""),
    "NOENDMARK": ("deferred", image(recipients=MANY, arrival=ARRIVAL)[:-2], "", ""),
    "WRONGSIZE": ("deferred", record("C", "x y z") + image(arrival=ARRIVAL)[97:], "", ""),
    "ONESIZE": ("deferred", record("C", "%15d" % 100) + image(arrival=ARRIVAL)[97:], "", ""),
    "FULLNAME": ("deferred", image(arrival=ARRIVAL, before=record("F", "Full Name")), "", ""),
}


def listed(*labels):
    def fill(side):
        for n, label in enumerate(labels):
            queue, data, defer, bounce = LISTED[label]
            path = side.add(label, queue, 0x10000 + n, data, depth=queue == "deferred", when=ARRIVAL)
            if defer:
                plant(side.spool, "defer", 0x10000 + n, defer, 0o600, 1, name=path.name)
            if bounce:
                plant(side.spool, "bounce", 0x10000 + n, bounce, 0o600, name=path.name)
    return fill


def compare_listing(commands, fill, main_cf=""):
    with both(main_cf) as sides:
        said = []
        for side in sides:
            fill(side)
            lines = [line for command in commands for line in side.run(command)]
            lines = [re.sub(r'"orig_address": "(\\.|[^"\\])*", |, "bounce_reason": "[^"]*"', "", line) for line in lines]
            said.append(lines)
        if said[0] != said[1]:
            raise AssertionError("differences:\n" + "\n".join(difflib.unified_diff(*said, "reference", "postrider", n=1, lineterm="")))


@pytest.mark.parametrize("label", LISTED)
def test_postqueue(label):
    compare_listing(["postqueue -p", "postqueue -j"], listed(label))


def test_postqueue_long_ids():
    def fill(side):
        for n, queue in enumerate(("deferred", "active", "hold", "incoming")):
            path = side.add("LONG" + "ABCD"[n], queue, 0x10000 + n, image(arrival=ARRIVAL), depth=queue == "deferred", seconds=ARRIVAL + n)
            plant(side.spool, "defer", 0x10000 + n, reason("r@sink.example", "why"), 0o600, 1, name=path.name)
        listed("ISDROPPED")(side)
    compare_listing(["postqueue -p", "postqueue -j"], fill, "enable_long_queue_ids = yes\n")


def test_postqueue_marks_and_order():
    def fill(side):
        for n, queue in enumerate(("maildrop", "hold", "deferred", "incoming", "active")):
            data = submission(arrival=ARRIVAL) if queue == "maildrop" else image(arrival=ARRIVAL)
            side.add("ORDER" + "ABCDE"[n], queue, 0x10000 + n, data, depth=queue == "deferred", mode=0o710)
            side.add("UNFINISHED" + "ABCDE"[n], queue, 0x20000 + n, data, depth=queue == "deferred", mode=0o600)
    compare_listing(["postqueue -p", "postqueue -j"], fill)


@pytest.mark.parametrize("commands", [["postqueue"], ["postqueue -p -j"], ["postqueue -p extra"], ["postqueue extra -p"], ["postqueue -x"], ["postqueue -f"],
                                      ["postqueue -i"], ["postqueue -i a/b"], ["postqueue -i ABCDEF"], ["postqueue -s x.example"],
                                      ["postqueue -s a@b"], ["postqueue -c /nonexistent -p"], ["postqueue -p"], ["postqueue -j"],
                                      ["postqueue -p -p"]])
def test_postqueue_arguments(commands):
    compare_listing(commands, none, "relay_domains = x.example\n")


# --- qshape ---

def shapes(side):
    """Domains of many kinds and ages."""
    now = int(time.time())
    rows = [("incoming", 0, ["a@x.example"] * 3), ("incoming", 7, ["b@X.Example.", "c@long-name.y.example"]), ("active", 30, ["d@y.example"]),
            ("deferred", 100, [f"r{n}@big.example" for n in range(120)]), ("deferred", 200, ["u@a.very." + "long." * 12 + "example.com"]),
            ("deferred", 3000, [f"u@{'h' * n}.parent.example" for n in range(1, 8)]), ("deferred", 50, ["nodomain", '"a@b"@quoted.example']),
            ("hold", 0, ["u@[192.0.2.1]", "u@example", "u@very-deep.sub.of.the.x.example"])]
    for n, (queue, minutes, recipients) in enumerate(rows):
        data = image(sender=f"s@{'n' * n}.send.example" if n else "", recipients=recipients, arrival=now - 60 * minutes, done=recipients[3:5])
        plant(side.spool, queue, 0x10000 + n, data, depth=queue == "deferred")
    for n, data in enumerate((pointers(), image(arrival=now)[:-2])):
        plant(side.spool, "active", 0x20000 + n, data)
    plant(side.spool, "incoming", 0x30000, image(arrival=now), mode=0o600)


QSHAPE = ["", "deferred", "deferred hold active incoming", "-s", "-s deferred hold", "-p deferred hold", "-p -m 1 deferred incoming",
          "-p -m 7 deferred", "-p -m 8 deferred", "-p -s deferred active", "-b 5 -t 10 deferred", "-l -b 4 deferred", "-b 1 deferred",
          "-b 14 deferred", "-b 20 deferred", "-w 50 deferred", "-w 200 deferred", "-w 90 -b 14 deferred", "-n 3 deferred", "-N 2 deferred",
          "-b 0 -t 0 -w 0 deferred", "-t 1 deferred", "-t 1000 -l deferred", "hold -p", "corrupt"]


def test_qshape():
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{suite.reference().commands}:{path}"  # it runs postconf
    try:
        with both() as sides:
            said = []
            for side in sides:
                shapes(side)
                lines = [side.run(f"qshape -c {side.instance.etc} {options}") for options in QSHAPE]
                # Rows of one number and length are in the order of chance there.
                said.append([sorted(re.sub(r" -c \S+", "", line) for line in part) for part in lines])
            for theirs, ours in zip(*said):
                assert ours == theirs
    finally:
        os.environ["PATH"] = path
