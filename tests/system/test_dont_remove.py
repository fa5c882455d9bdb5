"""dont_remove: what was delivered is kept in saved/."""

import time

import pytest

from harness.client import message


@pytest.mark.parametrize("store", ["journal", "file"])
def test_delivered_mail_is_saved(make_instance, sink, store):
    i = make_instance(f"dont_remove = 1\nqueue_store = {store}\n", relay_port=sink.port).start()
    queue_id = i.send(message(subject="for later"))
    sink.wait(1, timeout=60)
    i.log.wait(f"{queue_id}: removed", timeout=60)
    path = i.spool / "saved" / queue_id
    deadline = time.monotonic() + 60
    while not path.exists() or path.stat().st_mode & 0o777 != 0o700:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert i.queue() == []
    assert "Subject: for later" in i.command("postcat", path).stdout
    i.stop(timeout=60)
    i.start()
    i.wait_queue(0, timeout=60)
    assert len(sink.messages) == 1 and path.exists()
