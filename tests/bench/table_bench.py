"""Lookups a second of CPU time, by "postmap -q -": what a table costs, less what opening it costs."""

import os
import pathlib
import random
import resource
import shutil
import subprocess
import tempfile

ROWS = 10_000
KEYS = 100_000  # a table that goes through its rules one by one gets fewer

MAIN_CF = "compatibility_level = 3.6\nmail_owner = postfix\nsetgid_group = postdrop\nmyhostname = mta.example\n"
DYNAMIC_MAPS = """\
pcre postfix-pcre.so dict_pcre_open
lmdb postfix-lmdb.so dict_lmdb_open mkmap_lmdb_open
cdb postfix-cdb.so dict_cdb_open mkmap_cdb_open
"""


def address(n):
    return f"10.{n >> 8 & 255}.{n & 255}.7"


# What a row of the table is, and a key for it. Every second key is one that nobody has.
KINDS = {
    "plain": (lambda n: f"user{n}@example.com value {n}", lambda n: f"user{n}@example.com"),
    "cidr": (lambda n: f"10.{n >> 8}.{n & 255}.0/24 net {n}", address),
    "pattern": (lambda n: f"/^user{n}@(.*\\.)?example\\.com$/ value {n}", lambda n: f"user{n}@example.com"),
    "headers": (lambda n: f"/^Subject:.*(buy|sell) offer{n} now/ REJECT {n}", lambda n: f"Subject: please buy offer{n} now"),
}
TABLES = [("hash", "plain", 1), ("btree", "plain", 1), ("lmdb", "plain", 1), ("cdb", "plain", 1), ("texthash", "plain", 1),
          ("cidr", "cidr", 20), ("regexp", "pattern", 500), ("pcre", "pattern", 100), ("pcre", "headers", 200)]


class Folder:
    def __init__(self, system):
        self.system, self.path = system, pathlib.Path(tempfile.mkdtemp(prefix="pr.", dir="/tmp"))
        (self.path / "main.cf").write_text(MAIN_CF + system.main_cf)
        (self.path / "dynamicmaps.cf").write_text(DYNAMIC_MAPS)

    def postmap(self, *arguments, keys=""):
        """CPU seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([self.system.command("postmap"), "-c", str(self.path), *arguments], input=keys.encode(),
                       env={**os.environ, **self.system.env}, stdout=subprocess.DEVNULL, check=False, timeout=300)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def rate(self, kind, rows, count):
        """Lookups a second."""
        row, key = KINDS[rows]
        path = self.path / f"{rows}-table"
        path.write_text("".join(row(n) + "\n" for n in range(ROWS)))
        os.utime(path, (1_700_000_000, 1_700_000_000))
        if kind in ("hash", "btree", "lmdb", "cdb"):
            self.postmap(f"{kind}:{path}")
        chance = random.Random(1)
        keys = "".join(key(chance.randrange(2 * ROWS)) + "\n" for _ in range(count))
        table = f"{kind}:{path}"
        opening = min(self.postmap("-q", "-", table, keys="x\n") for _ in range(2))
        return count / max(self.postmap("-q", "-", table, keys=keys) - opening, 1e-6)


def measure(systems, count):
    """Rows for bench: what, system, result."""
    for kind, rows, slowness in TABLES:
        rates = {}
        for system in systems:
            folder = Folder(system)
            try:
                keys = (count or KEYS) // (slowness if system.name == "reference" else 1)
                rates[system.name] = folder.rate(kind, rows, max(keys, 100))
            finally:
                shutil.rmtree(folder.path)
        for system in systems:
            result = {"rate": rates[system.name], "lookups_per_second": rates[system.name]}
            if system.name == "postrider" and "reference" in rates:
                result["times_as_fast"] = rates["postrider"] / rates["reference"]
            yield f"{kind}, {rows}", system, result
