"""Address verification: what is refused, how it is found out, and what stays in the cache."""

import re
import time

import pytest

from harness.client import message

MAIN_CF = """\
smtpd_recipient_restrictions = reject_unverified_recipient, permit
address_verify_poll_delay = 1s
smtpd_reject_unlisted_recipient = no
"""


@pytest.fixture
def verifying(make_instance, sink):
    return lambda more="", **options: make_instance(MAIN_CF + more, relay_port=sink.port, **options).start()


def rcpt(instance, recipient, sender=""):
    with instance.client() as c:
        c.ehlo()
        c.expect(f"MAIL FROM:<{sender}>", 250)
        return str(c.command(f"RCPT TO:<{recipient}>"))


def cache(instance, kind="btree"):
    """What the stopped instance has left, without times."""
    out = instance.command("postmap", "-s", f"{kind}:{instance.base}/data/verify_cache").stdout
    entries = dict(line.split("\t", 1) for line in out.splitlines())
    assert re.fullmatch(r"\d{10}", entries.pop("_LAST_CACHE_CLEANUP_COMPLETED_"))
    return {key: re.sub(r"^(\d):(\d+):(\d+):", lambda m: f"{m[1]}:{m[2]}:{'N' if m[3] != '0' else '0'}:", value)
            for key, value in entries.items()}


@pytest.mark.parametrize("kind", ["btree", "hash", "lmdb"])
def test_results_survive_a_restart(verifying, sink, kind):
    i = verifying(f"address_verify_map = {kind}:$data_directory/verify_cache\n")
    assert rcpt(i, "good@sink.example") == "250 2.1.5 Ok"
    sink.answers["RCPT"] = "550 5.1.1 who?"
    assert "unverified address: host 127.0.0.1[127.0.0.1] said: 550 5.1.1 who?" in rcpt(i, "bad@sink.example")
    i.stop()
    said = "host 127.0.0.1[127.0.0.1] said: 550 5.1.1 who? (in reply to RCPT TO command)"
    assert cache(i, kind) == {"good@sink.example": "0:0:N:250 2.0.0 Ok", "bad@sink.example": f"2:0:N:{said}"}
    sink.clear()
    i.start()
    assert rcpt(i, "good@sink.example") == "250 2.1.5 Ok"
    assert said in rcpt(i, "bad@sink.example")
    assert not [c for c in sink.commands if c.startswith("RCPT")]


def test_the_reference_goes_on_with_our_cache_and_we_with_its(verifying, make_instance, sink, reference, under_test):
    """Swapping back and forth loses nothing."""
    i = verifying()
    assert rcpt(i, "ours@sink.example") == "250 2.1.5 Ok"
    i.stop()
    theirs = make_instance(MAIN_CF + f"data_directory = {i.base}/data\n", system=reference,
                           relay_port=sink.port).start()
    sink.answers["RCPT"] = "550 5.1.1 not now"
    assert rcpt(theirs, "ours@sink.example") == "250 2.1.5 Ok"
    assert "not now" in rcpt(theirs, "theirs@sink.example")
    theirs.stop()
    sink.answers.clear()
    sink.clear()
    i.start()
    assert rcpt(i, "ours@sink.example") == "250 2.1.5 Ok"
    assert "not now" in rcpt(i, "theirs@sink.example")
    assert not [c for c in sink.commands if c.startswith("RCPT")]


def test_a_probe_delivers_nothing(verifying, sink):
    i = verifying("virtual_mailbox_domains = local.example\nvirtual_mailbox_maps = inline:{box@local.example=box/}\n"
                  "always_bcc = copy@sink.example\n")
    assert rcpt(i, "box@local.example") == "250 2.1.5 Ok"
    assert "unknown user" in rcpt(i, "none@local.example")
    assert rcpt(i, "user@sink.example") == "250 2.1.5 Ok"
    i.wait_queue(0)
    assert not list(i.mail.rglob("new/*")) and not sink.messages
    assert not i.queue_files("bounce", "defer", "trace")
    assert i.log.text().count("status=deliverable") == 2
    assert i.log.text().count("status=undeliverable") == 1


def test_many_ask_for_the_same_address(verifying, sink):
    """One probe serves all that wait."""
    i = verifying()
    clients = [i.client() for _ in range(20)]
    for c in clients:
        c.ehlo()
        c.expect("MAIL FROM:<>", 250)
        c.send("RCPT TO:<user@sink.example>\r\n")
    assert {str(c.reply()) for c in clients} == {"250 2.1.5 Ok"}
    assert len([c for c in sink.commands if c.startswith("RCPT")]) == 1
    for c in clients:
        c.quit()


def test_refresh_and_expiry(verifying, sink):
    i = verifying("address_verify_positive_refresh_time = 1s\naddress_verify_positive_expire_time = 1h\n"
                  "address_verify_negative_refresh_time = 1s\naddress_verify_negative_expire_time = 1s\n"
                  "address_verify_cache_cleanup_interval = 3s\n")
    assert rcpt(i, "user@sink.example") == "250 2.1.5 Ok"
    sink.answers["RCPT"] = "550 5.1.1 gone"
    assert "gone" in rcpt(i, "bad@sink.example")
    time.sleep(2.1)
    # Known and old: the answer is still good, and looked after in the background; a failure does not count yet.
    assert rcpt(i, "user@sink.example") == "250 2.1.5 Ok"
    i.log.wait("to=<user@sink.example>.*status=undeliverable")
    assert rcpt(i, "user@sink.example") == "250 2.1.5 Ok"
    i.log.wait("verify.*: cache btree:.*/verify_cache full cleanup: retained=1 dropped=1 entries")
    sink.answers.clear()
    assert rcpt(i, "bad@sink.example") == "250 2.1.5 Ok"


def test_the_sender_changes_with_time(verifying, sink):
    i = verifying("address_verify_sender_ttl = 1h\nmydestination = mta.example\nlocal_recipient_maps = inline:{x=y}\n"
                  "smtpd_reject_unlisted_recipient = yes\nlocal_transport = discard:\n"
                  "smtpd_recipient_restrictions = check_recipient_access "
                  "inline:{{probe.example=reject_unverified_recipient}}, permit\n")
    assert rcpt(i, "user@probe.example") == "250 2.1.5 Ok"
    sender = re.search(r"MAIL FROM:<(double-bounce[0-9B-Z]+@mta\.example)>", "\n".join(sink.commands)).group(1)
    # A host that asks back finds it, others do not.
    assert rcpt(i, sender) == "250 2.1.5 Ok"
    assert rcpt(i, sender.replace("bounce", "bounceZZ")).startswith("550 5.1.1")


def test_smtp_probes_as_far_as_it_is_told(verifying, sink):
    i = verifying("smtp_address_verify_target = data\n")
    sink.answers["DATA"] = "550 5.7.1 not from you"
    assert "550 5.7.1 not from you (in reply to DATA command)" in rcpt(i, "user@sink.example")
    assert not sink.messages


def test_nobody_answers(make_instance):
    i = make_instance(MAIN_CF + "address_verify_poll_count = 2\nunverified_recipient_tempfail_action = defer\n",
                      relay_port=1).start()
    reply = rcpt(i, "user@sink.example")
    assert reply.startswith("450 4.1.1 <user@sink.example>: Recipient address rejected: unverified address: connect to "
                            "127.0.0.1[127.0.0.1]:")
    i.wait_queue(0)


def test_bad_tempfail_action(make_instance):
    i = make_instance("unverified_sender_tempfail_action = permit\n").start(wait=False)
    i.log.wait("daemon started")
    i.client(greeting=False)
    i.log.wait("smtpd.*: fatal: bad configuration: unverified_sender_tempfail_action = permit")


def test_probes_in_flight_are_limited(verifying, sink):
    sink.answers["RCPT"] = lambda line: time.sleep(1) or "250 ok"
    i = verifying("address_verify_pending_request_limit = 1\naddress_verify_poll_count = 1\n")
    for n in range(4):
        rcpt(i, f"user{n}@sink.example")
    i.log.wait(r"to=<user\d@sink.example>, relay=none, .*dsn=4.3.2, status=undeliverable "
               r"\(Too many address verification requests\)")
    i.wait_queue(0)


def test_reload_goes_on_with_the_cache(verifying, sink):
    i = verifying()
    assert rcpt(i, "user@sink.example") == "250 2.1.5 Ok"
    before = i.pids("verify")
    i.reload()
    sink.clear()
    deadline = time.monotonic() + 15
    while i.pids("verify") in ([], before):
        assert rcpt(i, "user@sink.example") == "250 2.1.5 Ok"
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert rcpt(i, "user@sink.example") == "250 2.1.5 Ok"
    assert not [c for c in sink.commands if c.startswith("RCPT")]


def test_idle_services_of_master_cf_say_nothing(instance):
    """scache, tlsmgr and others have lines in every master.cf: nobody hears of them until they are asked."""
    instance.send(message())
    instance.wait_queue(0)
    assert not re.search("scache|tlsmgr|proxymap|verify", instance.log.text())
