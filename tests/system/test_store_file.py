"""queue_store = file: every message is a file from its queue id on, also one that is too large for memory."""

import os

import pytest

from harness.client import message

MAIN_CF = "queue_store = file\ncleanup_memory_limit = 20000\n"
LARGE = "".join(f"line {n} of a message that does not fit\r\n" for n in range(5000))


@pytest.fixture
def storing(make_instance, sink):
    return lambda more="": make_instance(MAIN_CF + more, relay_port=sink.port).start()


def incoming(instance):
    return [name for _, _, names in os.walk(f"{instance.base}/spool/incoming") for name in names]


def test_a_message_larger_than_memory(storing, sink):
    i = storing()
    assert i.send(message(body=LARGE), "sender@load.example", "rcpt@sink.example")
    assert LARGE in sink.wait(1)[0].data.decode()
    i.wait_queue(0)
    assert incoming(i) == []


def test_what_is_not_taken_leaves_no_file(storing, sink):
    i = storing("message_size_limit = 60000\nheader_checks = pcre:{ {/^Subject: no/ REJECT no} {/^Subject: away/ DISCARD} }\n")
    with i.client() as c:
        c.ehlo()
        for subject, body, code in (("no", "", 550), ("away", "", 250), ("yes", LARGE, 552)):
            c.envelope("sender@load.example", "rcpt@sink.example")
            assert c.data(message(subject=subject, body=body)).code == code
        c.envelope("sender@load.example", "rcpt@sink.example")
        c.expect("RSET", 250)
        c.expect("NOOP", 250)
        i.wait_queue(0)
        assert incoming(i) == []
    assert sink.messages == []
