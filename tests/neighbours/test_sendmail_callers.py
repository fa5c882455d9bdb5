"""Programs that send mail by running /usr/sbin/sendmail: each runs for real, as a user without rights."""

import os
import re
import shutil
import subprocess

import pytest

from debian import unpacked
from harness import user

BODY = b"Gr\xc3\xbc\xc3\x9fe\n.\nthe end\n"


@pytest.fixture
def host(make_instance, sink):
    instance = make_instance("myorigin = load.example", relay_port=sink.port)
    user.install(instance)
    instance.start()
    return instance


@pytest.fixture
def home(open_path):
    open_path.chmod(0o755)
    shutil.chown(open_path, user.NOBODY)
    return open_path


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            pytest.fail(f"{program} is not installed: tools/install-deps")


def send(host, home, *argv, input=b"", env=None):
    theirs = {"HOME": str(home), "USER": "nobody", "LC_ALL": "C.UTF-8", "MHTMPDIR": str(home), **(env or {})}
    done = user.run(host, *argv, input=input, env=theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture
def mailx():
    copy = shutil.copy(unpacked("bsd-mailx") / "usr/bin/bsd-mailx", f"/tmp/pr.mailx.{os.getpid()}")  # where anybody may run it
    yield copy
    os.unlink(copy)


def test_mailx(host, home, sink, mailx):
    send(host, home, mailx, "-s", "from mailx", "-c", "cc@sink.example", "-b", "bcc@sink.example", "to@sink.example",
         input=b"hello\n")
    received, = sink.wait(1)
    assert set(received.recipients) == {"to@sink.example", "cc@sink.example", "bcc@sink.example"}
    assert b"Subject: from mailx\r\n" in received.headers and b"bcc@" not in received.data
    assert received.body == b"hello\r\n"


def test_s_nail(host, home, sink):
    need("s-nail")
    send(host, home, "s-nail", "-n", "-S", "sendcharsets=utf-8", "-s", "from s-nail", "-r", "me@load.example", "-c", "cc@sink.example",
         "-b", "bcc@sink.example", "to@sink.example", input=BODY)
    received, = sink.wait(1)
    assert received.sender == "me@load.example"
    assert set(received.recipients) == {"to@sink.example", "cc@sink.example", "bcc@sink.example"} and b"bcc@" not in received.data


def test_mutt(host, home, sink):
    need("mutt")
    send(host, home, "mutt", "-n", "-F", "/dev/null", "-e", "set from=me@load.example use_envelope_from=yes copy=no "
         "dsn_notify='failure,delay' dsn_return=hdrs allow_8bit=yes use_8bitmime=yes charset=utf-8 send_charset=utf-8",
         "-s", "from mutt", "-b", "bcc@sink.example", "--", "to@sink.example", input=BODY)
    received, = sink.wait(1)
    assert received.sender == "me@load.example" and set(received.recipients) == {"to@sink.example", "bcc@sink.example"}
    assert "RET=HDRS" in received.mail and all("NOTIFY=FAILURE,DELAY" in r for r in received.rcpts)
    assert received.body == BODY.replace(b"\n", b"\r\n") and b"bcc@" not in received.data


def test_git_send_email(host, home, sink):
    need("git", "/usr/lib/git-core/git-send-email")
    script = """cd "$HOME" && git init -q . && git config user.name 'A. Person' && git config user.email me@load.example &&
        echo text >file && git add file && git commit -qm 'a change' && git format-patch -q --root -o out &&
        git send-email --quiet --confirm=never --suppress-cc=all --envelope-sender=bounces@load.example \\
            --to=list@sink.example --cc=cc@sink.example --bcc=bcc@sink.example out/*.patch"""
    send(host, home, "sh", "-c", script)
    received, = sink.wait(1)
    assert received.sender == "bounces@load.example"
    assert set(received.recipients) == {"list@sink.example", "cc@sink.example", "bcc@sink.example"}
    assert b"\r\nSubject: [PATCH] a change\r\n" in received.data and b"+text\r\n" in received.body


def test_php_mail(host, home, sink):
    need("php")
    code = """exit(mail('to@sink.example, Two <two@sink.example>', 'from PHP', "line\\r\\n.\\r\\nlast",
        ['From' => 'me@load.example', 'Bcc' => 'bcc@sink.example'], '-fbounces@load.example') ? 0 : 1);"""
    send(host, home, "php", "-d", "sendmail_path=/usr/sbin/sendmail -t -i", "-r", code)
    received, = sink.wait(1)
    assert received.sender == "bounces@load.example"
    assert set(received.recipients) == {"to@sink.example", "two@sink.example", "bcc@sink.example"}
    assert b"bcc@" not in received.data and received.body == b"line\r\n.\r\nlast\r\n"


@pytest.mark.parametrize("way", ["sendmail/pipe", "sendmail/smtp"])
def test_nmh(host, home, sink, way):
    """The second speaks SMTP with sendmail -bs."""
    need("/usr/lib/mh/post")
    (home / "draft").write_text("From: me@load.example\nTo: to@sink.example\nSubject: from nmh\n\nhello\n.dot\n")
    (home / ".mh_profile").write_text("Path: Mail\n")
    (home / "Mail").mkdir()
    shutil.chown(home / "Mail", user.NOBODY)
    send(host, home, "/usr/lib/mh/post", "-mts", way, "-sendmail", "/usr/sbin/sendmail", str(home / "draft"))
    received, = sink.wait(1)
    assert received.recipients == ["to@sink.example"] and received.body == b"hello\r\n.dot\r\n"


@pytest.mark.parametrize("argv, stdin, sender, recipients", [
    (["-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root@sink.example"], b"From: root (Cron Daemon)\nSubject: Cron\n\n", "nobody@load.example", 1),
    (["-FAnacron", "-odi", "-oi", "user@sink.example"], b"Subject: Anacron job\n\n", "nobody@load.example", 1),
    (["-i", "at@sink.example"], b"Subject: output\n\n", "nobody@load.example", 1),
    (["-oem", "-oi", "-f", "me@load.example", "--", "a@sink.example", "b@sink.example"], b"Subject: x\n\n", "me@load.example", 2),
    (["-oi", "-t"], b"To: a@sink.example\nSubject: apt-listchanges\n\n", "nobody@load.example", 1),
    (["-oi", "-f", "pop@load.example", "survey@sink.example"], b"Subject: x\n\n", "pop@load.example", 1),
    (["-oi", "-f", "", "vacation@sink.example"], b"From: v@load.example\nSubject: away\n\n", "", 1),
    (["-oi", "-t", "-odq"], b"To: uux@sink.example\n\n", "nobody@load.example", 1),
], ids=["cron", "anacron with -oi", "at", "mutt", "apt-listchanges", "popcon", "vacation", "uux"])
def test_command_lines(host, home, sink, argv, stdin, sender, recipients):
    send(host, home, "/usr/sbin/sendmail", *argv, input=stdin + BODY)
    received, = sink.wait(1)
    assert received.sender == sender and len(received.recipients) == recipients
    assert received.body == BODY.replace(b"\n", b"\r\n")


# --- cron and at, which know no configuration but the machine's ---

FRESH = "mount -t tmpfs run /run && mount -t tmpfs jobs /var/spool/cron && "


@pytest.fixture
def machine(host):
    """Its configuration is the machine's."""
    text = (host.etc / "main.cf").read_text()
    (host.base / "host/etc/postfix/main.cf").write_text(f"{text}alternate_config_directories = {host.etc}\n")
    return host


def test_cron(machine, sink):
    need("cron")
    crontab = machine.base / "host/etc/crontab"
    crontab.write_text("MAILTO=to@sink.example\n@reboot nobody echo hello; echo .; echo \"from $LOGNAME\"\n")
    cron = user.start(machine, "sh", "-c", FRESH + "exec cron -f", uid=0, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL)
    try:
        received, = sink.wait(1, timeout=30)
    finally:
        cron.terminate()
        cron.wait(20)
    assert received.recipients == ["to@sink.example"] and received.body == b"hello\r\n.\r\nfrom nobody\r\n"
    assert re.search(rb"(?m)^From: .*\(Cron Daemon\)\r$", received.headers) and b"X-Cron-Env: <LOGNAME=nobody>" in received.headers


def test_at(machine, sink):
    need("at", "atd")
    script = FRESH + """cd /var/spool/cron && mkdir atjobs atspool && touch atjobs/.SEQ && chown -R daemon:daemon . &&
        echo 'echo hello; echo .; echo end' | at now && atd -s"""
    done = user.run(machine, "sh", "-c", script, uid=0, timeout=60)
    assert done.returncode == 0, done.stderr
    received, = sink.wait(1, timeout=30)
    assert received.recipients == ["root@load.example"] and b"hello\r\n.\r\nend\r\n" in received.body
