"""Signatures at the edges: sizes around buffers, odd line ends, headers that come and go, ways in."""

import time

import pytest

from harness.client import message, stuff
from test_dkim import CANONS, Signer, make_key

ROOM = 700  # headers and records around a body of that size cross the next boundary


@pytest.fixture
def signer(make_instance, dns, sink):
    return Signer(make_instance(relay_port=sink.port), dns, sink)


def start(signer, canon="relaxed/simple", keys=(), **parameters):
    names = ", ".join(keys or (signer.key("s1"),))
    signer.configure(f"inline:{{ {{load.example = {names}}} }}", canon, **parameters)
    signer.instance.start()


def check_both(signer, data):
    signer.check(data)
    signer.check_with_opendkim(data)


@pytest.mark.parametrize("boundary", [4096, 8192, 16384, 65536])
def test_sizes_around_buffers(signer, boundary):
    start(signer, "simple/simple")
    for size in [*range(boundary - ROOM, boundary - ROOM + 12), *range(boundary - 3, boundary + 4)]:
        signer.check(signer.signed(message(body=("x" * 70 + "\r\n") * (size // 72) + "y" * (size % 72) + "\r\n")))


def test_line_ends_around_buffers(signer):
    """CR and LF, dots, and the end of data in different reads."""
    start(signer)
    for pad in range(4080, 4100):
        body = "z" * pad + "\r\n.\r\n..\r\n \t\r\n\r\n"
        data = signer.signed(message(body=body), chunk=4096)
        signer.check(data)


@pytest.mark.parametrize("limit", [20000])
def test_sizes_around_the_journals_limit(signer, limit):
    start(signer, queue_journal_message_limit=limit)
    for size in range(limit - 1500, limit + 500, 250):
        signer.check(signer.signed(message(body="0123456789abcde\r\n" * (size // 17))))


LINES = {
    "longer than SMTP allows": b"x" * 3000 + b"\r\n",
    "as long as a record": b"x" * 2048 + b"\r\n" + b"y" * 2047 + b"\r\n" + b"z" * 2049 + b"\r\n",
    "much longer": b"a b " * 5000 + b"\r\n",
    "long, with blanks where it is folded": (b"x" * 990 + b" " * 20) * 3 + b"\r\n",
    "no end": b"x" * 12000,
    "blanks at the end": b"text" + b" \t" * 2000 + b"\r\n",
}


@pytest.mark.parametrize("canon", CANONS)
def test_long_lines(signer, canon):
    start(signer, canon)
    for name, body in LINES.items():
        try:
            signer.check(signer.signed(message(body="").encode() + body))
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


HEADERS = {
    "only headers": b"From: <sender@load.example>\r\nSubject: no body\r\n",
    "one header, no body, no line end": b"From: <sender@load.example>",
    "nothing at all": b"",
    "only an empty line": b"\r\n",
    "a body without headers": b"hello there\r\nworld\r\n",
    "no From": b"Subject: x\r\n\r\nbody\r\n",
    "no Date, no Message-ID": b"From: <sender@load.example>\r\n\r\nbody\r\n",
    "an empty subject": message(subject="", body="x\r\n").encode(),
    "a subject of blanks": message(subject="   \t ", body="x\r\n").encode(),
    "blanks before the colon": b"From: <sender@load.example>\r\nSubject : x\r\n\r\nbody\r\n",
    "no blank behind the colon": b"From:<sender@load.example>\r\nSubject:x\r\n\r\nbody\r\n",
    "folded everywhere": b"From:\r\n <sender@load.example>\r\nSubject:\r\n\ta\r\n b\r\n\t c\r\n\r\nbody\r\n",
    "a fold that is blank": b"From: <sender@load.example>\r\nSubject: a\r\n \r\n b\r\n\r\nbody\r\n",
    "resent": b"Resent-From: <sender@load.example>\r\nResent-To: <rcpt@sink.example>\r\n"
              b"Resent-Date: Sat, 21 Nov 2026 23:30:00 +0000\r\n" + message(From="<other@load.example>").encode(),
    "resent by nobody": b"Resent-To: <rcpt@sink.example>\r\n" + message().encode(),
    "names in all cases": b"FROM: <sender@load.example>\r\nsubJECT: x\r\nto: <b@sink.example>\r\n\r\nbody\r\n",
    "twice From": b"From: <sender@load.example>\r\nFrom: <other@load.example>\r\nSubject: x\r\n\r\nbody\r\n",
    "Bcc and Return-Path, which are removed": b"Bcc: <c@sink.example>\r\nReturn-Path: <x@load.example>\r\n"
                                              + message().encode(),
    "a local address, which is completed": b"From: sender@load.example\r\nTo: friend, other@host\r\n\r\nbody\r\n",
    "a mailbox line": b"From sender Sat Nov 21 23:30:00 2026\r\n" + message().encode(),
    "a very long header": message(subject="w " * 20000).encode(),
    "many headers": b"".join(b"X-%d: y\r\n" % n for n in range(3000)) + message().encode(),
    "8-bit": message(subject="Gr\u00fc\u00dfe \u20ac", X_Other="\u00fc").encode(),
    "8-bit that is not UTF-8": message(subject="x").encode().replace(b"Subject: x", b"Subject: \xfc\xff"),
    "a header cut off by the end": b"From: <sender@load.example>\r\nSubject: x\r\n folded\r\n ",
}


@pytest.mark.parametrize("canon", ["simple/simple", "relaxed/relaxed"])
def test_headers(signer, canon):
    start(signer, canon, dkim_signed_headers="from, to, subject, date, message-id, resent-from, resent-date, x-other",
          dkim_oversigned_headers="from, subject")
    for name, content in HEADERS.items():
        try:
            signer.check(signer.signed(content))
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


def test_bare_newlines(signer):
    start(signer)
    for content in (b"From: <sender@load.example>\nSubject: x\n\nbody\nmore\n", b"From: <sender@load.example>\n\n\r\n\n\r\n",
                    message(body="a\rb\r\r\nc\n\r\n").encode()):
        signer.check(signer.signed(content))


@pytest.mark.parametrize("sizes", [[1] * 40, [7, 1, 2], [4096], [100000]])
def test_chunks(signer, sink, sizes):
    start(signer, "simple/simple")
    content = message(body="hello\r\n.\r\n..dots\r\n" + "x" * 3000 + "\r\nend without a line end").encode()
    with signer.instance.client() as c:
        c.ehlo()
        c.envelope("sender@load.example", "rcpt@sink.example")
        at = 0
        for n in sizes:
            part = content[at:at + n]
            at += len(part)
            c.send(b"BDAT %d\r\n" % len(part) + part if part else b"NOOP\r\n")
            assert c.reply().code == 250
        c.send(b"BDAT %d LAST\r\n" % (len(content) - at) + content[at:])
        assert c.reply().code == 250
    check_both(signer, sink.wait(1)[0].data)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_trickling_client(signer, chunk):
    start(signer)
    for name in ("folded everywhere", "a fold that is blank", "nothing at all", "8-bit"):
        signer.check(signer.signed(HEADERS[name], chunk=chunk))


def test_two_kinds_of_keys_on_every_header(signer):
    start(signer, keys=(signer.key("s1", "ed25519"), signer.key("s2", "rsa2048")))
    for content in HEADERS.values():
        data = signer.signed(content)
        assert data.count(b"DKIM-Signature:") == 2
        signer.check(data, 0)
        signer.check(data, 1)


def test_a_key_replaced_under_load(signer):
    """Each message is signed with the one or the other, and never with half of each."""
    key = signer.key("s1")
    start(signer, keys=(key,))
    old = signer.records["s1._domainkey.load.example."]
    path = signer.instance.etc / "s1.pem"
    new_path = signer.instance.etc / "s1.new"
    new = make_key(new_path, "rsa1024")
    good = {old: 0, new: 0}
    for n in range(60):
        if n == 20:
            new_path.rename(path)
        data = signer.signed(message(body=f"{n}\r\n"))
        for record in good:
            signer.records["s1._domainkey.load.example."] = record
            try:
                signer.check(data)
                good[record] += 1
            except AssertionError:
                pass
        time.sleep(0.05)
    assert sum(good.values()) == 60 and good[new] >= 15, good


def test_dots_at_all_places(signer):
    start(signer)
    for body in (".", "..", ".\r\n", "\r\n.\r\n", "a\r\n.", ". \r\n", ".\r\n\r\n", "...\r\n....\r\n"):
        data = signer.signed(message(body=body))
        signer.check(data)
        assert stuff(data).count(b"\r\n.") == stuff(message(body=body)).count(b"\r\n.")
