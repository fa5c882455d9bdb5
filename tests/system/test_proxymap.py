"""proxymap and proxywrite: their protocol, which tables they open, and tables of daemons in a chroot."""

import re
import socket
import subprocess
import time

import pytest

from harness import suite
from harness.client import message
from harness.suite import BUILD

OK, NOKEY, RETRY, BAD, DENY = range(5)


class Proxy:
    """A client as Postfix's: attribute lists with NUL, one question after the other."""

    def __init__(self, instance, service="proxymap"):
        deadline = time.monotonic() + 30
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        while True:
            try:
                self.socket.connect(str(instance.spool / "private" / service))
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        self.buffer = b""
        assert self.read() == {"protocol": "proxymap_protocol"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read(self):
        found = {}
        while True:
            name = self._text()
            if not name:
                return found
            found[name] = self._text()

    def _text(self):
        while b"\0" not in self.buffer:
            data = self.socket.recv(65536)
            assert data, "the connection has ended"
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return text.decode()

    def send(self, **attributes):
        self.socket.sendall(b"".join(f"{n}\0{v}\0".encode() for n, v in attributes.items()) + b"\0")

    def ask(self, request, table, **more):
        self.send(request=request, table=table, flags=more.pop("flags", 0), **more)
        reply = self.read()
        reply["status"] = int(reply["status"])
        return reply


@pytest.fixture
def host(make_instance):
    i = make_instance()
    table = i.table("aliases", "a one\nb two\n")
    i.write_config(f"virtual_alias_maps = proxy:{table} proxy:unionmap:{{proxy:inline:{{x=1}},static:2}} proxy:regexp:{{{{/x/ y}}}}\n"
                   f"address_verify_map = proxy:btree:{i.base}/data/verify\ndefault_process_limit = 5\n"
                   "address_verify_cache_cleanup_interval = 0\n")
    i.hash = table
    return i.start()


def test_lookups(host):
    with Proxy(host) as p:
        assert p.ask("open", host.hash) == {"status": OK, "flags": str(1 << 4)}
        assert p.ask("open", "regexp:{{/x/ y}}", flags=1 << 14) == {"status": OK, "flags": str(1 << 5 | 1 << 14)}
        assert p.ask("lookup", host.hash, key="a") == {"status": OK, "value": "one"}
        assert p.ask("lookup", f"proxy:{host.hash}", key="b") == {"status": OK, "value": "two"}
        assert p.ask("lookup", host.hash, key="A") == {"status": NOKEY, "value": ""}
        assert p.ask("lookup", host.hash, key="A", flags=1 << 14) == {"status": OK, "value": "one"}
        assert p.ask("lookup", "unionmap:{proxy:inline:{x=1},static:2}", key="x") == {"status": OK, "value": "1,2"}
        first = p.ask("sequence", host.hash, function=0)
        assert first["status"] == OK and (first["key"], first["value"]) in (("a", "one"), ("b", "two"))
    assert not host.log.lines("proxymap.*warning")


def test_many_questions_at_once_on_one_connection(host):
    with Proxy(host) as p:
        for _ in range(100):
            p.send(request="lookup", table=host.hash, flags=0, key="a")
        assert [p.read()["value"] for _ in range(100)] == ["one"] * 100


def test_what_is_not_approved(host):
    secret = host.table("secret", "a shadow\n")
    with Proxy(host) as p:
        assert p.ask("open", secret) == {"status": DENY, "flags": "0"}
        assert p.ask("lookup", secret, key="a") == {"status": DENY, "value": ""}
    host.log.wait(f'proxymap\\[.*warning: request for unapproved table: "{re.escape(secret)}"')
    host.log.wait(f"warning: to approve this table for read-only access, list proxy:{re.escape(secret)} in main.cf:proxy_read_maps")


def test_reading_is_not_writing(host):
    with Proxy(host) as p:
        assert p.ask("update", host.hash, key="a", value="x") == {"status": DENY}
        assert p.ask("delete", host.hash, key="a") == {"status": DENY}
        assert p.ask("lookup", host.hash, key="a")["value"] == "one"
    host.log.wait("warning: refusing .* update request on non-proxywrite service")


def test_writing(host):
    table = f"btree:{host.base}/data/verify"
    with Proxy(host, "proxywrite") as p, Proxy(host, "proxywrite") as second:
        assert p.ask("open", table)["status"] == OK
        assert p.ask("update", table, key="k", value="v", flags=1 << 7) == {"status": OK}
        assert second.ask("lookup", table, key="k", flags=1 << 7) == {"status": OK, "value": "v"}
        assert p.ask("delete", table, key="k") == {"status": OK}
        assert p.ask("delete", table, key="k") == {"status": NOKEY}
        assert p.ask("update", host.hash, key="a", value="x") == {"status": DENY}
    host.log.wait("to approve this table for read-write access, list .* in main.cf:proxy_write_maps")


@pytest.mark.parametrize("request_", [{"request": "dance"}, {"request": "lookup"}, {"request": "lookup", "table": "x:y", "flags": 0}, {}])
def test_nonsense(host, request_):
    with Proxy(host) as p:
        p.send(**request_)
        assert int(p.read()["status"]) == BAD


def test_a_client_of_postfix(host, reference):
    """The reference's own programs ask our service."""
    host.command("postfix", "status", check=False)
    done = subprocess.run([reference.command("postmap"), "-q", "a", f"proxy:{host.hash}"], timeout=60, text=True,
                          env={**host.env(), **reference.env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (0, "one\n"), done.stderr


def test_a_daemon_in_a_chroot(make_instance, sink):
    if BUILD.name == "san":
        pytest.skip("a sanitizer's log is out of reach")
    i = make_instance(relay_port=sink.port)
    table = i.file("aliases.in", "a@proxy.example b@sink.example\n")
    i.write_config(f"relayhost = [127.0.0.1]:{sink.port}\nvirtual_alias_domains = proxy.example\n"
                   f"virtual_alias_maps = proxy:texthash:{table}\naddress_verify_map = proxy:btree:$data_directory/verify\n",
                   "cleanup unix n - y - 0 cleanup\nrewrite unix - - y - - trivial-rewrite\n")
    i.start()
    i.send(message(), "s@load.example", "a@proxy.example")
    assert sink.wait(1)[0].recipients == ["b@sink.example"]
    assert i.pids("proxymap")


def test_a_table_that_is_not_approved_is_a_temporary_failure(make_instance, sink):
    i = make_instance("virtual_alias_domains = proxy.example\nvirtual_alias_maps = proxy:inline:{a@proxy.example=b@sink.example}\n"
                      "proxy_read_maps =\n", relay_port=sink.port).start()
    with i.client() as c:
        c.expect("EHLO c.example", 250)
        c.expect("MAIL FROM:<s@load.example>", 250)
        assert 400 <= c.command("RCPT TO:<a@proxy.example>").code < 500
    i.log.wait('warning: proxymap service is not configured for table "inline:{a@proxy.example=b@sink.example}"')


def test_reload_with_clients_connected(host):
    with Proxy(host) as idle:
        host.reload()
        with Proxy(host) as p:
            assert p.ask("lookup", host.hash, key="a")["value"] == "one"
        idle.socket.settimeout(30)
        assert idle.socket.recv(1) == b""
