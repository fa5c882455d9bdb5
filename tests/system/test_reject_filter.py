"""smtpd_reject_filter_maps: refusals in other words."""

from harness.client import message

MAIN_CF = """\
smtpd_reject_filter_maps = pcre:{ {/^550 5\\.1\\.1 (<[^>]*>): .* User unknown.*/ 450 4.2.1 $$1 is away} {/Relay/ 250 2.0.0 Fine} }
smtpd_reject_footer = for help ask
virtual_mailbox_domains = v.example
virtual_mailbox_maps = inline:{x@v.example=x/}
"""


def test_what_the_client_hears_and_the_log_tells(make_instance, sink):
    i = make_instance(MAIN_CF, relay_port=sink.port).start()
    with i.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<a@load.example>", 250)
        assert c.expect("RCPT TO:<y@v.example>", 450).lines == ["4.2.1 <y@v.example> is away", "4.2.1 for help ask"]
        assert c.expect("RCPT TO:<>", 501).lines[0] == "5.1.3 Bad recipient address syntax"
        c.expect("RCPT TO:<x@v.example>", 250)
    i.log.wait(r"NOQUEUE: reject filter in: RCPT from localhost\[127\.0\.0\.1\]: 550 5\.1\.1 <y@v\.example>: ", timeout=60)
    i.log.wait(r"NOQUEUE: reject filter out: RCPT from localhost\[127\.0\.0\.1\]: 450 4\.2\.1 <y@v\.example> is away; ", timeout=60)


def test_it_cannot_make_a_refusal_an_acceptance(make_instance, sink):
    i = make_instance(MAIN_CF + "mynetworks = 192.0.2.0/24\nrelayhost =\n").start()
    with i.client() as c:
        c.ehlo()
        c.expect("MAIL FROM:<a@load.example>", 250)
        assert "Relay access denied" in c.expect("RCPT TO:<b@far.example>", 454).text
    i.log.wait('warning: smtpd_reject_filter_maps: ignoring "250 2.0.0 Fine", which is no refusal', timeout=60)
