"""What a person types."""

import json
import os
import re
import subprocess

import pytest

from harness.client import message


@pytest.fixture
def deferred(instance, sink):
    """An instance with three deferred messages, and their queue ids."""
    sink.answers["RCPT"] = "450 4.2.0 come again"
    ids = [instance.send(message(subject=f"number {n}", body=f"body {n}\r\n"), "sender@load.example", f"r{n}@sink.example")
           for n in range(3)]
    instance.wait_queue(3, "deferred")
    return instance, ids


def test_postqueue_lists(deferred):
    instance, ids = deferred
    text = instance.command("postqueue", "-p").stdout
    assert text.startswith("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n")
    for n, queue_id in enumerate(ids):
        assert re.search(rf"(?m)^{queue_id} +\d+ \w{{3}} \w{{3}} [ \d]\d [\d:]{{8}}  sender@load\.example\n *\(host 127.*\n"
                         rf"(.*\n)? +r{n}@sink\.example$", text), text
    assert re.search(r"(?m)^-- \d+ Kbytes in 3 Requests\.$", text)


def test_postqueue_of_an_empty_queue(instance):
    assert instance.command("postqueue", "-p").stdout == "Mail queue is empty\n"
    assert instance.command("postqueue", "-j").stdout == ""


def test_postqueue_json(deferred):
    instance, ids = deferred
    rows = [json.loads(line) for line in instance.command("postqueue", "-j").stdout.splitlines()]
    assert {r["queue_id"] for r in rows} == set(ids)
    row = rows[0]
    assert row["queue_name"] == "deferred" and row["forced_expire"] is False
    assert abs(row["arrival_time"] - os.stat(instance.etc).st_ctime) < 100 and row["message_size"] > 100


def test_postqueue_while_the_mail_system_is_down(deferred):
    instance, ids = deferred
    instance.stop()
    text = instance.command("postqueue", "-p").stdout
    assert all(i in text for i in ids)


def test_postcat_by_id(deferred):
    instance, ids = deferred
    text = instance.command("postcat", "-q", ids[1]).stdout
    assert text.startswith(f"*** ENVELOPE RECORDS {'deferred/' + ids[1][0] + '/' + ids[1]} ***\nmessage_size: ")
    for line in ("message_arrival_time: ", "create_time: ", "named_attribute: rewrite_context=local",
                 "sender: sender@load.example", "named_attribute: log_client_name=localhost",
                 "named_attribute: log_client_address=127.0.0.1", "named_attribute: log_helo_name=client.example",
                 "named_attribute: log_protocol_name=ESMTP", "original_recipient: r1@sink.example",
                 "recipient: r1@sink.example", "*** MESSAGE CONTENTS ", "Subject: number 1", "body 1",
                 "*** HEADER EXTRACTED ", "*** MESSAGE FILE END "):
        assert f"\n{line}" in text, text


@pytest.mark.parametrize("options, has, has_not", [
    ("-e", "recipient: ", "Subject"), ("-h", "Subject", "body 0"), ("-b", "body 0", "Subject"), ("-bh", "body 0", "recipient: "),
    ("-o", "recipient: ", "\nrecipient"),
])
def test_postcat_parts(deferred, options, has, has_not):
    instance, ids = deferred
    text = instance.command("postcat", options, "-q", ids[0]).stdout
    assert has in text and has_not not in text


def test_postcat_of_a_file(deferred):
    instance, ids = deferred
    path = next(p for p in instance.queue_files("deferred") if p.name == ids[0])
    assert "Subject: number 0" in instance.command("postcat", path).stdout


def test_postsuper_deletes(deferred):
    instance, ids = deferred
    done = instance.command("postsuper", "-d", ids[0])
    assert f"{ids[0]}: removed" in done.stderr and "Deleted: 1 message" in done.stderr
    assert {m["queue_id"] for m in instance.queue()} == set(ids[1:])
    instance.log.wait(f"postsuper.*: {ids[0]}: removed")
    assert "Deleted: 2 messages" in instance.command("postsuper", "-d", "ALL").stderr
    assert instance.queue() == [] and not instance.queue_files("deferred", "defer")


def test_postsuper_deletes_what_standard_input_names(deferred):
    instance, ids = deferred
    instance.command("postsuper", "-d", "-", input="\n".join(ids[:2]) + "\n")
    assert [m["queue_id"] for m in instance.queue()] == [ids[2]]


def test_postsuper_holds_and_releases(deferred, sink):
    instance, ids = deferred
    assert "Placed on hold: 1 message" in instance.command("postsuper", "-h", ids[0]).stderr
    assert [m["queue_id"] for m in instance.queue() if m["queue_name"] == "hold"] == [ids[0]]
    assert f"{ids[0]}!" in instance.command("postqueue", "-p").stdout
    sink.answers.clear()
    instance.command("postqueue", "-f")
    sink.wait(2)
    assert [m["queue_id"] for m in instance.wait_queue(1)] == [ids[0]]
    assert "Released from hold: 1 message" in instance.command("postsuper", "-H", ids[0]).stderr
    instance.command("postqueue", "-f")
    sink.wait(3)
    instance.wait_queue(0)


def test_postsuper_requeues(deferred, sink):
    instance, ids = deferred
    sink.answers.clear()
    assert "Requeued: 1 message" in instance.command("postsuper", "-r", ids[0]).stderr
    instance.command("postqueue", "-f")
    received = sink.wait(3)
    assert {m.recipients[0] for m in received} == {f"r{n}@sink.example" for n in range(3)}
    again = next(m for m in received if m.recipients == ["r0@sink.example"])
    assert again.headers.count(b"Received:") == 2  # pickup has added one
    instance.wait_queue(0)


def test_postsuper_refuses_others_than_root(instance):
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", instance.suite.command("postsuper"), "-d", "ALL"],
                          env=instance.env(), capture_output=True, text=True)
    assert done.returncode != 0 and re.search("super-?user", done.stderr)


def test_postsuper_of_unknown_ids_is_no_error(instance):
    assert instance.command("postsuper", "-d", "0123456789AB").returncode == 0


@pytest.mark.parametrize("kind", ["hash", "btree", "lmdb"])
def test_postmap_round_trip(make_instance, kind):
    i = make_instance()
    name = i.table("t", "# comment\nkey value\nKEY2   Value with  blanks \n\ncontinued one\n  two\n", kind)
    assert i.command("postmap", "-q", "key", name).stdout == "value\n"
    assert i.command("postmap", "-q", "Key2", name).stdout == "Value with  blanks\n"
    assert i.command("postmap", "-q", "continued", name).stdout == "one  two\n"
    assert i.command("postmap", "-q", "absent", name, check=False).returncode == 1
    assert sorted(i.command("postmap", "-s", name).stdout.splitlines()) == \
        ["continued\tone  two", "key\tvalue", "key2\tValue with  blanks"]
    assert i.command("postmap", "-q", "-", name, input="key\nabsent\nkey2\n").stdout == "key\tvalue\nkey2\tValue with  blanks\n"
    i.command("postmap", "-d", "key", name)
    assert i.command("postmap", "-q", "key", name, check=False).returncode == 1
    i.command("postmap", "-i", name, input="new entry\n")
    assert i.command("postmap", "-q", "new", name).stdout == "entry\n"


@pytest.mark.parametrize("table, key, want", [
    ("inline:{ a=b, {c = d e} }", "c", "d e"),
    ("static:always", "x", "always"),
    ("regexp:{{/^(.)x/ $$1$$1}}", "ax", "aa"),
    ("pcre:{{/^(\\d+)$$/ n=$$1}}", "42", "n=42"),
    ("cidr:{{10.0.0.0/8 ten}, {2001:db8::/32 six}}", "10.1.2.3", "ten"),
    ("cidr:{{10.0.0.0/8 ten}, {2001:db8::/32 six}}", "2001:db8::1", "six"),
])
def test_postmap_queries_tables_without_files(make_instance, table, key, want):
    i = make_instance()
    assert i.command("postmap", "-q", key, table.replace("$$", "$")).stdout == want + "\n"


def test_postmap_of_files_read_as_they_are(make_instance):
    i = make_instance()
    i.file("t", "one 1\nTwo 2\n")
    i.file("r", "if /^a/\n/b$/ ab\nendif\n!/x/ no x\n")
    assert i.command("postmap", "-q", "two", f"texthash:{i.etc}/t").stdout == "2\n"
    assert i.command("postmap", "-q", "a-b", f"regexp:{i.etc}/r").stdout == "ab\n"
    assert i.command("postmap", "-q", "zzz", f"regexp:{i.etc}/r").stdout == "no x\n"


@pytest.mark.parametrize("kind", ["hash", "btree", "lmdb"])
def test_tables_are_the_same_files(make_instance, reference, kind):
    """What one wrote, the other reads."""
    from harness import suite
    ours, theirs = make_instance(system=suite.postrider()), make_instance(system=reference)
    text = "user@x.example target@y.example\n@z.example someone\n"
    for writer, reader in ((ours, theirs), (theirs, ours)):
        name = writer.table("t", text, kind)
        assert reader.command("postmap", "-q", "user@x.example", name).stdout == "target@y.example\n"
        assert reader.command("postmap", "-q", "nobody", name, check=False).returncode == 1


def test_postconf(make_instance):
    i = make_instance("smtpd_banner = $myhostname says\n  hello\n")
    assert i.command("postconf", "smtpd_banner").stdout == "smtpd_banner = $myhostname says hello\n"
    assert i.command("postconf", "-h", "myhostname").stdout == "mta.example\n"
    assert i.command("postconf", "-x", "smtpd_banner").stdout == "smtpd_banner = mta.example says hello\n"
    assert i.command("postconf", "-d", "smtpd_timeout").stdout == "smtpd_timeout = ${stress?{10}:{300}}s\n"
    assert i.command("postconf", "mydestination").stdout == "mydestination =\n"
    set_here = i.command("postconf", "-n").stdout.splitlines()
    assert "mail_owner = postfix" in set_here and set_here == sorted(set_here)
    everything = i.command("postconf").stdout.splitlines()
    assert len(everything) > 800 and set(set_here) <= set(everything)
    assert "unknown parameter" in i.command("postconf", "no_such_thing").stderr
    assert "queue_directory" in i.command("postconf", "-d").stdout


def test_postlog(instance):
    done = instance.command("postlog", "-t", "mytag", "-p", "warn", "words", "of", "wisdom")
    assert "words of wisdom" in done.stderr or instance.suite.name == "reference"
    instance.log.wait(r"mytag\[\d+\]: warning: words of wisdom")
    instance.command("postlog", "-t", "mytag", input="line one\nline two\n")
    instance.log.wait(r"mytag\[\d+\]: line two")
