"""Servers that answer lookups, as Debian packages them: memcached, redis, postsrsd (tcp), mta-sts-daemon (socketmap)."""

import json
import shutil
import socket
import sqlite3
import subprocess
import time

import pytest

from harness import suite
from harness.instance import Instance, free_port


class Server:
    """A program of somebody else's, until the test ends."""

    def __init__(self, folder, port, *argv):
        if shutil.which(argv[0]) is None:
            pytest.skip(f"{argv[0]} is not installed")
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise RuntimeError((folder / "log").read_text())
                time.sleep(0.05)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture
def instance():
    suite.make_users()
    i = Instance(suite.postrider())
    yield i
    i.remove()


def serve(request, folder, port, *argv):
    server = Server(folder, port, *argv)
    request.addfinalizer(server.close)
    return server


def postmap(instance, *arguments, input=None):
    """Exit status and output."""
    done = instance.command("postmap", *arguments, check=False, input=input)
    return done.returncode, done.stdout.strip() + done.stderr.strip()


def talk(port, text):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(text)
        return s.recv(4096)


def test_memcached(request, instance, tmp_path):
    port = free_port()
    serve(request, tmp_path, port, "memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(port), "-U", "0")
    backup = instance.table("backup", "kept value of old\n")
    cf = instance.file("mc.cf", f"memcache = inet:127.0.0.1:{port}\nkey_format = test:%s\n")
    table = f"memcache:{cf}"
    assert talk(port, b"set test:a@b.example 0 0 5\r\nhello\r\n") == b"STORED\r\n"
    assert postmap(instance, "-q", "A@b.example", table) == (0, "hello")
    assert postmap(instance, "-q", "other", table) == (1, "")
    assert postmap(instance, "-q", "with blank", table) == (1, "")
    assert postmap(instance, "-d", "a@b.example", table) == (0, "")
    assert postmap(instance, "-d", "a@b.example", table) == (1, "")
    cf.write_text(cf.read_text() + f"backup = {backup}\n")
    assert postmap(instance, "-q", "kept", table) == (0, "value of old")
    assert b"value of old" in talk(port, b"get test:kept\r\n")  # and from now on the server has it
    assert postmap(instance, "-s", table) == (0, "kept\tvalue of old")


def test_redis(request, instance, tmp_path):
    port = free_port()
    serve(request, tmp_path, port, "redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path),
          "--requirepass", "secret word")
    cf = instance.file("redis.cf", f"redis = inet:127.0.0.1:{port}\npassword = secret word\ndatabase = 3\nkey_format = alias:%s\n")
    hashed = instance.file("hash.cf", f"redis = inet:127.0.0.1:{port}\npassword = secret word\nhash = aliases\ndomain = b.example\n")
    wrong = instance.file("wrong.cf", f"redis = inet:127.0.0.1:{port}\npassword = wrong\nmax_try = 1\n")
    says = talk(port, b"AUTH \"secret word\"\r\nHSET aliases a@b.example \"in a hash\"\r\nSELECT 3\r\nSET alias:a@b.example \"two words\"\r\n")
    assert says.startswith(b"+OK")
    assert postmap(instance, "-q", "A@b.example", f"redis:{cf}") == (0, "two words")
    assert postmap(instance, "-q", "nobody", f"redis:{cf}") == (1, "")
    assert postmap(instance, "-q", "A@b.example", f"redis:{hashed}") == (0, "in a hash")
    assert postmap(instance, "-q", "a@other.example", f"redis:{hashed}") == (1, "")
    assert postmap(instance, "-d", "a@b.example", f"redis:{hashed}") == (0, "")
    assert postmap(instance, "-q", "a@b.example", f"redis:{hashed}") == (1, "")
    status, output = postmap(instance, "-q", "a", f"redis:{wrong}")
    assert status == 1 and "redis server: -WRONGPASS" in output and "query error" in output


def test_postsrsd(request, instance, tmp_path):
    forward, back = free_port(), free_port()
    (tmp_path / "secret").write_text("a secret\n")
    serve(request, tmp_path, forward, "postsrsd", "-4", "-s", str(tmp_path / "secret"), "-d", "srs.example", "-f", str(forward), "-r", str(back))
    status, address = postmap(instance, "-q", "sender@far.example", f"tcp:127.0.0.1:{forward}")
    assert status == 0 and address.startswith("SRS0=") and address.endswith("=far.example=sender@srs.example")
    assert postmap(instance, "-q", address, f"tcp:127.0.0.1:{back}") == (0, "sender@far.example")
    assert postmap(instance, "-q", "no-srs@srs.example", f"tcp:localhost:{back}") == (1, "")


def test_mta_sts_resolver(request, instance, tmp_path):
    port = free_port()
    with sqlite3.connect(tmp_path / "cache.db") as db:
        db.execute("create table sts_policy_cache (domain text, ts integer, pol_id text, pol_body text)")
        db.execute("create unique index sts_policy_domain on sts_policy_cache (domain)")
        db.execute("create index sts_policy_domain_ts on sts_policy_cache (domain, ts)")
        policy = {"version": "STSv1", "mode": "enforce", "mx": ["mail.far.example"], "max_age": 10_000_000}
        db.execute("insert into sts_policy_cache values ('far.example', ?, '1', ?)", (int(time.time()), json.dumps(policy)))
    db.close()
    (tmp_path / "sts.yml").write_text(f"host: 127.0.0.1\nport: {port}\nreuse_port: true\ncache_grace: 3600\ncache:\n  type: sqlite\n"
                                      f"  options:\n    filename: {tmp_path}/cache.db\ndefault_zone:\n  strict_testing: false\n  timeout: 4\n")
    serve(request, tmp_path, port, "mta-sts-daemon", "-c", str(tmp_path / "sts.yml"))
    table = f"socketmap:inet:127.0.0.1:{port}:postfix"
    status, answer = postmap(instance, "-q", "far.example", table)
    assert status == 0 and answer.startswith("secure match=mail.far.example")
    assert postmap(instance, "-q", ".far.example", table) == (1, "")
    status, answer = postmap(instance, "-q", "-", table, input="far.example\n[192.0.2.1]\n.x\n")
    assert status == 0 and answer.startswith("far.example\tsecure")
