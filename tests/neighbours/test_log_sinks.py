"""Where the log goes: rsyslog at /dev/log, and logrotate beside postlogd."""

import os
import re
import subprocess
import time

import pytest

from harness.client import message
from harness.instance import Instance

RSYSLOG_CONF = """\
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{base}/devlog" CreatePath="on")
template(name="facts" type="string" string="%syslogfacility-text%.%syslogseverity-text% %syslogtag%%msg%\\n")
*.* action(type="omfile" file="{base}/facts.log" template="facts")
*.* action(type="omfile" file="{base}/syslog" template="RSYSLOG_TraditionalFileFormat")
"""
ROTATE = "{base}/mail.log {{\n size 1\n rotate 2\n nocompress\n missingok\n create 0644 postfix root\n postrotate\n  {reload}\n endscript\n}}\n"


# A /dev with another log than the machine's.
PRIVATE_DEV = """\
mount --rbind /dev "$0/olddev" && mount -t tmpfs dev /dev && ln -s "$0/devlog" /dev/log && ln -s /proc/self/fd /dev/fd &&
for n in null zero random urandom; do touch /dev/$n && mount --bind "$0/olddev/$n" /dev/$n; done && exec "$@\""""


class Syslogging(Instance):
    def wrap(self, argv):
        return ["unshare", "-m", "sh", "-c", PRIVATE_DEV, str(self.base), *argv]


@pytest.fixture
def syslogging(under_test, sink):
    i = Syslogging(under_test, "maillog_file =\n", "", relay_port=sink.port)
    (i.base / "olddev").mkdir()
    conf = i.base / "rsyslog.conf"
    conf.write_text(RSYSLOG_CONF.format(base=i.base))
    daemon = subprocess.Popen(["rsyslogd", "-n", "-f", conf, "-i", i.base / "rsyslog.pid"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (i.base / "devlog").exists():
        assert daemon.poll() is None and time.monotonic() < deadline, "rsyslogd does not start"
        time.sleep(0.05)
    yield i
    i.stop()
    daemon.terminate()
    daemon.wait(20)
    if not os.environ.get("KEEP"):
        i.remove()


def wait_for(path, pattern, timeout=30):
    deadline = time.monotonic() + timeout
    while not re.search(pattern, text := path.read_text() if path.exists() else "", re.M):
        assert time.monotonic() < deadline, f"{pattern!r} is not in {path}:\n{text}"
        time.sleep(0.05)
    return text


def test_rsyslog(syslogging, sink):
    """Facility, severity, and the tag with its process number, as filters in /etc/rsyslog.d want them."""
    i = syslogging.start()
    queue_id = i.send(message())
    sink.wait(1)
    wait_for(i.base / "facts.log", rf"^mail\.info postfix/smtpd\[\d+\]: {queue_id}: client=localhost\[127\.0\.0\.1\]$")
    wait_for(i.base / "facts.log", rf"^mail\.info postfix/qmgr\[\d+\]: {queue_id}: removed$")
    wait_for(i.base / "syslog", rf"^\w{{3}} [ \d]\d [\d:]{{8}} \S+ postfix/cleanup\[\d+\]: {queue_id}: message-id=<")
    with i.client() as c:
        c.ehlo()
        c.command("MAIL FROM:<a@b.example>")
        c.command("RCPT TO:<@>")
    wait_for(i.base / "facts.log", r"^mail\.warning postfix/smtpd\[\d+\]: warning: Illegal address syntax from ")


def test_logrotate(make_instance, sink):
    """The log is moved away under running daemons; soon after a reload they write a new one, and no line is lost."""
    i = make_instance(relay_port=sink.port).start()
    conf, old = i.base / "logrotate.conf", i.base / "mail.log.1"
    reload = f"kill -HUP {i.master.pid}" if i.suite.name == "reference" else f"{i.suite.command('postfix')} -c {i.etc} reload"
    conf.write_text(ROTATE.format(base=i.base, reload=reload))
    os.chmod(conf, 0o644)
    sent = [i.send(message())]
    i.log.wait(f"{sent[0]}: removed", timeout=30)
    subprocess.run(["logrotate", "-s", i.base / "logrotate.state", conf], env=i.env(), check=True, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while ": removed" not in i.log.text():
        assert time.monotonic() < deadline, "nothing is written to the new log"
        i.wait_ready()
        sent.append(i.send(message()))
        sink.wait(len(sent), 30)
        time.sleep(0.3)
    i.wait_queue(0, timeout=30)
    i.stop()
    removed = re.findall(r"(\w+): removed", old.read_text() + i.log.text())
    assert sorted(removed) == sorted(sent)
