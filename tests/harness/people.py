"""A mail system on a host with people: accounts, home directories and mailboxes of its own.

The accounts exist in a private mount of /etc/passwd and /etc/group, in which every process of the instance
runs; the machine's own files stay as they are."""

import os
import pathlib
import tempfile
import time

from .instance import Instance

FIRST_UID = 40001
MAIL_GID = 8 # of the group mail, which owns the spool directory

LOCAL_CF = """\
mydestination = host.example
myorigin = host.example
mail_spool_directory = {base}/var
alias_maps = hash:{base}/etc/aliases
virtual_mailbox_base = {base}/mail
"""

LOCAL_MASTER = "local unix - n n - - local"

MOUNT = 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"'


class Host(Instance):
    """people: login names; each has a home directory, $base/home/NAME, and a group of the same number."""

    def __init__(self, suite, main_cf="", master_cf="", people=("ann", "bob", "cat"), aliases="", **options):
        self.people = {name: FIRST_UID + i for i, name in enumerate(people)}
        base = pathlib.Path(tempfile.mkdtemp(prefix="pr.", dir="/tmp"))
        super().__init__(suite, main_cf, master_cf, base=base, **options)
        self.home, self.var = base / "home", base / "var"
        self._make_people()
        self.aliases(aliases)

    def write_config(self, main_cf="", master_cf=""):
        super().write_config(LOCAL_CF.format(base=self.base) + main_cf, f"{LOCAL_MASTER}\n{master_cf}")

    def _make_people(self):
        self.home.mkdir()
        self.var.mkdir()
        os.chown(self.var, 0, MAIL_GID)
        os.chmod(self.var, 0o2775)
        passwd = [pathlib.Path("/etc/passwd").read_text()]
        group = [pathlib.Path("/etc/group").read_text()]
        for name, uid in self.people.items():
            home = self.home / name
            home.mkdir(mode=0o755)
            os.chown(home, uid, uid)
            passwd.append(f"{name}:x:{uid}:{uid}:{name.title()}:{home}:/bin/sh\n")
            group.append(f"{name}:x:{uid}:\n")
        (self.base / "passwd").write_text("".join(passwd))
        (self.base / "group").write_text("".join(group))

    def aliases(self, text):
        """The alias database, made anew."""
        self.file("aliases", text)
        self.command("postalias", f"hash:{self.etc}/aliases")
        self._age_config()

    def personal(self, name, path, text, mode=0o644, owner=None):
        """A file in somebody's home directory."""
        file = self.home / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.chmod(file, mode)
        uid = self.people[name] if owner is None else owner
        os.chown(file, uid, uid)
        return file

    def mailbox(self, name, count=1, timeout=15):
        """A mailbox's text, once it has so many messages."""
        path, deadline = self.var / name, time.monotonic() + timeout
        while (text := path.read_bytes() if path.exists() else b"").count(b"\nReturn-Path: ") < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{path} has not got {count} messages:\n{text.decode(errors='replace')}")
            time.sleep(0.02)
        return text.decode("utf-8", "surrogateescape")

    def wrap(self, argv):
        return ["unshare", "-m", "sh", "-c", MOUNT, str(self.base), *argv]
