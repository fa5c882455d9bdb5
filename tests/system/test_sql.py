"""Tables that SQL servers answer, asked by daemons through proxymap, with real servers."""

import re
import sqlite3
import threading
import time

import pytest

from harness.client import Client, message
from harness.databases import MariaDb, Mute, PostgreSql

SCHEMA = """
create table alias (address varchar(255), goto varchar(8000), active int);
insert into alias values ('info@sql.example', 'a@sink.example,b@sink.example', 1), ('old@sql.example', 'a@sink.example', 0),
    ('o''neil@sql.example', 'quote@sink.example', 1);
create table mailbox (username varchar(255), maildir varchar(255), active int);
insert into mailbox values ('box@sql.example', 'sql.example/box/', 1);
create table domain (domain varchar(255), active int);
insert into domain values ('sql.example', 1);
"""

# As the map files of iRedMail, mailcow and modoboa ask.
ALIASES = "SELECT goto FROM alias WHERE address='%s' AND active=1"
MAILBOXES = "SELECT maildir FROM mailbox WHERE username='%s' AND active = '1' AND '%d' <> ''"
DOMAINS = "SELECT domain FROM domain WHERE domain='%s' AND active = 1"


@pytest.fixture(scope="module", params=["mysql", "pgsql"])
def server(request):
    s = {"mysql": MariaDb, "pgsql": PostgreSql}[request.param]()
    s.kind = request.param
    try:
        s.execute(SCHEMA + ("grant all on all tables in schema public to mail;" if s.kind == "pgsql" else ""))
        yield s
    finally:
        s.close()


@pytest.fixture
def host(make_instance, server, sink):
    """host(main.cf, prefix, parameters): domains, mailboxes and aliases are in the database."""
    def make(main_cf="", prefix="", started=True, **parameters):
        i = make_instance(relay_port=sink.port)
        maps = {name: i.file(f"{name}.cf", server.parameters(query, **parameters), mode=0o600)
                for name, query in (("aliases", ALIASES), ("mailboxes", MAILBOXES), ("domains", DOMAINS))}
        table = {name: f"{prefix}{server.kind}:{path}" for name, path in maps.items()}
        i.write_config(f"relayhost = [127.0.0.1]:{sink.port}\nvirtual_mailbox_domains = {table['domains']}\n"
                       f"virtual_mailbox_maps = {table['mailboxes']}\nvirtual_alias_maps = {table['aliases']}\n"
                       f"smtpd_recipient_restrictions = permit_mynetworks\n{main_cf}")
        i.maps = table
        return i.start() if started else i
    yield make
    server.resume()
    if server.process is None:
        server.start()


def rcpt(i, address, code=None, timeout=60):
    with i.client(timeout=timeout) as c:
        c.expect("EHLO c.example", 250)
        c.expect("MAIL FROM:<s@load.example>", 250)
        reply = c.command(f"RCPT TO:<{address}>")
        assert code in (None, reply.code), f"{address}: {reply}"
        return reply


def wait_rcpt(i, address, code, timeout=60):
    """Until the answer is that; it must be 250 or 4xx meanwhile."""
    deadline = time.monotonic() + timeout
    while (reply := rcpt(i, address)).code != code:
        assert reply.code < 500, reply
        assert time.monotonic() < deadline, reply
        time.sleep(0.2)


@pytest.mark.parametrize("prefix", ["", "proxy:"])
def test_mail_by_way_of_the_database(host, sink, prefix):
    i = host(prefix=prefix)
    rcpt(i, "nobody@sql.example", 550)
    rcpt(i, "old@sql.example", 550)
    i.send(message(), "s@load.example", "info@sql.example", "box@sql.example", "o'neil@sql.example")
    assert sorted(r for m in sink.wait(1) for r in m.recipients)[:1] == ["a@sink.example"]
    i.maildir("sql.example/box")
    i.wait_queue(0)
    assert sorted(r for m in sink.messages for r in m.recipients) == ["a@sink.example", "b@sink.example", "quote@sink.example"]
    assert not i.log.lines("warning|fatal|panic|error:")


@pytest.mark.parametrize("key", ["x' OR '1'='1", "x\\' OR 1=1 -- ", "'; DROP TABLE alias; -- ", "%s", "\\", "''"])
def test_a_key_is_only_data(host, server, key):
    i = host(started=False)
    done = i.command("postmap", "-q", key, i.maps["aliases"], check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert "3" in server.execute("select count(*) from alias")


def test_a_server_that_dies_and_comes_back(host, server):
    i = host()
    rcpt(i, "info@sql.example", 250)
    server.kill()
    assert 400 <= rcpt(i, "info@sql.example").code < 500
    assert 400 <= rcpt(i, "nobody@sql.example").code < 500
    server.start()
    wait_rcpt(i, "info@sql.example", 250)
    wait_rcpt(i, "nobody@sql.example", 550)


def test_a_server_that_hangs_holds_up_nobody_else(host, server, sink):
    i = host("proxymap_query_timeout = 6s\n")
    rcpt(i, "info@sql.example", 250)
    server.pause()
    answers = []
    asking = [threading.Thread(target=lambda: answers.append(rcpt(i, "info@sql.example").code)) for _ in range(12)]
    for t in asking:
        t.start()
    began = time.monotonic()
    with i.client() as c:  # commands that need no table
        c.expect("EHLO c.example", 250)
        c.expect("NOOP", 250)
    assert time.monotonic() - began < 5
    for t in asking:
        t.join(60)
    assert len(answers) == 12 and all(400 <= code < 500 for code in answers)
    server.resume()
    wait_rcpt(i, "info@sql.example", 250)
    wait_rcpt(i, "nobody@sql.example", 550)


def test_the_next_server_is_asked(host, server):
    mute = Mute()
    good = f"unix:{server.socket}" if server.kind == "mysql" else f"inet:127.0.0.1:{server.port}"
    i = host("proxymap_query_timeout = 6s\n", hosts=f"127.0.0.1:1 inet:127.0.0.1:{mute.port} {good}")
    for n in range(4):
        rcpt(i, "info@sql.example", 250)
        rcpt(i, f"nobody{n}@sql.example", 550)
    mute.close()


def test_a_mute_server_is_a_temporary_failure(host):
    mute = Mute()
    i = host("proxymap_query_timeout = 3s\n", hosts=f"inet:127.0.0.1:{mute.port}")
    assert 400 <= rcpt(i, "info@sql.example").code < 500
    mute.close()


def test_a_wrong_password_is_a_temporary_failure(host, server):
    i = host(password="wrong")
    assert 400 <= rcpt(i, "info@sql.example").code < 500
    i.log.wait(f"proxymap\\[.*warning: connect to {server.kind} server ", timeout=60)


def test_a_bad_parameter_file_is_a_temporary_failure(host):
    i = host(expansion_limit="many")
    assert 400 <= rcpt(i, "info@sql.example").code < 500
    i.log.wait("bad numerical configuration: expansion_limit = many")


def test_an_answer_of_many_rows(host, server):
    numbers = {"mysql": "SELECT seq FROM seq_1_to_1000000", "pgsql": "SELECT generate_series(1, 1000000)"}[server.kind]
    i = host(started=False)
    many = i.file("many.cf", server.parameters(numbers + " WHERE '%s' = '%s'"))
    value = i.command("postmap", "-q", "k", f"{server.kind}:{many}").stdout
    assert value.startswith("1,2,3,") and value.endswith(",999999,1000000\n")
    limited = i.file("limited.cf", server.parameters(numbers + " WHERE '%s' = '%s'", expansion_limit=1000))
    done = i.command("postmap", "-q", "k", f"{server.kind}:{limited}", check=False)
    assert done.returncode != 0 and "Expansion limit exceeded for key: 'k'" in done.stderr


def test_equal_questions_are_asked_once(host, server):
    """Of two hundred clients that ask the same at once, the server sees few."""
    if server.kind != "pgsql":
        pytest.skip("counted by a sequence")
    server.execute("create sequence asked; grant all on sequence asked to mail;"
                   "create function slow(k text) returns text as $$ select nextval('asked'); select pg_sleep(2);"
                   " select 'REJECT ' || k $$ language sql;")
    i = host()
    slow = i.file("slow.cf", server.parameters("SELECT slow('%s')"))
    i.set_parameter("smtpd_recipient_restrictions", f"check_sender_access pgsql:{slow} permit_mynetworks")
    i.reload()
    wait_rcpt(i, "info@sql.example", 554)
    before = int(server.execute("select last_value from asked"))
    answers = []
    asking = [threading.Thread(target=lambda: answers.append(rcpt(i, "info@sql.example").code)) for _ in range(40)]
    for t in asking:
        t.start()
    for t in asking:
        t.join(120)
    assert answers == [554] * 40
    assert int(server.execute("select last_value from asked")) - before < 40


def test_sqlite_by_way_of_proxymap(make_instance, sink):
    i = make_instance(relay_port=sink.port)
    db = sqlite3.connect(i.base / "mail.sqlite")
    db.executescript(SCHEMA)
    db.close()
    maps = i.file("aliases.cf", f"dbpath = {i.base}/mail.sqlite\nquery = {ALIASES}\n")
    i.write_config(f"relayhost = [127.0.0.1]:{sink.port}\nvirtual_alias_maps = proxy:sqlite:{maps}\n"
                   "virtual_alias_domains = sql.example\n")
    i.start()
    rcpt(i, "nobody@sql.example", 550)
    i.send(message(), "s@load.example", "info@sql.example")
    assert sorted(sink.wait(1)[0].recipients) == ["a@sink.example", "b@sink.example"]
