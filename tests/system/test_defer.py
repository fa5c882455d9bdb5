"""Mail that cannot go at once: deferred, tried again, returned."""

import email
import re
import time

import pytest

from harness.client import message

LOCAL = "virtual_mailbox_domains = load.example\nvirtual_mailbox_maps = static:inbox/\n"


def test_soft_refusal_defers_and_a_flush_delivers(instance, sink):
    sink.answers["RCPT"] = "450 4.2.0 come again"
    queue_id = instance.send(message())
    line = instance.log.wait(f"{queue_id}: to=<rcpt@sink.example>.*status=deferred")[0]
    assert re.search(r"relay=127\.0\.0\.1\[127\.0\.0\.1\]:\d+, .*dsn=4\.2\.0, status=deferred \(host 127\.0\.0\.1\[127\.0\.0\.1\] "
                     r"said: 450 4\.2\.0 come again \(in reply to RCPT TO command\)\)$", line)
    queued = instance.wait_queue(1, "deferred")[0]
    assert queued["queue_id"] == queue_id and queued["sender"] == "sender@load.example"
    assert queued["recipients"][0]["address"] == "rcpt@sink.example"
    assert "450 4.2.0 come again" in queued["recipients"][0]["delay_reason"]
    assert len(instance.queue_files("deferred")) == 1 and len(instance.queue_files("defer")) == 1

    sink.answers.clear()
    instance.command("postqueue", "-f")
    received = sink.wait(1)[0]
    assert received.body == b"hello\r\n"
    instance.log.wait(f"{queue_id}: removed")
    instance.wait_queue(0)
    assert not instance.queue_files("deferred", "defer", "active", "incoming")


def test_one_message_is_flushed_by_id(instance, sink):
    sink.answers["RCPT"] = "450 4.2.0 come again"
    first, second = instance.send(message(subject="1")), instance.send(message(subject="2"))
    instance.wait_queue(2, "deferred")
    sink.answers.clear()
    instance.command("postqueue", "-i", second)
    assert b"Subject: 2" in sink.wait(1)[0].headers
    assert [m["queue_id"] for m in instance.wait_queue(1)] == [first]


def test_nobody_listens(make_instance):
    i = make_instance("relayhost = [127.0.0.1]:1\ninitial_destination_concurrency = 1\n").start()
    queue_id = i.send(message())
    i.log.wait(r"postfix/smtp\[\d+\]: connect to 127\.0\.0\.1\[127\.0\.0\.1\]:1: Connection refused")
    i.log.wait(rf"{queue_id}: to=<rcpt@sink\.example>, relay=none, delay=.*dsn=4\.4\.1, status=deferred "
               r"\(connect to 127\.0\.0\.1\[127\.0\.0\.1\]:1: Connection refused\)")
    # A dead destination is not asked again for each message.
    second = i.send(message())
    i.log.wait(rf"{second}: to=.*, relay=none, .*status=deferred \(delivery temporarily suspended: connect to")


@pytest.mark.parametrize("verb, said, status, dsn", [
    ("CONNECT", "421 4.3.2 busy", "deferred", "4.3.2"),
    ("CONNECT", "554 5.7.1 go away", "deferred", "4.7.1"),
    ("EHLO", "421 4.3.2 busy", "deferred", "4.3.2"),
    ("MAIL", "451 4.1.8 who", "deferred", "4.1.8"),
    ("MAIL", "550 5.1.8 who", "bounced", "5.1.8"),
    ("RCPT", "550 5.1.1 no such user", "bounced", "5.1.1"),
    ("RCPT", "450 4.2.1 greylisted", "deferred", "4.2.1"),
    ("DATA", "451 4.3.0 not now", "deferred", "4.3.0"),
    (".", "451 4.3.0 not now", "deferred", "4.3.0"),
    (".", "554 5.7.1 spam", "bounced", "5.7.1"),
    ("CONNECT", "", "deferred", "4.4.2"),
    ("MAIL", "", "deferred", "4.4.2"),
    (".", "", "deferred", "4.4.2"),
])
def test_what_the_far_host_may_say(make_instance, sink, verb, said, status, dsn):
    i = make_instance(relay_port=sink.port).start()
    sink.answers[verb] = said
    queue_id = i.send(message(), "")  # no sender: no bounce message
    line = i.log.wait(f"{queue_id}: to=<rcpt@sink.example>")[0]
    assert f"dsn={dsn}, status={status} (" in line


def test_one_recipient_of_three_is_refused(make_instance, sink):
    i = make_instance(LOCAL, relay_port=sink.port).start()
    sink.answers["RCPT"] = lambda line: "550 5.1.1 unknown" if "bad@" in line else None
    queue_id = i.send(message(), "me@load.example", "a@sink.example", "bad@sink.example", "c@sink.example")
    assert sorted(sink.wait(1)[0].recipients) == ["a@sink.example", "c@sink.example"]
    i.log.wait(f"{queue_id}: removed")
    notice = email.message_from_bytes(i.maildir("inbox")[0])
    parts = notice.get_payload()
    assert "bad@sink.example" in parts[0].get_payload() and "a@sink.example" not in parts[0].get_payload()


def test_a_bounce_goes_to_the_senders_mailbox(make_instance, sink):
    i = make_instance(LOCAL, relay_port=sink.port).start()
    sink.answers["RCPT"] = "550 5.1.1 no such user here"
    queue_id = i.send(message(subject="original"), "me@load.example")
    notice = email.message_from_bytes(i.maildir("inbox")[0])
    assert re.search(rf"{queue_id}: sender non-delivery notification: \w+", i.log.text())

    assert notice["Return-Path"] == "<>" and notice["Delivered-To"] == "me@load.example"
    assert notice["From"].endswith("<MAILER-DAEMON@mta.example>") or "MAILER-DAEMON@mta.example" in notice["From"]
    assert notice["To"] == "me@load.example"
    assert notice["Auto-Submitted"] == "auto-replied"
    assert notice.get_content_type() == "multipart/report" and notice.get_param("report-type") == "delivery-status"
    text, report, original = notice.get_payload()
    assert "no such user here" in " ".join(text.get_payload().split())
    per_message, per_recipient = report.get_payload()
    assert per_message["Reporting-MTA"] == "dns; mta.example"
    assert per_message["X-Postfix-Queue-ID"] == queue_id
    assert per_message["X-Postfix-Sender"] == "rfc822; me@load.example"
    assert per_recipient["Final-Recipient"] == "rfc822; rcpt@sink.example"
    assert per_recipient["Action"] == "failed" and per_recipient["Status"] == "5.1.1"
    assert per_recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1 no such user")
    assert per_recipient["Remote-MTA"] == "dns; 127.0.0.1"
    assert "Subject: original" in str(original.get_payload(0) if original.is_multipart() else original)
    i.wait_queue(0)


def test_notices_ask_for_headers_only_when_the_sender_did(make_instance, sink):
    i = make_instance(LOCAL, relay_port=sink.port).start()
    sink.answers["RCPT"] = "550 5.1.1 no such user here"
    i.send(message(body="private words\r\n"), "me@load.example", mail_options="RET=HDRS ENVID=abc")
    notice = i.maildir("inbox")[0]
    assert b"text/rfc822-headers" in notice and b"private words" not in notice
    assert b"Original-Envelope-Id: abc" in notice


def test_notify_never_is_silent_and_notify_success_is_not(make_instance, sink):
    i = make_instance(LOCAL, relay_port=sink.port).start()
    sink.extensions = ("PIPELINING",)  # no DSN: the report is ours to make
    sink.answers["RCPT"] = lambda line: "550 5.1.1 unknown" if "bad" in line else None
    quiet = i.send(message(), "me@load.example", "bad@sink.example", rcpt_options="NOTIFY=NEVER")
    i.log.wait(f"{quiet}: removed")
    assert not i.log.lines(f"{quiet}: sender non-delivery")
    told = i.send(message(), "me@load.example", "good@sink.example", rcpt_options="NOTIFY=SUCCESS")
    i.log.wait(f"{told}: sender delivery status notification: ")
    assert b"Action: relayed" in i.maildir("inbox")[0]


def test_a_bounce_that_bounces_ends_there(make_instance, sink):
    i = make_instance(relay_port=sink.port).start()
    sink.answers["RCPT"] = "550 5.1.1 nobody"
    queue_id = i.send(message(), "me@load.example")
    notice = re.search(r"notification: (\w+)", i.log.wait(f"{queue_id}: sender non-delivery notification")[0]).group(1)
    i.log.wait(f"{notice}: from=<>")
    i.log.wait(f"{notice}: removed")
    i.wait_queue(0)


def test_mail_that_is_too_old_is_returned(make_instance, sink):
    i = make_instance(LOCAL + "maximal_queue_lifetime = 1s\nqueue_run_delay = 2s\nminimal_backoff_time = 1s\n",
                      relay_port=sink.port).start()
    sink.answers["RCPT"] = "450 4.2.0 come again"
    queue_id = i.send(message(), "me@load.example")
    i.log.wait(f"{queue_id}: from=<me@load.example>, status=expired, returned to sender", timeout=20)
    assert b"Action: failed" in i.maildir("inbox")[0]
    i.wait_queue(0)


def test_a_delay_warning(make_instance, sink):
    i = make_instance(LOCAL + "delay_warning_time = 1s\nqueue_run_delay = 2s\nminimal_backoff_time = 1s\n",
                      relay_port=sink.port).start()
    sink.answers["RCPT"] = "450 4.2.0 come again"
    queue_id = i.send(message(), "me@load.example")
    i.log.wait(f"{queue_id}: sender delay notification: ", timeout=20)
    assert b"Action: delayed" in i.maildir("inbox")[0]
    time.sleep(3)
    assert len(i.log.lines("sender delay notification")) == 1


def test_deferred_mail_is_tried_again_by_itself(make_instance, sink):
    i = make_instance("queue_run_delay = 2s\nminimal_backoff_time = 2s\nmaximal_backoff_time = 4s\n",
                      relay_port=sink.port).start()
    sink.answers["RCPT"] = "450 4.2.0 come again"
    i.send(message())
    i.log.wait("status=deferred")
    sink.answers.clear()
    sink.wait(1, timeout=20)


def test_defer_transports(make_instance, sink):
    i = make_instance("defer_transports = smtp, relay\n", relay_port=sink.port).start()
    queue_id = i.send(message())
    i.log.wait(rf"{queue_id}: to=<rcpt@sink\.example>, relay=none, .*status=deferred \(deferred transport\)")
    assert not sink.sessions


def test_queue_ids_stay_the_same_over_a_restart(instance, sink):
    sink.answers["RCPT"] = "450 4.2.0 come again"
    queue_id = instance.send(message())
    instance.wait_queue(1, "deferred")
    instance.stop()
    assert [p.name for p in instance.queue_files("deferred")] == [queue_id]
    sink.answers.clear()
    instance.start()
    instance.command("postqueue", "-f")
    sink.wait(1)
    instance.log.wait(f"{queue_id}: removed")


def test_many_recipients_some_soft_some_hard(make_instance, sink):
    i = make_instance(LOCAL, relay_port=sink.port).start()
    codes = {0: None, 1: "450 4.2.0 later", 2: "550 5.1.1 never"}
    sink.answers["RCPT"] = lambda line: codes[int(re.search(r"r(\d+)@", line).group(1)) % 3]
    queue_id = i.send(message(), "me@load.example", *[f"r{n}@sink.example" for n in range(45)])
    assert len(sink.wait(1)[0].recipients) == 15
    queued = i.wait_queue(1, "deferred")[0]
    assert len(queued["recipients"]) == 15
    i.maildir("inbox")
    sink.answers.clear()
    i.command("postqueue", "-f")
    assert len(sink.wait(2)[1].recipients) == 15
    i.log.wait(f"{queue_id}: removed")
    assert len(i.log.lines(f"{queue_id}: to=.*status=sent")) == 30
