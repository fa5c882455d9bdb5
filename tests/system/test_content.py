"""What cleanup refuses and changes, as a whole system shows it."""

import re

import pytest

from test_dkim import Signer


@pytest.fixture
def submit(make_instance, sink):
    """Start with these lines of main.cf; what drops a message of a local user."""
    def start(main_cf):
        instance = make_instance(main_cf, relay_port=sink.port)
        instance.start()

        def drop(content, *recipients):
            instance.command("sendmail", "-f", "me@load.example", *recipients, input=content)
        return instance, drop
    return start


def test_what_a_local_user_may_not_send_comes_back(submit, sink):
    instance, drop = submit("header_checks = regexp:{{/^Subject: bad/ REJECT 5.7.9 not so}}\n"
                            "hopcount_limit = 2\nmessage_size_limit = 3000\nbody_checks = regexp:{{/^no$$/ REJECT}}\n")
    drop("Subject: bad\n\nsecret\n", "a@sink.example", "b@sink.example")
    notice = sink.wait(1)[0]
    text = notice.data.decode()
    assert notice.mail.startswith("<>") and notice.rcpts[0].startswith("<me@load.example>")
    assert "Status: 5.7.9" in text and text.count("Final-Recipient:") == 2
    assert "text/rfc822-headers" in text and "Subject: bad" in text and "secret" not in text
    line, = instance.log.wait(r"to=<a@sink.example>, relay=none, .* dsn=5.7.9, status=bounced \(not so\)")
    instance.log.wait(r"reject: header Subject: bad from local; from=<me@load.example> to=<b@sink.example>: 5.7.9 not so")
    drop("Received: x\nSubject: loops\n\nwhole\n", "a@sink.example")
    text = sink.wait(2)[1].data.decode()
    assert "Status: 5.4.0" in text and "\r\nwhole\r\n" in text
    instance.wait_queue(0)
    assert not instance.queue_files("incoming", "maildrop", "bounce", "corrupt")


def test_what_cannot_be_taken_now_stays_in_maildrop(submit, sink):
    instance, drop = submit("header_checks = fail:down\n")
    drop("Subject: x\n\ny\n", "a@sink.example")
    instance.log.wait(r"header_checks map lookup problem -- message not accepted, try again later")
    assert len(instance.queue_files("maildrop")) == 1 and not sink.messages


def test_smtputf8_is_found_out_for_local_mail(submit, sink):
    sink.extensions = (*sink.extensions, "SMTPUTF8")
    instance, drop = submit("smtputf8_autodetect_classes = sendmail\n")
    drop("Subject: h\u00e4\n\nb\n", "a@sink.example")
    drop("Subject: ascii\n\nb\u00e4\n", "a@sink.example")
    drop("Subject: latin \udce4\n\nb\n", "a@sink.example")
    has_utf8 = {re.search("Subject: (.)", m.data.decode("latin-1")).group(1): "SMTPUTF8" in m.mail for m in sink.wait(3)}
    assert has_utf8 == {"h": True, "a": False, "l": False}


def test_hold_keeps_the_whole_message(submit, sink):
    instance, drop = submit("body_checks = regexp:{{/^hold/ HOLD because}}\n")
    drop("Subject: x\n\nhold\nrest\n", "a@sink.example")
    held, = instance.wait_queue(1, "hold")
    instance.log.wait(rf"{held['queue_id']}: hold: body hold from local; .*: because")
    assert "rest" in instance.command("postcat", "-bq", held["queue_id"]).stdout
    instance.command("postsuper", "-H", held["queue_id"])
    instance.command("postqueue", "-f")
    assert b"rest" in sink.wait(1)[0].data


def test_mime_conversion_on_input(submit, sink):
    instance, drop = submit("force_mime_input_conversion = yes\nbody_checks = regexp:{{/=C3=A4/ WARN}}\n")
    drop("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\u00e4\n", "a@sink.example")
    data = sink.wait(1)[0].data
    assert b"\r\n=C3=A4\r\n" in data and b"Content-Transfer-Encoding: quoted-printable" in data
    instance.log.wait(r"warning: body =C3=A4 from local")


@pytest.mark.parametrize("action, reply, text", [("fix_quietly", 250, None), ("add_header", 250, b"MIME-Error: message header"),
                                                 ("reject", 550, None)])
def test_a_header_without_its_end(make_instance, sink, action, reply, text):
    instance = make_instance(f"non_empty_end_of_header_action = {action}\n", relay_port=sink.port).start()
    with instance.client() as c:
        c.ehlo()
        c.envelope("s@load.example", "a@sink.example")
        assert c.data("Subject: x\r\nnot a header\r\n").code == reply
    if reply == 250:
        data = sink.wait(1)[0].data
        assert b"\r\n\r\nnot a header\r\n" in data and (text is None or text in data)
    else:
        instance.log.wait(r"reject: mime-error message header is not followed by an empty line: not a header from localhost\[127.0.0.1\]; "
                          r"from=<s@load.example> to=<a@sink.example>")


def test_signatures_are_over_what_checks_have_made(make_instance, sink, dns):
    instance = make_instance("header_checks = regexp:{{/^X-Prepend/ PREPEND X-New: header}, {/^X-Replace/ REPLACE Reply-To: r@h.load.example},"
                             " {/^X-Gone/ IGNORE}}\nbody_checks = regexp:{{/^old/ REPLACE new}, {/^more/ PREPEND before}}\n"
                             "masquerade_domains = load.example\ncanonical_maps = inline:{{f@h.load.example=from@h.load.example}}\n"
                             "message_strip_characters = \\001\n",
                             relay_port=sink.port, dns=dns)
    signer = Signer(instance, dns, sink)
    signer.configure("inline:{{load.example=" + signer.key("s1") + "}}")
    instance.start()
    data = signer.signed("From: f@h.load.example\r\nX-Prepend: 1\r\nX-Replace: 2\r\nX-Gone: 3\r\nSubject: x\x01y\r\n\r\nold\r\nmo\x01re\r\n")
    for part in (b"From: from@load.example", b"X-New: header\r\nX-Prepend", b"Reply-To: r@load.example", b"Subject: xy",
                 b"\r\nnew\r\nbefore\r\nmore\r\n"):
        assert part in data
    assert b"X-Gone" not in data
    signer.check(data)
