"""An envelope that fills the memory of a message on its own: the signature still goes in front of the headers."""

from harness.client import message
from test_dkim import Signer


def test_the_envelope_is_in_the_file_before_the_header(make_instance, dns, sink):
    signer = Signer(make_instance("cleanup_memory_limit = 2000\n", relay_port=sink.port), dns, sink)
    signer.configure(f"inline:{{ {{load.example = {signer.key('s1')}}} }}")
    signer.instance.start()
    recipients = [f"recipient{n}@sink.example" for n in range(100)]
    with signer.instance.client() as c:
        c.ehlo()
        c.envelope("sender@load.example", *recipients)
        assert c.data(message(body="x" * 70 + "\r\n")).code == 250
    received = sink.wait(1)
    assert set(received[0].recipients) <= set(recipients)
    signer.check(received[0].data)
