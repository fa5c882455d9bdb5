"""postmap, postalias and the tables that they make and ask: the same commands to the reference and to ours.

A case is a shell script, run in an empty folder of each. What it says, and how each of its lines ends, is
compared; other() runs a line with the other one's commands, on the same files.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from harness import suite
from tables import CASES

pytestmark = [pytest.mark.skipif(not suite.has_reference(), reason="no reference"),
              pytest.mark.skipif(os.geteuid() != 0, reason="not root")]

MAIN_CF = """\
compatibility_level = 3.6
mail_owner = postfix
setgid_group = postdrop
myhostname = mta.example
mydomain = example
default_database_type = hash
alias_maps = hash:$config_directory/aliases
alias_database = hash:$config_directory/aliases
maillog_file =
queue_directory = {base}/spool
command_directory = {commands}
import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH={library}
"""
DYNAMIC_MAPS = """\
pcre postfix-pcre.so dict_pcre_open
lmdb postfix-lmdb.so dict_lmdb_open mkmap_lmdb_open
cdb postfix-cdb.so dict_cdb_open mkmap_cdb_open
"""
PRELUDE = """\
exec 2>&1
try() { "$@"; echo "= $?"; }
other() { PATH="$OTHER:$PATH" "$@"; echo "= $?"; }
as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; echo "= $?"; }
facts() { stat -c '%n %A %U %G' "$@"; }
"""


class Side:
    def __init__(self, system, other, preload=""):
        self.system, self.base = system, pathlib.Path(tempfile.mkdtemp(prefix="pr.", dir="/tmp"))
        os.chmod(self.base, 0o755)
        self.etc = self.base / "etc"
        self.etc.mkdir()
        (self.base / "spool").mkdir()
        library = suite.reference().env["LD_LIBRARY_PATH"]
        main_cf = MAIN_CF.format(base=self.base, library=library, commands=system.commands)
        (self.etc / "main.cf").write_text(main_cf + suite.reference().main_cf)
        (self.etc / "dynamicmaps.cf").write_text(DYNAMIC_MAPS)
        (self.etc / "master.cf").write_text("")
        for path in self.etc.iterdir():
            os.utime(path, (1_700_000_000, 1_700_000_000))
        self.env = {**os.environ, "LD_LIBRARY_PATH": library, "MAIL_CONFIG": str(self.etc), "TZ": "UTC", "LANG": "C",
                    "PATH": f"{system.commands}:{os.environ['PATH']}", "OTHER": str(other.commands), "LD_PRELOAD": str(preload)}

    def play(self, script):
        done = subprocess.run(["bash", "-c", PRELUDE + script], cwd=self.etc, env=self.env, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=100)
        text = done.stdout.decode("utf-8", "surrogateescape").replace(str(self.base), "BASE")
        text = re.sub(rf"{re.escape(str(self.system.commands))}/", "", text)
        text = re.sub(r"(?m)^(YP_LAST_MODIFIED:?\t)\d{10}$", r"\1TIME", text)
        return re.sub(r"\[\d+\]", "[PID]", text)

    def remove(self):
        shutil.rmtree(self.base, ignore_errors=True)


@pytest.fixture(scope="session")
def no_sleep(tmp_path_factory):
    """A program of the reference that gives up sleeps a second first; with this library it does not."""
    path = tmp_path_factory.mktemp("preload") / "no_sleep.so"
    path.parent.parent.chmod(0o755)
    subprocess.run(["gcc", "-shared", "-o", path, "-xc", "-"], input=b"unsigned sleep(unsigned s) { (void) s; return 0; }", check=True)
    return path


@pytest.mark.parametrize("name", CASES)
def test_tables(name, no_sleep):
    suite.make_users()
    answers = []
    for system, other in ((suite.reference(), suite.postrider()), (suite.postrider(), suite.reference())):
        side = Side(system, other, no_sleep)
        try:
            answers.append(side.play(CASES[name]).splitlines())
        finally:
            side.remove()
    assert answers[1] == answers[0]
