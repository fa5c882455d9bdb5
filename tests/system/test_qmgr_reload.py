"""postfix reload: qmgr goes on with what it has in memory, and with what main.cf says now."""

import os
import socket
import time

import pytest

from harness.client import message
from harness.sink import Sink


@pytest.fixture
def deaf_port():
    """A host that takes connections and says nothing."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(100)
        yield s.getsockname()[1]


def qmgr_of(instance, timeout=30):
    """The one there is, once no other is leaving."""
    deadline = time.monotonic() + timeout
    while len(found := instance.pids("qmgr")) != 1:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found[0]


def wait_for_another_qmgr(instance, old, timeout=30):
    deadline = time.monotonic() + timeout
    while qmgr_of(instance) == old:
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)


def test_waiting_mail_takes_the_new_route(make_instance, sink, deaf_port):
    i = make_instance("smtp_destination_concurrency_limit = 1\nsmtp_helo_timeout = 100s\n", relay_port=deaf_port).start()
    for _ in range(10):
        i.send(message(), "", "a@one.example", "b@two.example")
    i.log.wait(r"qmgr.*\(queue active\)", 10)
    before = qmgr_of(i)
    i.set_parameter("relayhost", f"[127.0.0.1]:{sink.port}")
    i.reload()
    sink.wait(9, timeout=30)  # the first is with the deaf host
    assert qmgr_of(i) == before
    assert not i.log.lines("qmgr.*(warning|fatal|panic)")


def test_a_large_mailing_takes_the_new_route(make_instance, sink, deaf_port):
    """More recipients than are in memory at a time, in several lanes."""
    i = make_instance("smtp_destination_concurrency_limit = 1\nsmtp_helo_timeout = 100s\nrelayhost =\n"
                      "default_recipient_limit = 100\nsmtp_destination_recipient_limit = 7\n"
                      f"transport_maps = inline:{{ {{a.example=smtp:[127.0.0.1]:{deaf_port}}} "
                      f"{{b.example=smtp:[127.0.0.1]:{deaf_port}}} }}\n").start()
    everybody = {f"r{n}@{'ab'[n % 2]}.example" for n in range(500)}
    i.send(message(), "", *sorted(everybody))
    i.log.wait(r"qmgr.*nrcpt=500 \(queue active\)")
    i.set_parameter("transport_maps", f"static:smtp:[127.0.0.1]:{sink.port}")
    i.reload()
    deadline = time.monotonic() + 30
    while len(reached := {r for m in list(sink.messages) for r in m.recipients}) < 500 - 14:
        assert time.monotonic() < deadline, len(reached)
        time.sleep(0.1)
    assert reached <= everybody
    assert sum(len(m.recipients) for m in sink.messages) == len(reached)


def test_parameters_are_taken_up(instance, sink):
    before = qmgr_of(instance)
    instance.set_parameter("defer_transports", "smtp")
    instance.reload()
    instance.send(message())
    instance.log.wait(r"status=deferred \(deferred transport\)")
    instance.set_parameter("defer_transports", "")
    instance.reload()
    deadline = time.monotonic() + 30
    while not sink.messages:  # a flush may overtake the reload
        assert time.monotonic() < deadline
        instance.command("postqueue", "-f")
        time.sleep(0.2)
    assert qmgr_of(instance) == before


def test_a_dead_site_gets_another_chance(make_instance):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    i = make_instance("smtp_destination_concurrency_failed_cohort_limit = 1\n", relay_port=port).start()
    for _ in range(3):
        i.send(message())
    i.log.wait("status=deferred .*(Connection refused|delivery temporarily suspended)", 3)
    sink = Sink(port)
    try:
        i.reload()
        i.send(message())
        sink.wait(1, timeout=30)
    finally:
        sink.close()


def test_another_line_in_master_cf_needs_another_process(instance, sink):
    before = qmgr_of(instance)
    path = instance.etc / "master.cf"
    path.write_text(path.read_text().replace(" qmgr\n", " qmgr -o defer_transports=smtp\n"))
    instance._age_config()
    instance.reload()
    wait_for_another_qmgr(instance, before)
    instance.send(message())
    instance.log.wait(r"status=deferred \(deferred transport\)")


def test_a_main_cf_that_only_root_may_read_needs_another_process(instance, sink):
    before = qmgr_of(instance)
    os.chmod(instance.etc / "main.cf", 0o600)
    instance.reload()
    wait_for_another_qmgr(instance, before)
    instance.send(message())
    sink.wait(1)
