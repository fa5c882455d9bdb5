"""SMTP extensions: announced, and meant."""

import re

import pytest

from harness.client import message, stuff


def test_keywords_in_their_order(instance):
    with instance.client() as c:
        assert c.ehlo().lines == ["mta.example", "PIPELINING", "SIZE 10240000", "VRFY", "ETRN", "ENHANCEDSTATUSCODES",
                                  "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"]
        assert c.expect("HELO x.example", 250).lines == ["mta.example"]


def test_keywords_can_be_discarded(make_instance, sink):
    i = make_instance("smtpd_discard_ehlo_keywords = dsn, chunking, silent-discard\n", relay_port=sink.port).start()
    with i.client() as c:
        lines = c.ehlo().lines
        assert "DSN" not in lines and "CHUNKING" not in lines and "SMTPUTF8" in lines


def test_pipelining_of_whole_transactions(instance, sink):
    with instance.client() as c:
        c.ehlo()
        envelope = ["MAIL FROM:<a@load.example>", "RCPT TO:<x@sink.example>", "RCPT TO:<y@sink.example>", "DATA"]
        assert [r.code for r in c.pipeline(*envelope)] == [250, 250, 250, 354]
        # The next envelope behind the dot.
        c.send(stuff(message()) + b".\r\n" + "".join(e + "\r\n" for e in envelope).encode())
        assert [c.reply().code for _ in range(5)] == [250, 250, 250, 250, 354]
        c.send(stuff(message()) + b".\r\nQUIT\r\n")
        assert [c.reply().code for _ in range(2)] == [250, 221]
    assert len(sink.wait(2)) == 2


def test_a_refused_recipient_does_not_spoil_the_pipeline(instance, sink):
    with instance.client() as c:
        c.ehlo()
        replies = c.pipeline("MAIL FROM:<a@load.example>", "RCPT TO:<@@@>", "RCPT TO:<x@sink.example>", "DATA")
        assert [r.code for r in replies] == [250, 501, 250, 354]
        c.send(stuff(message()) + b".\r\n")
        assert c.reply().code == 250
    assert sink.wait(1)[0].recipients == ["x@sink.example"]


def test_data_without_recipients(instance):
    with instance.client() as c:
        c.ehlo()
        replies = c.pipeline("MAIL FROM:<a@load.example>", "RCPT TO:<@@@>", "DATA")
        assert [str(r) for r in replies][2] == "554 5.5.1 Error: no valid recipients"


@pytest.mark.parametrize("size, code", [(1000, 250), (20000, 552)])
def test_size_is_refused_where_it_is_said(make_instance, size, code):
    i = make_instance("message_size_limit = 10000\n").start()
    with i.client() as c:
        assert "SIZE 10000" in c.ehlo().lines
        assert c.command(f"MAIL FROM:<a@load.example> SIZE={size}").code == code


def test_size_is_refused_where_it_was_not_said(make_instance, sink):
    i = make_instance("message_size_limit = 10000\n", relay_port=sink.port).start()
    with i.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        assert str(c.data(message(body="x" * 70 + "\r\n" * 20000))) == "552 5.3.4 Error: message file too big"
        c.envelope("a@load.example", "b@sink.example")
        assert c.data(message()).code == 250
    assert len(sink.wait(1)) == 1


def test_8bit_to_a_server_that_cannot(make_instance, sink):
    sink.extensions = ("PIPELINING",)
    i = make_instance(relay_port=sink.port).start()
    with i.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example", mail_options="BODY=8BITMIME")
        c.data(message(MIME_Version="1.0", Content_Type="text/plain; charset=utf-8",
                       Content_Transfer_Encoding="8bit").encode() + "Gr\u00fc\u00dfe = gut\r\n".encode())
    received = sink.wait(1)[0]
    assert b"Content-Transfer-Encoding: quoted-printable\r\n" in received.headers
    assert received.body.endswith(b"Gr=C3=BC=C3=9Fe =3D gut\r\n")
    assert "BODY" not in received.mail


def test_8bit_to_a_server_that_can(instance, sink):
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example", mail_options="BODY=8BITMIME")
        c.data(message().encode() + "Gr\u00fc\u00dfe\r\n".encode())
    received = sink.wait(1)[0]
    assert "BODY=8BITMIME" in received.mail
    assert received.body.endswith("Gr\u00fc\u00dfe\r\n".encode())


def test_size_is_told_to_the_next_host(instance, sink):
    instance.send(message())
    received = sink.wait(1)[0]
    said = int(re.search(r"SIZE=(\d+)", received.mail).group(1))
    assert abs(said - len(received.data)) < 200


def test_dsn_parameters_go_on(instance, sink):
    with instance.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<a@load.example> RET=HDRS ENVID=QQ314159", 250)
        c.expect("RCPT TO:<b@sink.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;old+2Bname@x.example", 250)
        assert c.data(message()).code == 250
    received = sink.wait(1)[0]
    assert "RET=HDRS" in received.mail and "ENVID=QQ314159" in received.mail
    assert "NOTIFY=FAILURE,DELAY" in received.rcpts[0]
    assert "ORCPT=rfc822;old+2Bname@x.example" in received.rcpts[0]


@pytest.mark.parametrize("command, code", [
    ("MAIL FROM:<a@load.example> RET=ALL", 501),
    ("MAIL FROM:<a@load.example> BODY=BINARYMIME", 555),
    ("MAIL FROM:<a@load.example> SIZE=abc", 501),
    ("MAIL FROM:<a@load.example> FOO=BAR", 555),
    ("MAIL FROM:<a@load.example> SMTPUTF8", 250),
    ("MAIL FROM: <a@load.example>", 250),
    ("MAIL FROM:a@load.example", 250),
    ("MAIL FROM:<>", 250),
    ("MAIL FROM:<a b@load.example>", 501),
    ("MAIL", 501),
    ("RCPT TO:<a@sink.example>", 503),
])
def test_envelope_syntax(instance, command, code):
    with instance.client() as c:
        c.ehlo()
        assert c.command(command).code == code


def test_smtputf8(instance, sink):
    with instance.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<\u00fcser@load.example> SMTPUTF8".encode(), 250)
        c.expect("RCPT TO:<\u00e4nna@sink.example>".encode(), 250)
        assert c.data(message(subject="Gr\u00fc\u00dfe")).code == 250
    received = sink.wait(1)[0]
    assert "SMTPUTF8" in received.mail
    assert received.sender == "\u00fcser@load.example" and received.recipients == ["\u00e4nna@sink.example"]
    assert "Subject: Gr\u00fc\u00dfe\r\n".encode() in received.headers
    assert b"with UTF8SMTP id" in received.headers


def test_utf8_address_needs_the_declaration_where_rules_are_strict(make_instance):
    i = make_instance("strict_smtputf8 = yes\n").start()
    with i.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<a@load.example>", 250)
        assert str(c.command("RCPT TO:<\u00e4nna@sink.example>".encode())) == \
            "553 5.6.7 Must declare SMTPUTF8 to send unicode address"


def test_smtputf8_to_a_server_that_cannot_is_bounced(make_instance, sink):
    sink.extensions = ("PIPELINING", "8BITMIME")
    i = make_instance(relay_port=sink.port).start()
    with i.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<> SMTPUTF8".encode(), 250)
        c.expect("RCPT TO:<\u00e4nna@sink.example>".encode(), 250)
        assert c.data(message()).code == 250
    i.log.wait(r"dsn=5\.6\.7, status=bounced \(SMTPUTF8 is required, but was not offered by host")


def bdat(c, data, last=False):
    c.send(f"BDAT {len(data)}{' LAST' if last else ''}\r\n".encode() + data)
    return c.reply()


def test_chunking(instance, sink):
    content = message(body="one\r\n.\r\n..two\r\nend\r\n").encode()
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        assert str(bdat(c, content[:30])) == "250 2.0.0 Ok: 30 bytes"
        assert bdat(c, content[30:95]).code == 250
        reply = bdat(c, content[95:], last=True)
        assert re.fullmatch(rf"2\.0\.0 Ok: {len(content)} bytes queued as \w+", reply.text)
    assert sink.wait(1)[0].body == b"one\r\n.\r\n..two\r\nend\r\n"


def test_chunks_cut_anywhere_and_pipelined(instance, sink):
    content = message(body="one\r\n.\r\ntwo\r\n").encode()
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        c.send(b"".join(b"BDAT 1\r\n" + bytes([b]) for b in content) + b"BDAT 0 LAST\r\n")
        replies = [c.reply().code for _ in range(len(content) + 1)]
        assert set(replies) == {250}
    assert sink.wait(1)[0].body == b"one\r\n.\r\ntwo\r\n"


def test_bdat_and_data_do_not_mix(instance):
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        assert bdat(c, b"Subject: x\r\n").code == 250
        assert c.command("DATA").code == 503
        assert c.command("RCPT TO:<c@sink.example>").code == 503
        c.expect("RSET", 250)
        c.envelope("a@load.example", "b@sink.example")
        assert c.data(message()).code == 250


@pytest.mark.parametrize("command, code", [("BDAT", 521), ("BDAT x", 521), ("BDAT 5 FIRST", 521), ("BDAT -1", 521),
                                           ("BDAT 0", 551)])
def test_bdat_syntax(instance, command, code):
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        assert c.command(command).code == code


def test_bdat_before_recipients_swallows_its_chunk(instance):
    with instance.client() as c:
        c.ehlo()
        assert bdat(c, b"NOOP\r\nNOOP\r\n").code == 503
        c.expect("NOOP", 250)
