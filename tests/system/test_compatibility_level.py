"""Defaults of old, where parity scenarios do not reach: what the harness sets, what master and commands log."""

import re

OLD = "using backwards-compatible default setting"


def instance_with(make_instance, sink, level, master_cf=""):
    i = make_instance(f"compatibility_level = {level}\nmydestination = here.example\ninet_interfaces = 127.0.0.1\n"
                      "smtpd_recipient_restrictions = permit_mynetworks, reject\n", master_cf, relay_port=sink.port)
    path = i.etc / "main.cf"
    path.write_text(re.sub(r"(?m)^mynetworks = .*\n", "", path.read_text()))
    return i


def notes_of_a_client(i):
    i.start()
    with i.client(source="127.0.0.2") as c:
        c.ehlo()
        c.expect("MAIL FROM:<a@load.example>", 250)
        c.command("RCPT TO:<b@elsewhere.example>")
        c.quit()
    i.log.wait("disconnect from .*127.0.0.2")
    return i.log.messages(f"smtpd.*{OLD} ")


def test_networks_of_old_are_wider(make_instance, sink):
    assert notes_of_a_client(instance_with(make_instance, sink, "1")) == [
        f'{OLD} mynetworks_style=subnet to permit request from client "unknown[127.0.0.2]"'] * 2  # relay, recipient


def test_networks_of_today_are_not(make_instance, sink):
    assert notes_of_a_client(instance_with(make_instance, sink, "2")) == [
        f'{OLD} smtpd_relay_before_recipient_restrictions=no to reject recipient "b@elsewhere.example" from client '
        '"unknown[127.0.0.2]"']


def test_a_newer_level_says_nothing(make_instance, sink):
    assert notes_of_a_client(instance_with(make_instance, sink, "3.11")) == []


def test_chroot(make_instance, sink):
    i = instance_with(make_instance, sink, "0", "relay unix - - - - - smtp\nretry unix - - n - - error\n").start()
    lines = (i.etc / "master.cf").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("relay "))
    assert i.log.messages("chroot=y") == [f"{i.etc}/master.cf: line {number}: {OLD} chroot=y"]


def test_the_postfix_command_tells(make_instance, sink):
    for level, count in (("3.6", 2), ("3.11", 0)):
        i = instance_with(make_instance, sink, level)
        done = i.command("postfix", "status", check=False)
        assert "backwards" not in done.stderr
        i.start()
        assert len(i.log.messages("Postfix is using backwards-compatible default settings")) == count
        i.stop()
