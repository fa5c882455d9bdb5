"""The logs of bounce, defer and trace are the same as the reference's, and each reads the other's."""

import os
import pwd
import re
import time

import pytest

from harness import suite
from harness.instance import Instance
from harness.sink import Sink

MAIN_CF = """\
relayhost = [127.0.0.1]:{port}
virtual_mailbox_domains = local.example
virtual_mailbox_maps = static:box/
virtual_alias_maps = inline:{{{{al@local.example=al@sink.example}}}}
transport_maps = inline:{{{{dead.example=smtp:[127.0.0.1]:1}}}}
"""
DIALOGUE = """\
EHLO client.example
MAIL FROM:<me@local.example> ENVID=some+2Bid RET=HDRS
RCPT TO:<"a b"@sink.example> NOTIFY=SUCCESS,FAILURE
RCPT TO:<c@dead.example>
RCPT TO:<al@local.example> ORCPT=rfc822;x+2By@z.example
DATA
Subject: x\r\n\r\nx\r\n.
"""


def deferred(system, sink):
    """An instance that has stopped with one deferred message; its id."""
    i = Instance(system, MAIN_CF.format(port=sink.port))
    i.start()
    with i.client() as c:
        for line in re.split(r"(?<!\r)\n", DIALOGUE.strip()):
            c.send(line + "\r\n")
            assert c.reply().code < 400, line
    queue_id = i.wait_queue(1, "deferred")[0]["queue_id"]
    i.stop()
    return i, queue_id


def entries(text, queue_id):
    """In any order: which transport is first is chance."""
    text = re.sub(r"offset=\d+", "offset=N", text.replace(queue_id, "ID"))
    return sorted(re.sub(r"\]:\d{4,}", "]:PORT", e) for e in text.split("\n\n"))


@pytest.fixture
def sink():
    s = Sink()
    s.answers["RCPT"] = "450 4.2.0 try = later"
    yield s
    s.close()


def test_logs_are_written_alike(reference, sink):
    texts = []
    for system in (reference, suite.postrider()):
        i, queue_id = deferred(system, sink)
        path, = i.queue_files("defer")
        texts.append(entries(path.read_text(), queue_id))
        assert path.stat().st_mode & 0o777 == 0o600
        i.remove()
    assert texts[0] == texts[1] and len(texts[0]) >= 3


@pytest.mark.parametrize("reader", ["postrider", "reference"])
def test_logs_of_one_are_read_by_the_other(reference, sink, reader):
    """After a crash a bounce log is left whose notification was not sent yet."""
    writer, reader = (reference, suite.postrider()) if reader == "postrider" else (suite.postrider(), reference)
    i, queue_id = deferred(writer, sink)
    log, = i.queue_files("defer")
    os.rename(log, i.spool / "bounce" / queue_id)
    (i.spool / "journal").mkdir(mode=0o700, exist_ok=True)
    os.chown(i.spool / "journal", pwd.getpwnam("postfix").pw_uid, -1)
    i.suite, i.daemon_env = reader, {**reader.env}
    i.write_config(MAIN_CF.format(port=sink.port))
    i.start()
    i.command("postqueue", "-f")
    try:
        notice = i.maildir("box")[0].decode().replace("\n    ", " ")  # unfolded
        time.sleep(0.2)
    finally:
        i.stop()
    assert notice.count("\nFinal-Recipient: ") == 3
    for line in ('Final-Recipient: rfc822; "a b"@sink.example', "Original-Recipient: rfc822;x+y@z.example", "Status: 4.4.1",
                 "Original-Envelope-Id: some+id", "Diagnostic-Code: smtp; 450 4.2.0 try = later", "Action: failed",
                 "Diagnostic-Code: X-Postfix; connect to 127.0.0.1[127.0.0.1]:1: Connection refused"):
        assert f"\n{line}\n" in notice, notice
    assert "(expanded from <al@local.example>)" in notice
    assert not (i.spool / "bounce" / queue_id).exists()
    i.remove()
