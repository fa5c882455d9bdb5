"""The file in which verify keeps what it knows."""

import stat

from harness.client import message


def test_anybody_may_look_into_the_cache(make_instance, sink):
    i = make_instance("smtpd_recipient_restrictions = reject_unverified_recipient, permit\n"
                      "address_verify_map = btree:$data_directory/verify_cache\n", relay_port=sink.port).start()
    i.send(message())
    mode = (i.base / "data" / "verify_cache.db").stat().st_mode
    assert stat.S_IMODE(mode) == 0o644
