"""debug_peer_list: sessions of some hosts are logged line by line, on both sides."""

import pytest

from harness.client import message


@pytest.mark.parametrize("peers, is_listed", [("127.0.0.0/8", True), ("192.0.2.1", False)])
def test_lines_are_logged(make_instance, sink, peers, is_listed):
    i = make_instance(f"debug_peer_list = {peers}\n", relay_port=sink.port).start()
    i.send(message())
    i.wait_queue(0, timeout=60)
    lines = i.log.messages(r"(smtp|smtpd)\[\d+\]: [<>] 127\.0\.0\.1|(smtp|smtpd)\[\d+\]: [<>] localhost")
    assert any("> localhost[127.0.0.1]: 220 mta.example" in line for line in lines) == is_listed
    assert any("< localhost[127.0.0.1]: MAIL FROM:<sender@load.example>" in line for line in lines) == is_listed
    assert any(line.startswith("> 127.0.0.1[127.0.0.1]:") and "RCPT TO" in line for line in lines) == is_listed
