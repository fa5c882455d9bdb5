"""Queue files that cannot be moved for a while."""

import os

from harness.client import message


def test_a_message_waits_in_active_until_it_can_be_deferred(make_instance):
    i = make_instance("queue_store = file\nsmtpd_reject_unlisted_recipient = no\nhash_queue_depth = 1\nhash_queue_names = deferred\n"
                      "transport_maps = inline:{ {later.example=retry:4.3.2 not today} }\n")
    obstacles = [i.spool / "deferred" / letter for letter in "0123456789ABCDEF"]
    for path in obstacles:
        path.touch()
    i.start()
    queue_id = i.send(message(), "", "a@later.example")
    i.log.wait(rf"warning: {queue_id}: rename {queue_id} from active to deferred: Not a directory", timeout=60)
    assert os.path.exists(i.spool / "active" / queue_id)
    for path in obstacles:
        path.unlink()
    i.wait_queue(1, "deferred", timeout=60)
    assert not os.path.exists(i.spool / "active" / queue_id)
