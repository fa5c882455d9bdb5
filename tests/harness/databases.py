"""Database servers with throw-away data, in private folders, as nobody. They can be killed, stopped and started again."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A subclass says how to make its data (prepare), what runs (argv), and asks it (is_up, execute)."""

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="pr.db.", dir="/tmp"))
        os.chown(self.base, 65534, 65534)
        os.chmod(self.base, 0o755)
        self.port = _free_port()
        self.process = None
        # MariaDB removes at its start what looks like its temporary files, whosever they are.
        self.env = {**os.environ, "TMPDIR": str(self.base)}
        self.prepare()
        self.start()

    def run(self, *argv, input=None):
        done = subprocess.run([*map(str, argv)], input=input, text=True, cwd="/", env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        assert done.returncode == 0, f"{argv}: {done.stdout}"
        return done.stdout

    def start(self, timeout=60):
        with open(self.base / "log", "ab") as log:
            self.process = subprocess.Popen([*NOBODY, *map(str, self.argv())], cwd="/", env=self.env,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + timeout
        while not self.is_up():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.base / "log").read_text()
            time.sleep(0.05)

    def _signal(self, number):
        """PostgreSQL's processes have sessions of their own, so a group is not enough."""
        children = (pathlib.Path("/proc") / str(self.process.pid) / "task").glob("*/children")
        pids = [self.process.pid, *(int(pid) for c in children for pid in c.read_text().split())]
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def pause(self):
        """It accepts connections, as the kernel does, and says nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def kill(self):
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self.process = None

    def close(self):
        self.kill()
        shutil.rmtree(self.base, ignore_errors=True)


class MariaDb(Server):
    """Database mail, user mail, password secret; at self.socket and 127.0.0.1:self.port."""

    def prepare(self):
        self.socket = self.base / "socket"
        self.run(*NOBODY, "mariadb-install-db", "--no-defaults", f"--datadir={self.base}/data", "--skip-test-db",
                 "--auth-root-authentication-method=normal", "--skip-name-resolve")

    def start(self, timeout=60):
        is_first = self.process is None and not (self.base / "ready").exists()
        super().start(timeout)
        if is_first:
            self.execute("create database mail character set utf8mb4; create user mail@'%' identified by 'secret';"
                         "create user mail@localhost identified by 'secret';"
                         "grant all on mail.* to mail@'%'; grant all on mail.* to mail@localhost", database="mysql")
            (self.base / "ready").touch()

    def argv(self):
        return ["mariadbd", "--no-defaults", f"--datadir={self.base}/data", f"--socket={self.socket}", f"--port={self.port}",
                "--bind-address=127.0.0.1", f"--pid-file={self.base}/pid", "--innodb-flush-log-at-trx-commit=2",
                "--innodb-buffer-pool-size=8M", "--skip-name-resolve"]

    def is_up(self):
        return subprocess.run(["mariadb", "--no-defaults", "-S", self.socket, "-u", "root", "-e", "select 1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def execute(self, sql, database="mail"):
        return self.run("mariadb", "--no-defaults", "--default-character-set=utf8mb4", "-N", "-S", self.socket, "-u", "root",
                        database, input=sql)

    def parameters(self, query, hosts=None, **more):
        lines = {"hosts": hosts or f"unix:{self.socket}", "user": "mail", "password": "secret", "dbname": "mail", "query": query,
                 **more}
        return "".join(f"{name} = {value}\n" for name, value in lines.items())


class PostgreSql(Server):
    """Database mail, user mail, password secret; at 127.0.0.1:self.port, and in the folder self.base."""

    def _program(self, name):
        return max(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))

    def prepare(self):
        self.run(*NOBODY, self._program("initdb"), "-D", self.base / "data", "-U", "postgres", "-A", "trust", "--no-sync",
                 "-E", "UTF8", "--locale=C.UTF-8")
        (self.base / "data/pg_hba.conf").write_text("local all postgres trust\nlocal all all md5\nhost all all all md5\n")

    def start(self, timeout=60):
        is_first = self.process is None and not (self.base / "ready").exists()
        super().start(timeout)
        if is_first:
            self.execute("create user mail password 'secret'", database="postgres")
            self.execute("create database mail owner mail", database="postgres")
            (self.base / "ready").touch()

    def argv(self):
        return [self._program("postgres"), "-D", self.base / "data", "-k", self.base, "-p", self.port,
                "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=2MB"]

    def _psql(self, database):
        return [self._program("psql"), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", str(self.base), "-p", str(self.port),
                "-U", "postgres", database]

    def is_up(self):
        return subprocess.run([*self._psql("postgres"), "-c", "select 1"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def execute(self, sql, database="mail"):
        return self.run(*self._psql(database), input=sql)

    def parameters(self, query, hosts=None, **more):
        lines = {"hosts": hosts or f"inet:127.0.0.1:{self.port}", "user": "mail", "password": "secret", "dbname": "mail",
                 "query": query, **more}
        return "".join(f"{name} = {value}\n" for name, value in lines.items())


class Slapd(Server):
    """Suffix dc=example,dc=org; cn=admin with password secret; uid=mail may bind with SASL, too. At self.url and self.socket_url."""

    CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
attributetype ( 1.3.6.1.4.1.99999.1 NAME 'maildrop' EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.99999.2 NAME 'memberDn' SUP distinguishedName )
attributetype ( 1.3.6.1.4.1.99999.3 NAME 'memberUrl' SUP labeledURI )
objectclass ( 1.3.6.1.4.1.99999.4 NAME 'mailThing' SUP top AUXILIARY MAY ( maildrop $ mail $ memberDn $ memberUrl ) )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {base}/pid
authz-regexp uid=([^,]*),cn=.*,cn=auth uid=$1,dc=example,dc=org
password-hash {{CLEARTEXT}}
{tls}database mdb
suffix dc=example,dc=org
directory {base}/data
maxsize 16777216
dbnosync
rootdn cn=admin,dc=example,dc=org
rootpw secret
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree=ou=private,dc=example,dc=org by dn.exact=uid=mail,dc=example,dc=org read by * none
access to * by * read
"""

    LDIF = """\
dn: dc=example,dc=org
objectClass: domain
dc: example

dn: uid=mail,dc=example,dc=org
objectClass: account
objectClass: simpleSecurityObject
uid: mail
userPassword: secret

dn: ou=private,dc=example,dc=org
objectClass: organizationalUnit
ou: private

"""

    def prepare(self):
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.tls_url = f"ldaps://127.0.0.1:{_free_port()}"
        self.socket_url = f"ldapi://{str(self.base / 'socket').replace('/', '%2F')}"
        self.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.base / "key.pem", "-out", self.base / "cert.pem")
        (self.base / "data").mkdir()
        tls = f"TLSCertificateFile {self.base}/cert.pem\nTLSCertificateKeyFile {self.base}/key.pem\n"
        (self.base / "slapd.conf").write_text(self.CONFIG.format(base=self.base, tls=tls))
        for path in self.base.iterdir():
            os.chown(path, 65534, 65534)
        self.add(self.LDIF)

    def add(self, ldif):
        """Only while it is not running."""
        self.run(*NOBODY, "slapadd", "-q", "-f", self.base / "slapd.conf", input=ldif)

    def argv(self):
        return ["slapd", "-d", "0", "-f", self.base / "slapd.conf", "-h", f"{self.url} {self.tls_url} {self.socket_url}"]

    def is_up(self):
        return subprocess.run(["ldapsearch", "-x", "-H", self.url, "-s", "base", "-b", "dc=example,dc=org"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def parameters(self, query_filter, server_host=None, **more):
        lines = {"server_host": server_host or self.url, "search_base": "dc=example,dc=org", "query_filter": query_filter,
                 "bind": "no", **more}
        return "".join(f"{name} = {value}\n" for name, value in lines.items())


class Mute:
    """Accepts connections and never says a word."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()
