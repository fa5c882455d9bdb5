"""Transports whose process cannot start: master listens for them, so qmgr's connections stand all the same."""

import pytest

from harness.client import message

SERVICES = """\
gone unix - - n - - no-such-program
bad unix - - n - - smtp -o smtp_connect_timeout=soon
"""


@pytest.mark.parametrize("name", ["gone", "bad"])
def test_its_mail_is_deferred(make_instance, name, sink):
    i = make_instance(f"transport_maps = inline:{{ {{dead.example={name}:}} }}\nqmgr_ipc_timeout = 1s\n", SERVICES,
                      relay_port=sink.port).start()
    queue_id = i.send(message(), "", "a@dead.example", "b@sink.example")
    i.log.wait(rf"{queue_id}: to=<a@dead\.example>, .* dsn=4\.3\.0, status=deferred \(mail transport unavailable\)", timeout=60)
    i.log.wait(rf"qmgr\[\d+\]: warning: connect to transport private/{name}: Connection timed out", timeout=60)
    i.wait_queue(1, "deferred", timeout=60)
    assert sink.wait(1)[0].recipients == ["b@sink.example"]


def test_one_that_is_mended_gets_its_mail(make_instance, sink):
    i = make_instance("transport_maps = inline:{ {dead.example=bad:[127.0.0.1]:%d} }\nqmgr_ipc_timeout = 1s\ntransport_retry_time = 1s\n"
                      "service_throttle_time = 1s\n" % sink.port, SERVICES, relay_port=sink.port).start()
    i.send(message(), "", "a@dead.example")
    i.wait_queue(1, "deferred", timeout=60)
    path = i.etc / "master.cf"
    path.write_text(path.read_text().replace("=soon", "=9s"))
    i.reload()
    i.command("postqueue", "-f")
    assert sink.wait(1, timeout=60)[0].recipients == ["a@dead.example"]
    i.wait_queue(0, timeout=60)
