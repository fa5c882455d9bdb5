"""permit_mx_backup, and reject_maps_rbl: restrictions that ask the DNS, of configurations that have been kept for long."""

import pytest

RELAY = "mynetworks = 192.0.2.0/24\nsmtpd_relay_restrictions = permit_mx_backup reject_unauth_destination\nrelay_domains = ours.example\n"

ZONE = """\
backup.example. 60 IN MX 10 primary.example.
backup.example. 60 IN MX 20 us.example.
first.example. 60 IN MX 10 us.example.
first.example. 60 IN MX 20 primary.example.
equal.example. 60 IN MX 10 us.example.
equal.example. 60 IN MX 10 primary.example.
other.example. 60 IN MX 10 primary.example.
named.example. 60 IN MX 10 primary.example.
named.example. 60 IN MX 20 MTA.example.
lost.example. 60 IN MX 10 gone.example.
null.example. 60 IN MX 0 .
addr.example. 60 IN A 127.0.0.1
us.example. 60 IN A 127.0.0.1
primary.example. 60 IN A 192.0.2.25
"""


def answers(instance, *recipients):
    with instance.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<a@load.example>", 250)
        return {r: c.command(f"RCPT TO:<{r}>").code for r in recipients}


@pytest.mark.parametrize("networks, backup", [("", 250), ("192.0.2.0/24", 250), ("198.51.100.0/24", 554)])
def test_who_is_a_backup(make_instance, dns, sink, networks, backup):
    dns.zone.add(ZONE)
    dns.zone.failing |= {"gone.example", "broken.example"}
    i = make_instance(RELAY + f"permit_mx_backup_networks = {networks}\n", relay_port=sink.port, dns=dns).start()
    got = answers(i, *(f"x@{name}.example" for name in
                       "ours backup first equal other named lost null addr broken nobody".split()), "x@[192.0.2.9]")
    assert got == {"x@ours.example": 250, "x@backup.example": backup, "x@first.example": 554, "x@equal.example": 554,
                   "x@other.example": 554, "x@named.example": 450, "x@lost.example": 450, "x@null.example": 554,
                   "x@addr.example": 554, "x@broken.example": 450, "x@nobody.example": 554, "x@[192.0.2.9]": 554}


def test_lists_that_are_named_apart(make_instance, dns, sink):
    dns.zone.add("1.0.0.127.two.example. 60 IN A 127.0.0.2\n1.0.0.127.two.example. 60 IN TXT \"for a test\"\n")
    i = make_instance("smtpd_client_restrictions = reject_maps_rbl\nmaps_rbl_domains = one.example, two.example\n",
                      relay_port=sink.port, dns=dns).start()
    with i.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<a@load.example>", 250)
        reply = c.expect("RCPT TO:<b@sink.example>", 554)
    assert reply.text == "5.7.1 Service unavailable; Client host [127.0.0.1] blocked using two.example; for a test"
    i.log.wait('warning: support for restriction "reject_maps_rbl" will be removed from Postfix; '
               'use "reject_rbl_client domain-name" instead', timeout=60)
