"""What a server is called in the log, when its name is an alias (smtp_cname_overrides_servername)."""

import pytest

from harness.client import message


@pytest.mark.parametrize("setting, name", [("no", "alias"), ("yes", "real")])
def test_aliases(make_instance, sink, dns, setting, name):
    dns.zone.add("alias.example. 60 IN CNAME real.example.\nreal.example. 60 IN A 127.0.0.1\n")
    i = make_instance(f"relayhost = [alias.example]:{sink.port}\nsmtp_cname_overrides_servername = {setting}\n", dns=dns).start()
    i.send(message())
    i.log.wait(rf"relay={name}\.example\[127\.0\.0\.1\]:{sink.port}, .* status=sent", timeout=60)
