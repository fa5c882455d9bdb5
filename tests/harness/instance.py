"""A complete mail system in a private directory."""

import grp
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .client import Client
from .log import Log
from .suite import BUILD

QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace journal".split()

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {base}/spool
data_directory = {base}/data
daemon_directory = {daemons}
command_directory = {commands}
mail_owner = postfix
setgid_group = postdrop
myhostname = mta.example
mydomain = example
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
inet_interfaces = loopback-only
local_recipient_maps =
alias_maps =
alias_database =
default_database_type = hash
smtp_tls_security_level =
maillog_file = {base}/mail.log
maillog_file_prefixes = {base}
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ=UTC LANG=C {environment}
virtual_mailbox_base = {base}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
{suite}"""

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

# Tables that the reference loads from shared objects of its own.
DYNAMIC_MAPS = """\
pcre postfix-pcre.so dict_pcre_open
lmdb postfix-lmdb.so dict_lmdb_open mkmap_lmdb_open
ldap postfix-ldap.so dict_ldap_open
mysql postfix-mysql.so dict_mysql_open
pgsql postfix-pgsql.so dict_pgsql_open
sqlite postfix-sqlite.so dict_sqlite_open
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Instance:
    """main_cf: lines that are added to (and so override) the usual ones; master_cf likewise."""

    def __init__(self, suite, main_cf="", master_cf="", relay_port=None, dns=None, base=None, env=None):
        self.suite, self.dns = suite, dns
        self.base = pathlib.Path(base or tempfile.mkdtemp(prefix="pr.", dir="/tmp"))
        self.etc, self.spool, self.mail = self.base / "etc", self.base / "spool", self.base / "mail"
        self.log = Log(self.base / "mail.log")
        self.port = free_port()
        self.daemon_env = {**suite.env, **(env or {})}
        if dns is not None and suite.name == "postrider":
            self.daemon_env["POSTRIDER_DNS_SERVERS"] = dns.address
        if BUILD.name == "san" and suite.name == "postrider":
            for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
                self.daemon_env[name] = f"log_path={self.base}/sanitizer/{name[:4]}:detect_leaks=0:print_stacktrace=1"
        self.master = None
        self._make_folders()
        relay = f"relayhost = [127.0.0.1]:{relay_port}\n" if relay_port else ""
        self.write_config(relay + main_cf, master_cf)

    # --- files ---

    def _make_folders(self):
        owner, group = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
        os.chmod(self.base, 0o755)
        for folder in (self.etc, self.spool, self.mail, self.base / "data", self.spool / "pid"):
            folder.mkdir()
        for name in QUEUES:
            if name != "journal" or self.suite.name == "postrider":
                (self.spool / name).mkdir(mode=0o700)
                os.chown(self.spool / name, owner, -1)
        for name, mode in (("public", 0o710), ("maildrop", 0o730)):
            (self.spool / name).mkdir()
            os.chmod(self.spool / name, mode)
            os.chown(self.spool / name, owner, group)
        (self.base / "sanitizer").mkdir()
        os.chmod(self.base / "sanitizer", 0o1777)
        os.chown(self.base / "data", owner, -1)
        os.chmod(self.base / "data", 0o700)
        os.chown(self.mail, 65534, 65534)
        self.log.path.touch()
        os.chown(self.log.path, owner, -1)  # commands that have given up root write to it too

    def write_config(self, main_cf="", master_cf=""):
        environment = " ".join(f"{n}={v}" for n, v in self.daemon_env.items())
        text = MAIN_CF.format(base=self.base, daemons=self.suite.daemons, commands=self.suite.commands,
                              environment=environment, suite=self.suite.main_cf)
        for line in re.sub(r"\n[ \t]+", " ", main_cf).splitlines():
            name = line.split("=")[0].strip()
            text = re.sub(rf"(?m)^{re.escape(name)} *=.*\n", "", text) + line + "\n"
        (self.etc / "main.cf").write_text(text)
        services = MASTER_CF.format(port=self.port)
        for line in filter(None, re.sub(r"\n[ \t]+", " ", master_cf).splitlines()):
            name, kind = line.split()[:2]
            services = re.sub(rf"(?m)^{re.escape(name)} +{kind} .*\n", "", services) + line + "\n"
        (self.etc / "master.cf").write_text(services)
        (self.etc / "dynamicmaps.cf").write_text(DYNAMIC_MAPS)
        self._age_config()

    def _age_config(self):
        """Readers wait while a file may still be changing; nothing is, so say so."""
        before = time.time() - 60
        for path in self.etc.iterdir():
            os.utime(path, (before, before))

    def set_parameter(self, name, value):
        path = self.etc / "main.cf"
        path.write_text(re.sub(rf"(?m)^{name} *=.*\n", "", path.read_text()) + f"{name} = {value}\n")
        self._age_config()

    def file(self, name, text, mode=0o644):
        """A file in the configuration folder; its path."""
        path = self.etc / name
        path.write_text(text)
        os.chmod(path, mode)
        return path

    def table(self, name, text, kind="hash"):
        path = self.file(name, text)
        self.command("postmap", f"{kind}:{path}")
        return f"{kind}:{path}"

    # --- processes ---

    def env(self):
        return {**os.environ, **self.daemon_env, "MAIL_CONFIG": str(self.etc), "MAIL_LOGTAG": "postfix", "TZ": "UTC"}

    def start(self, wait=True):
        """In the foreground, in a process group of its own."""
        if self.suite.name == "reference":
            argv = [str(self.suite.daemons / "master"), "-c", str(self.etc), "-s"]
        else:
            argv = [self.suite.command("postfix"), "-c", str(self.etc), "start-fg"]
        if self.dns is not None and self.suite.name == "reference":
            (self.base / "resolv.conf").write_text(f"nameserver {self.dns.host}\noptions timeout:2 attempts:1\n")
            argv = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"',
                    str(self.base / "resolv.conf"), *argv]
        self.stderr = open(self.base / "stderr", "ab")
        self.master = subprocess.Popen(self.wrap(argv), env=self.env(), cwd="/", start_new_session=True,
                                       stdin=subprocess.DEVNULL, stdout=self.stderr, stderr=self.stderr)
        if wait:
            self.wait_ready()
        return self

    def wrap(self, argv):
        """The command line that starts the system in its surroundings."""
        return argv

    def wait_ready(self, timeout=15):
        deadline = time.monotonic() + timeout
        while True:
            try:
                with Client(self.port, timeout=timeout):
                    return
            except (OSError, ValueError) as error:
                ended = self.master is not None and self.master.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise AssertionError(f"{self.suite.name} does not answer: {error}\n{self.report()}") from None
                time.sleep(0.03)

    def stop(self, timeout=20):
        """End the master politely; then whatever is left of its group."""
        if self.master is None:
            return
        self.master.terminate()
        try:
            self.master.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def kill(self):
        """kill -9 of everything at once."""
        if self.master is None:
            return
        try:
            os.killpg(self.master.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.master.wait()
        deadline = time.monotonic() + 5
        while self.group() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.master = None

    def group(self):
        """{pid: program} of all live processes of this instance."""
        found = {}
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                head, tail = (process / "stat").read_text().rsplit(")", 1)
            except OSError:  # it has ended meanwhile
                continue
            fields = tail.split()
            if self.master is not None and int(fields[2]) == self.master.pid and fields[0] != "Z":
                found[int(head.split(" ", 1)[0])] = head.split("(", 1)[1]
        return found

    def pids(self, program):
        return [pid for pid, name in self.group().items() if name == program[:15]]

    def command(self, name, *args, check=True, input=None, **options):
        """Run one of the suite's commands against this instance."""
        done = subprocess.run([self.suite.command(name), *map(str, args)], env=self.env(), input=input, text=True,
                              errors="surrogateescape", stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{name} {' '.join(map(str, args))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def reload(self):
        if self.suite.name == "reference":
            self.master.send_signal(signal.SIGHUP)
        else:
            self.command("postfix", "reload")

    # --- what is where ---

    def client(self, **options):
        return Client(self.port, **options)

    def send(self, content, sender="sender@load.example", *recipients, **options):
        with self.client() as c:
            return c.deliver(content, sender, *recipients, **options)

    def queue(self):
        """postqueue -j: one dictionary a message."""
        return [json.loads(line) for line in self.command("postqueue", "-j").stdout.splitlines()]

    def wait_queue(self, count=0, name=None, timeout=15):
        """Until so many messages are queued (in the queue of that name); their list."""
        deadline = time.monotonic() + timeout
        while True:
            found = [m for m in self.queue() if name in (None, m["queue_name"])]
            if len(found) == count:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} instead of {count} messages in queue {name or '(any)'}: {found}")
            time.sleep(0.05)

    def queue_files(self, *names):
        return [p for n in names for p in (self.spool / n).rglob("*") if p.is_file()]

    def maildir(self, path, count=1, timeout=15):
        """The messages in a Maildir, once there are so many."""
        deadline = time.monotonic() + timeout
        new = self.mail / path / "new"
        while len(files := sorted(new.glob("*"))) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(files)} of {count} messages in {new}")
            time.sleep(0.02)
        return [f.read_bytes() for f in files]

    def report(self):
        """For whoever reads why a test failed."""
        stderr = (self.base / "stderr").read_text(errors="replace") if (self.base / "stderr").exists() else ""
        lines = self.log.text().splitlines()
        return "\n".join([f"--- {self.suite.name} in {self.base}: log", *lines[-60:], "--- standard error", stderr[-3000:]])

    def sanitizer_reports(self):
        """What ASan and UBSan found; not that ASan sees makecontext(), of whose stacks it is told (lib/base/task.c)."""
        reports = [p.read_text(errors="replace") for p in (self.base / "sanitizer").glob("*")]
        return "\n".join(r for r in reports if re.search("ERROR: |runtime error: ", r))

    def remove(self):
        self.kill()
        shutil.rmtree(self.base, ignore_errors=True)
