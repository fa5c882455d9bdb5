"""postconf(1): the same files and arguments, to the reference and to us: output, warnings, exit status, and what
became of the files.

Each file in postconf/ has cases that begin with a line "=== TITLE", with sections [main.cf], [master.cf] and [run]:
arguments, quoted as for a shell, a run a line, one after the other in the same folder ($dir); where the title ends in
": refused", each in a folder of its own. A section that is missing is a file that is missing.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import pytest

from harness import suite

FOLDER = pathlib.Path(__file__).parent / "postconf"
FILES = ("main.cf", "master.cf")
# The reference goes through its names in no order; we sort them.
UNORDERED = re.compile(r"(unused|undefined|read-only) parameter|warning: open |(syntax error after|missing) '}'")
# 3.9 and later warn of these.
NEWER = re.compile(r"support for parameter|#comment after other text|duplicate master.cf entry")

pytestmark = pytest.mark.skipif(not suite.has_reference(), reason="no reference Postfix")


def cases(name):
    for text in re.split(r"^=== ", (FOLDER / f"{name}.txt").read_text(), flags=re.M)[1:]:
        title, _, body = text.partition("\n")
        parts = re.split(r"^\[(main\.cf|master\.cf|run)\]\n", body, flags=re.M)
        yield title, dict(zip(parts[1::2], parts[2::2]))


def in_order(text):
    """Lines that stand together and have no order, sorted."""
    lines, block = [], []
    for line in text.splitlines():
        if NEWER.search(line):
            continue
        if UNORDERED.search(line):
            block.append(line)
        else:
            lines += sorted(block) + [line]
            block = []
    return lines + sorted(block)


def write(folder, part, text):
    path = folder / part
    path.write_text(text.replace("$dir", str(folder)))
    make_old(path)


def make_old(path):
    """The reference waits until a file that was just written has settled."""
    if path.exists():
        os.utime(path, (1, 1))


def run(system, folder, line):
    args = [word.replace("\\n", "\n") for word in shlex.split(line)]
    p = subprocess.run(["postconf", "-c", "."] + args, executable=system.command("postconf"), cwd=folder, text=True,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                       env={k: v for k, v in os.environ.items() if k != "MAIL_CONFIG"} | system.env)
    result = [f"postconf {line}", f"exit {p.returncode}", *p.stdout.splitlines(), *in_order(p.stderr)]
    for name in FILES:
        path = folder / name
        result += [f"-- {name}", *(path.read_text().splitlines() if path.exists() else ["none"])]
        make_old(path)
    return [line.replace(str(folder), "$dir") for line in result]


def play(system, parts, lines):
    with tempfile.TemporaryDirectory(prefix="pr.postconf.") as name:
        folder = pathlib.Path(name)
        for part in FILES:
            if part in parts:
                write(folder, part, parts[part])
        return [run(system, folder, line) for line in lines]


def rounds(name):
    """What can be done side by side: the reference takes a second's rest whenever it ends in anger."""
    for title, parts in cases(name):
        lines = parts["run"].splitlines()
        for some in [[line] for line in lines] if title.endswith(": refused") else [lines]:
            yield title, parts, some


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.txt")))
def test_postconf(name):
    todo = list(rounds(name))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        theirs = list(pool.map(lambda r: play(suite.reference(), *r[1:]), todo))
        ours = list(pool.map(lambda r: play(suite.postrider(), *r[1:]), todo))
    for (title, _, _), wanted, got in zip(todo, theirs, ours):
        for w, g in zip(wanted, got):
            assert g == w, f"{title}: {w[0]}"
