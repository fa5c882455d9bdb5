"""main.cf goes bad under a running mail system."""

import os
import signal
import time

import pytest

from harness.client import message

MISTAKES = {
    "boolean": ("smtputf8_enable = maybe", "fatal: bad boolean configuration: smtputf8_enable = maybe"),
    "number": ("default_process_limit = x", "fatal: bad numerical configuration: default_process_limit = x"),
    "syntax": ("nonsense without equals", "fatal: .*/main.cf, line .*: missing '=' after attribute name: \"nonsense"),
    "user": ("mail_owner = nobodyhere", "fatal: .*: parameter mail_owner: unknown user name value: nobodyhere"),
    "macro": ("myhostname = ${x", "fatal: dictionary mail_dict: macro processing error"),
}


def spoil(instance, line):
    path = instance.etc / "main.cf"
    good = path.read_text()
    path.write_text(f"{good}{line}\n")
    os.utime(path, (time.time() - 60,) * 2)
    return good


def mend(instance, good):
    path = instance.etc / "main.cf"
    path.write_text(good)
    os.utime(path, (time.time() - 60,) * 2)
    instance.reload()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_reload_with_a_mistake_changes_nothing(make_instance, sink, mistake):
    line, reason = MISTAKES[mistake]
    instance = make_instance("service_throttle_time = 1s\ntransport_retry_time = 1s\n", relay_port=sink.port).start()
    with instance.client() as c:
        c.ehlo()
        c.envelope("a@load.example", "b@sink.example")
        good = spoil(instance, line)
        done = instance.command("postfix", "reload", check=False)
        assert done.returncode == 1 and "fatal: " in done.stderr
        instance.master.send_signal(signal.SIGHUP)  # as an impatient operator does
        instance.log.wait(f"master.*{reason}")
        instance.log.wait("error: .*main.cf cannot be used: the mail system goes on as it is")
        assert c.data(message()).code == 250
    with instance.client() as c:
        assert c.ehlo().code == 250
    mend(instance, good)
    instance.send(message())
    instance.command("postqueue", "-f")
    sink.wait(2)


def test_a_service_that_was_throttled_is_tried_again_at_a_reload(instance):
    good = spoil(instance, "smtpd_timeout = 12parsecs")
    instance.reload()
    for _ in range(100):  # the process before may still take a client
        instance.client(greeting=False).socket.close()
        if instance.log.lines("bad command startup -- throttling"):
            break
        time.sleep(0.1)
    instance.log.wait("smtpd.*fatal: parameter smtpd_timeout: bad time value or unit: 12parsecs")
    mend(instance, good)
    instance.send(message())  # not after service_throttle_time
