"""ldap: tables with a real slapd: what the parameters of ldap_table(5) do, and mail by way of them."""

import time

import pytest

from harness.client import message
from harness.databases import Slapd

THING = "objectClass: device\nobjectClass: mailThing\n"


def entry(cn, *lines, under="dc=example,dc=org"):
    return f"dn: cn={cn},{under}\n{THING}cn: {cn}\n" + "".join(f"{line}\n" for line in lines) + "\n"


class Directory(Slapd):
    LDIF = Slapd.LDIF + "".join([
        entry("info", "mail: info@ldap.example", "maildrop: a@sink.example"),
        entry("multi", "mail: multi@ldap.example", "maildrop: m1@sink.example", "maildrop: m2@sink.example"),
        entry("twice1", "mail: twice@ldap.example", "maildrop: t1@sink.example"),
        entry("twice2", "mail: twice@ldap.example", "maildrop: t2@sink.example"),
        entry("quote", "mail: q(u)*o\\te@ldap.example", "maildrop: q@sink.example"),
        entry("secret", "mail: secret@ldap.example", "maildrop: s@sink.example", under="ou=private,dc=example,dc=org"),
        entry("group", "mail: group@ldap.example", "memberDn: cn=info,dc=example,dc=org", "memberDn: cn=multi,dc=example,dc=org"),
        entry("term", "mail: term@ldap.example", "maildrop: term@sink.example", "memberDn: cn=multi,dc=example,dc=org"),
        entry("dead", "mail: dead@ldap.example", "memberDn: cn=gone,dc=example,dc=org", "memberDn: cn=info,dc=example,dc=org"),
        entry("loop", "mail: loop@ldap.example", "memberDn: cn=loop,dc=example,dc=org"),
        entry("url", "mail: url@ldap.example", "memberUrl: ldap:///dc=example,dc=org??sub?(cn=multi)",
              "memberUrl: ldap:///dc=example,dc=org?maildrop?sub?(cn=info)"),
    ])


@pytest.fixture(scope="module")
def slapd():
    s = Directory()
    try:
        yield s
    finally:
        s.close()


@pytest.fixture
def commands(make_instance):
    return make_instance()


PRIVATE = {"search_base": "ou=private,dc=example,dc=org", "version": 3}
DN = {"bind_dn": "uid=mail,dc=example,dc=org", "bind_pw": "secret"}
LEADS = {"special_result_attribute": "memberDn, memberUrl"}

CASES = [
    # what, parameters, key, value (None: not found; ...: an error), warning
    ("the attribute asked for", {}, "info@ldap.example", "a@sink.example", ""),
    ("nobody", {}, "nobody@ldap.example", None, ""),
    ("several values", {}, "multi@ldap.example", "m1@sink.example,m2@sink.example", ""),
    ("several entries", {}, "twice@ldap.example", "t1@sink.example,t2@sink.example", ""),
    ("any number, no star", {}, "*", None, ""),
    ("no other filter", {}, "x)(mail=*", None, ""),
    ("all that is special", {}, "q(u)*o\\te@ldap.example", "q@sink.example", ""),
    ("a format", {"result_format": "<%u>[%d]%U"}, "info@ldap.example", "<a>[sink.example]info", ""),
    ("its old name", {"result_filter": "<%s>"}, "info@ldap.example", "<a@sink.example>", ""),
    ("of these domains", {"domain": "other.example"}, "info@ldap.example", None, ""),
    ("one value at most", {"expansion_limit": 1}, "multi@ldap.example", ..., "Expansion limit exceeded"),
    ("one entry at most", {"size_limit": 1}, "twice@ldap.example", ..., "Search error 4: Size limit exceeded"),
    ("one level", {"scope": "one", "search_base": "dc=org"}, "info@ldap.example", ..., "Search base 'dc=org' not found"),
    ("a base made of the key", {"search_base": "ou=%u,dc=example,dc=org", "query_filter": "ou=%u"}, "x,dc=y@z.example", None, ""),
    ("the members", LEADS, "group@ldap.example", "a@sink.example,m1@sink.example,m2@sink.example", ""),
    ("a member who is gone", LEADS, "dead@ldap.example", "a@sink.example", "DN cn=gone,dc=example,dc=org not found"),
    ("an URL", LEADS, "url@ldap.example", "m1@sink.example,m2@sink.example,a@sink.example", ""),
    ("round and round", {**LEADS, "recursion_limit": 3}, "loop@ldap.example", ..., "Recursion limit exceeded"),
    ("terminal", {**LEADS, "terminal_result_attribute": "maildrop", "result_attribute": "cn"}, "term@ldap.example",
     "term@sink.example", ""),
    ("leaves only", {**LEADS, "leaf_result_attribute": "mail", "result_attribute": ""}, "group@ldap.example",
     "info@ldap.example,multi@ldap.example", ""),
    ("not for everybody", PRIVATE, "secret@ldap.example", ..., "Search base"),
    ("who we are", {**PRIVATE, **DN, "bind": "yes"}, "secret@ldap.example", "s@sink.example", ""),
    ("who we are not", {**DN, "bind": "simple", "bind_pw": "wrong"}, "info@ldap.example", ..., "Unable to bind to server"),
    ("SASL", {**PRIVATE, "bind": "sasl", "sasl_mechs": "DIGEST-MD5", "bind_dn": "mail", "bind_pw": "secret"},
     "secret@ldap.example", "s@sink.example", ""),
    ("a bad filter", {"query_filter": "(mail=%s"}, "info@ldap.example", ..., "Bad search filter"),
    ("a bad way to bind", {"bind": "perhaps"}, "info@ldap.example", ..., "unsupported parameter value: bind = perhaps"),
    ("a bad template", {"query_filter": "mail=%x"}, "info@ldap.example", ..., "Invalid query template: mail=%x"),
    ("a bad number", {"timeout": "soon"}, "info@ldap.example", ..., "bad numerical configuration: timeout = soon"),
]


@pytest.mark.parametrize("parameters,key,value,warning", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_parameters(commands, slapd, parameters, key, value, warning):
    path = commands.file("ldap.cf", slapd.parameters(**{"query_filter": "(mail=%s)", **parameters}))
    done = commands.command("postmap", "-q", key, f"ldap:{path}", check=False)
    assert warning in done.stderr and (warning or not done.stderr)
    if value is ...:
        assert done.returncode != 0 and "fatal: " in done.stderr
    else:
        assert done.stdout == ("" if value is None else value + "\n")


def test_parameters_in_main_cf(commands, slapd):
    for name, value in (line.split(" = ", 1) for line in slapd.parameters("(mail=%s)").splitlines()):
        commands.set_parameter(f"accounts_{name}", value.replace("$", "$$"))
    assert commands.command("postmap", "-q", "info@ldap.example", "ldap:accounts").stdout == "a@sink.example\n"


@pytest.mark.parametrize("way", ["socket", "ldaps", "starttls", "next"])
def test_ways_to_the_server(commands, slapd, way):
    trust = {"version": 3, "tls_require_cert": "yes", "tls_ca_cert_file": f"{slapd.base}/cert.pem"}
    ways = {"socket": {"server_host": slapd.socket_url}, "ldaps": {"server_host": slapd.tls_url, **trust},
            "starttls": {"start_tls": "yes", **trust}, "next": {"server_host": f"ldap://127.0.0.1:1 {slapd.url}"}}
    path = commands.file("ldap.cf", slapd.parameters("(mail=%s)", **ways[way]))
    assert commands.command("postmap", "-q", "info@ldap.example", f"ldap:{path}").stdout == "a@sink.example\n"


def test_a_certificate_that_nobody_vouches_for(commands, slapd):
    path = commands.file("ldap.cf", slapd.parameters("(mail=%s)", slapd.tls_url, version=3, tls_require_cert="yes"))
    done = commands.command("postmap", "-q", "info@ldap.example", f"ldap:{path}", check=False)
    assert done.returncode != 0 and "Can't contact LDAP server" in done.stderr


def wait_code(i, address, code, timeout=60):
    deadline = time.monotonic() + timeout
    while True:
        with i.client(timeout=60) as c:
            c.expect("EHLO c.example", 250)
            c.expect("MAIL FROM:<s@load.example>", 250)
            reply = c.command(f"RCPT TO:<{address}>")
        assert reply.code < 500 or reply.code == code, reply
        if reply.code == code:
            return
        assert time.monotonic() < deadline, reply
        time.sleep(0.2)


@pytest.mark.parametrize("prefix", ["", "proxy:"])
def test_mail_and_a_directory_that_goes_away(make_instance, slapd, sink, prefix):
    i = make_instance(relay_port=sink.port)
    path = i.file("ldap.cf", slapd.parameters("(mail=%s)", timeout=2, **LEADS), mode=0o600)
    i.write_config(f"relayhost = [127.0.0.1]:{sink.port}\nvirtual_alias_domains = ldap.example\n"
                   f"virtual_alias_maps = {prefix}ldap:{path}\n")
    i.start()
    wait_code(i, "nobody@ldap.example", 550)
    i.send(message(), "s@load.example", "group@ldap.example")
    assert sorted(sink.wait(1)[0].recipients) == ["a@sink.example", "m1@sink.example", "m2@sink.example"]
    slapd.pause()
    wait_code(i, "info@ldap.example", 451)
    slapd.resume()
    wait_code(i, "info@ldap.example", 250)
    slapd.kill()
    wait_code(i, "nobody@ldap.example", 451)
    slapd.start()
    wait_code(i, "nobody@ldap.example", 550)
