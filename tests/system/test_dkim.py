"""Signatures, checked by dkimpy and by OpenDKIM's verifier."""

import base64
import itertools
import os
import subprocess
import time

import dkim
import pytest

from harness.client import message


def make_key(path, kind):
    """A private key file; what DNS says of it."""
    argv = {"rsa1024": ["genrsa", "-traditional", "1024"], "rsa2048": ["genrsa", "2048"],
            "ed25519": ["genpkey", "-algorithm", "ed25519"]}[kind]
    path.write_bytes(subprocess.run(["openssl", *argv], check=True, capture_output=True).stdout)
    os.chmod(path, 0o644)
    der = subprocess.run(["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    if kind == "ed25519":
        return "v=DKIM1; k=ed25519; p=" + base64.b64encode(der[-32:]).decode()
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


class Signer:
    """An instance that signs, and everybody else's view of its keys."""

    def __init__(self, instance, dns, sink):
        self.instance, self.dns, self.sink, self.records = instance, dns, sink, {}

    def key(self, selector, kind="rsa1024", domain="load.example"):
        path = self.instance.etc / f"{selector}.pem"
        record = make_key(path, kind)
        self.records[f"{selector}._domainkey.{domain}."] = record
        parts = " ".join(f'"{record[i:i + 200]}"' for i in range(0, len(record), 200))
        self.dns.zone.add(f"{selector}._domainkey.{domain}. 60 IN TXT {parts}\n")
        return f"{selector} {path}"

    def configure(self, signing_maps, canonicalization="relaxed/simple", **parameters):
        self.instance.set_parameter("dkim_signing_maps", signing_maps)
        self.instance.set_parameter("dkim_canonicalization", canonicalization)
        for name, value in parameters.items():
            self.instance.set_parameter(name, value)

    def signed(self, content, sender="sender@load.example", chunk=0):
        """What the far host gets for this content."""
        count = len(self.sink.messages) + 1
        with self.instance.client() as c:
            c.ehlo()
            c.envelope(sender, "rcpt@sink.example", mail_options="BODY=8BITMIME SMTPUTF8")
            assert c.data(content, chunk).code == 250
        return self.sink.wait(count)[-1].data

    def check(self, data, index=0):
        def txt(name, timeout=5):
            record = self.records.get(name.decode() if isinstance(name, bytes) else name)
            return record.encode() if record else None

        assert dkim.DKIM(data).verify(idx=index, dnsfunc=txt), data[:600]

    def check_with_opendkim(self, data):
        """Its verifier asks the resolver of the system, so it gets one of its own."""
        conf = self.instance.base / "resolv.conf"
        conf.write_text(f"nameserver {self.dns.host}\n")
        done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec opendkim-testmsg',
                               str(conf)], input=data, capture_output=True)
        assert done.returncode == 0 and not done.stderr and not done.stdout, done


@pytest.fixture
def signer(make_instance, dns, sink):
    return Signer(make_instance(relay_port=sink.port), dns, sink)


CONTENT = {
    "plain": message(body="hello\r\nworld\r\n").encode(),
    "empty body": message(body="").encode(),
    "only empty lines": message(body="\r\n\r\n\r\n").encode(),
    "empty lines at the end": message(body="text\r\n\r\n\r\n\r\n").encode(),
    "no line end": message(body="text").encode(),
    "long lines": message(body="x" * 998 + "\r\n" + "y z " * 240 + "\r\n").encode(),
    "lines that are folded on the way": message(body="x" * 5000 + "\r\n" + "y" * 999 + "\r\n").encode(),
    "8-bit": message(body="Gr\u00fc\u00dfe\r\n\u20ac\r\n", Content_Type="text/plain; charset=utf-8", MIME_Version="1.0",
                     Content_Transfer_Encoding="8bit").encode(),
    "UTF-8 headers": message(subject="Gr\u00fc\u00dfe \u20ac", From="J\u00fcrgen <sender@load.example>").encode(),
    "dots": message(body=".\r\n..\r\n.text\r\n...\r\n.\r\n").encode(),
    "blanks": message(body="a  b\t c \t\r\n   \r\n \t\r\n d\r\n \r\n").encode(),
    "folded headers": b"From: <sender@load.example>\r\nTo: <a@x.example>,\r\n <b@x.example>,\r\n\t<c@x.example>\r\n"
                      b"Subject:   many \t  blanks  \r\n   and folds\r\nDate: Sat, 21 Nov 2026 23:30:00 +0000\r\n"
                      b"Message-ID:\r\n <folded@load.example>\r\n\r\nbody\r\n",
    "repeated headers": b"From: <sender@load.example>\r\nTo: <a@x.example>\r\nSubject: one\r\nComments: 1\r\nComments: 2\r\n"
                        b"Received: from x by y; Sat, 21 Nov 2026 23:30:00 +0000\r\nDate: Sat, 21 Nov 2026 23:30:00 +0000\r\n"
                        b"Message-ID: <rep@load.example>\r\n\r\nbody\r\n",
    "headers that we add": b"From: <sender@load.example>\r\nSubject: no date, no id\r\n\r\nbody\r\n",
    "no headers but From": b"From: <sender@load.example>\r\n\r\nbody\r\n",
    "MIME": message(MIME_Version="1.0", Content_Type="multipart/mixed; boundary=b",
                    body="preamble\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--\r\nepilogue\r\n").encode(),
    "large": message(body="0123456789abcdef \r\n" * 60000).encode(),
    "control bytes": message(body="").encode() + b"\x01\x02\x7f\r\n\x00\r\n",
}
CANONS = [f"{h}/{b}" for h, b in itertools.product(("simple", "relaxed"), repeat=2)]


@pytest.mark.parametrize("canon", CANONS)
def test_every_content_verifies(signer, canon):
    signer.configure(f"inline:{{ {{load.example = {signer.key('s1')}}} }}", canon)
    signer.instance.start()
    for name, content in CONTENT.items():
        data = signer.signed(content)
        header = data[:data.index(b"\r\n\r\n")].replace(b"\r\n\t", b" ")
        assert b"DKIM-Signature: v=1; a=rsa-sha256; c=" + canon.encode() in header.replace(b"\r\n ", b" "), (name, header)
        try:
            signer.check(data)
            if name not in ("control bytes",):  # OpenDKIM's test program reads text
                signer.check_with_opendkim(data)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


@pytest.mark.parametrize("chunk", [1, 5])
def test_content_in_small_pieces(signer, chunk):
    signer.configure(f"inline:{{ {{load.example = {signer.key('s1')}}} }}")
    signer.instance.start()
    for name in ("plain", "dots", "empty body", "folded headers", "blanks"):
        data = signer.signed(CONTENT[name], chunk=chunk)
        signer.check(data)
        signer.check_with_opendkim(data)


@pytest.mark.parametrize("kind", ["rsa1024", "rsa2048", "ed25519"])
def test_kinds_of_keys(signer, kind):
    signer.configure(f"inline:{{ {{load.example = {signer.key('s1', kind)}}} }}")
    signer.instance.start()
    data = signer.signed(CONTENT["plain"])
    assert (b"a=ed25519-sha256" if kind == "ed25519" else b"a=rsa-sha256") in data
    signer.check(data)
    if kind != "ed25519":  # OpenDKIM 2.11 knows no other
        signer.check_with_opendkim(data)


def test_two_signatures(signer):
    signer.configure(f"inline:{{ {{load.example = {signer.key('s1')}, {signer.key('s2', 'ed25519')}}} }}")
    signer.instance.start()
    data = signer.signed(CONTENT["plain"])
    assert data.count(b"DKIM-Signature:") == 2
    signer.check(data, 0)
    signer.check(data, 1)


def test_the_senders_domain_decides(signer):
    signer.configure(f"inline:{{ {{load.example = {signer.key('s1')}}} {{boss@other.example = {signer.key('s2', domain='other.example')}}} }}")
    signer.instance.start()
    assert b"DKIM-Signature" not in signer.signed(message(From="<x@third.example>"), "x@third.example")
    data = signer.signed(message(From="<boss@other.example>"), "boss@other.example")
    assert b"d=other.example" in data.replace(b"\r\n\t", b" ") and b"s=s2" in data
    signer.check(data)
    assert b"DKIM-Signature" not in signer.signed(message(From="<clerk@other.example>"), "clerk@other.example")


def test_forged_additions_break_the_signature(signer):
    """dkim_oversigned_headers"""
    signer.configure(f"inline:{{ {{load.example = {signer.key('s1')}}} }}", dkim_oversigned_headers="from, subject")
    signer.instance.start()
    data = signer.signed(CONTENT["plain"])
    signer.check(data)
    for forged in (b"From: <evil@x.example>\r\n", b"Subject: evil\r\n"):
        with pytest.raises(AssertionError):
            signer.check(forged + data)


def test_a_changed_key_is_taken_up_without_a_reload(signer):
    key = signer.key("s1")
    signer.configure(f"inline:{{ {{load.example = {key}}} }}")
    signer.instance.start()
    signer.check(signer.signed(CONTENT["plain"]))
    path = signer.instance.etc / "s1.pem"
    signer.records["s1._domainkey.load.example."] = make_key(path, "rsa2048")
    time.sleep(2.1)
    signer.check(signer.signed(CONTENT["plain"]))


def test_without_its_key_mail_is_not_sent_unsigned(signer, sink):
    signer.configure("inline:{ {load.example = s1 /nonexistent/key} }")
    signer.instance.start()
    with signer.instance.client() as c:
        c.ehlo()
        c.envelope("sender@load.example", "rcpt@sink.example")
        assert c.data(CONTENT["plain"]).code == 451
    signer.instance.log.wait("warning: .*/nonexistent/key")
    assert not [m for m in sink.messages if "sender@load.example" in m.mail]  # the postmaster hears of it
