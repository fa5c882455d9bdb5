"""Notifications: what tests/parity cannot compare with the reference."""

import email
import time

import pytest

MAIN_CF = """\
virtual_mailbox_domains = local.example
virtual_mailbox_maps = static:box/
export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH
"""
MESSAGE = b"From: <me@local.example>\r\nSubject: x\r\nMessage-ID: <x@load.example>\r\n\r\nx\r\n"


@pytest.fixture
def start(make_instance, sink):
    return lambda main_cf="", **files: _start(make_instance, sink, main_cf, files)


def _start(make_instance, sink, main_cf, files):
    i = make_instance(MAIN_CF, relay_port=sink.port)
    for name, text in files.items():
        i.file(name, text)
    i.write_config(f"relayhost = [127.0.0.1]:{sink.port}\n" + MAIN_CF + main_cf.replace("$etc", str(i.etc)))
    return i.start()


def part(notice, number):
    return email.message_from_bytes(notice).get_payload(number).as_string()


def refuse(i, sink):
    sink.answers["RCPT"] = "550 5.1.1 no"
    i.send(MESSAGE, "me@local.example", "b@sink.example")
    return i.maildir("box")[0]


@pytest.mark.parametrize("template, complaint", [
    ("failure_template = <<EOF\nSubject: x\n\n$nope\nEOF\n", "undefined $name in failure template: $nope"),
    ("failure_template = <<EOF\nSubject: x\n\n${oh no\nEOF\n", "bad $name syntax in failure template: ${oh no"),
    ("failure_template = <<EOF\nX-Foo: x\n\nx\nEOF\n", 'unknown "X-Foo" header label in failure template'),
    ("failure_template <<EOF\n", "line 2: missing '=' after attribute name"),
    (None, "bounce.cf: No such file or directory"),
])
def test_a_bad_template_does_not_stop_notices(start, sink, template, complaint, under_test):
    if under_test.name == "reference":
        pytest.skip("there its bounce dies, and mail waits")
    i = start("bounce_template_file = $etc/bounce.cf\n", **({"bounce.cf": template} if template else {}))
    notice = refuse(i, sink)
    assert "\nThis is the mail system at host mta.example.\n" in part(notice, 0)
    assert b"\nSubject: Undelivered Mail Returned to Sender\n" in notice
    assert complaint in i.log.text()
    i.wait_queue(0)


@pytest.mark.parametrize("setting", ["notify_classes = bounce, foo", "internal_mail_filter_classes = foo"])
def test_unknown_classes_are_fatal(make_instance, setting):
    i = make_instance(setting + "\n").start(wait=False)
    name = setting.split()[0]
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and f'fatal: unknown {name} value "foo" in ' not in i.log.text():
        try:
            i.client(timeout=1).socket.close()
        except (OSError, ValueError):
            pass
        time.sleep(0.1)
    assert f'fatal: unknown {name} value "foo" in "' in i.log.text()


def reports(i, count):
    return sorted(part(m, 1) for m in i.maildir("box", count) if b"Delivery report" in m)


def test_a_report_is_sent_once(start, sink):
    """sendmail -v: after the first attempt, whatever comes later."""
    i = start("queue_run_delay = 1s\nminimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n")
    sink.answers["RCPT"] = "450 4.2.0 later"
    i.command("sendmail", "-v", "-f", "me@local.example", "b@sink.example", input="Subject: x\n\nx\n")
    report, = reports(i, 1)
    assert "\nAction: delayed\n" in report and "\nDiagnostic-Code: smtp; 450 4.2.0 later\n" in report
    del sink.answers["RCPT"]
    sink.wait(1)
    i.wait_queue(0)
    assert reports(i, 1) == [report]


def test_addresses_are_tried_out(start, sink):
    """sendmail -bv: nothing is delivered."""
    i = start()
    i.command("sendmail", "-bv", "-f", "me@local.example", "b@sink.example", "c@local.example", input="")
    report, = reports(i, 1)
    assert report.count("\nAction: deliverable\n") == 2 and "c@local.example" in report
    i.wait_queue(0)
    assert not sink.messages
