"""Which mail system: Postrider as built, or the reference Postfix unpacked beside it."""

import os
import pathlib
import pwd
import subprocess
from dataclasses import dataclass, field

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TREE / "build"))
REFERENCE_ROOT = pathlib.Path(os.environ.get("REFERENCE_ROOT") or TREE / "build" / "reference")


@dataclass(frozen=True)
class Suite:
    name: str
    commands: pathlib.Path
    daemons: pathlib.Path
    env: dict = field(default_factory=dict)  # for commands and, by import_environment, for daemons
    main_cf: str = ""                        # what only this suite needs

    def command(self, name):
        return str(self.commands / name)


def postrider():
    """From an installed tree in $POSTRIDER_ROOT, else straight from the build folder."""
    root = os.environ.get("POSTRIDER_ROOT")
    if root:
        return Suite("postrider", pathlib.Path(root) / "usr/sbin", pathlib.Path(root) / "usr/libexec/postfix")
    return Suite("postrider", BUILD / "bin", BUILD / "bin")


def has_reference():
    return (REFERENCE_ROOT / "usr/sbin/postfix").exists()


def reference():
    lib = REFERENCE_ROOT / "usr/lib/postfix"
    return Suite("reference", REFERENCE_ROOT / "usr/sbin", lib / "sbin", {"LD_LIBRARY_PATH": str(lib)},
                 f"shlib_directory = {lib}\nmeta_directory = $config_directory\n")


def tool(name):
    """smtp-source and smtp-sink: always ours, whichever mail system is under test."""
    return str(BUILD / "bin" / name)


def have_users():
    """The accounts that a mail system runs under."""
    try:
        pwd.getpwnam("postfix")
        return True
    except KeyError:
        return False


def make_users():
    for name in ("postdrop", "postfix"):
        if subprocess.run(["getent", "group", name], stdout=subprocess.DEVNULL).returncode != 0:
            subprocess.run(["groupadd", "--system", name], check=True)
    if not have_users():
        subprocess.run(["useradd", "--system", "--gid", "postfix", "--home-dir", "/nonexistent", "--shell",
                        "/usr/sbin/nologin", "postfix"], check=True)
