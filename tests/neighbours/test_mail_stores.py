"""Programs that mail ends in: Dovecot by LMTP and by its delivery agent, procmail, maildrop."""

import os
import subprocess
import time

import pytest

from harness.client import message
from harness.instance import free_port
from harness.people import Host

BODY = "first\r\n.dot\r\nFrom here on\r\n" + "long " * 190 + "\r\nlast\r\n"

DOVECOT_CONF = """\
base_dir = {base}/dovecot
state_dir = {base}/dovecot
instance_name = {base}
log_path = {base}/dovecot.log
protocols = lmtp
ssl = no
first_valid_uid = 1
mail_location = maildir:~/Maildir
recipient_delimiter = +
lda_mailbox_autocreate = yes
lmtp_save_to_detail_mailbox = yes
auth_username_format = %Ln
mail_plugins = quota
plugin {{
  quota = count
  quota_vsizes = yes
  quota_rule = *:bytes=50k
}}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = passwd-file
  args = {base}/users
}}
service lmtp {{
  unix_listener {base}/spool/private/dovecot {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
service auth {{
  unix_listener auth-userdb {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@pytest.fixture
def host(under_test):
    h = Host(under_test)
    yield h
    h.stop()
    if not os.environ.get("KEEP"):
        h.remove()


def arrived(folder, count=1, timeout=30):
    """The messages in a Maildir."""
    deadline = time.monotonic() + timeout
    while len(files := sorted(p for part in ("new", "cur") for p in (folder / part).glob("*"))) < count:
        assert time.monotonic() < deadline, f"{len(files)} of {count} messages in {folder}"
        time.sleep(0.02)
    return [f.read_bytes() for f in files]


def configure(host, main_cf, master_cf=""):
    names = {"base": host.base}
    host.write_config("recipient_delimiter = +\n" + main_cf.format_map(names), master_cf.format_map(names))
    host.start()


def is_whole(mail):
    return mail.replace(b"\r\n", b"\n").rstrip(b"\n").endswith(BODY.replace("\r\n", "\n").rstrip("\n").encode())


# --- Dovecot ---

@pytest.fixture
def dovecot(host):
    """Its LMTP port; its socket is private/dovecot."""
    port = free_port()
    (host.base / "users").write_text("".join(f"{n}::{uid}:{uid}::{host.home / n}::\n" for n, uid in host.people.items()))
    (host.base / "dovecot").mkdir()
    (host.base / "dovecot.log").touch(mode=0o666)
    os.chmod(host.base / "dovecot.log", 0o666)
    conf = host.base / "dovecot.conf"
    conf.write_text(DOVECOT_CONF.format(base=host.base, port=port))
    process = subprocess.Popen(["dovecot", "-F", "-c", conf], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (host.spool / "private/dovecot").is_socket():
        assert process.poll() is None and time.monotonic() < deadline, (host.base / "dovecot.log").read_text()
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(20)


@pytest.mark.parametrize("parameter", [
    "mydestination =\nvirtual_mailbox_domains = host.example\nvirtual_transport = lmtp:unix:private/dovecot",
    "mydestination =\nvirtual_mailbox_domains = host.example\nvirtual_transport = lmtp:inet:127.0.0.1:{port}",
    "mailbox_transport = lmtp:unix:private/dovecot",
    "local_transport = lmtp:unix:private/dovecot",
], ids=["virtual, socket", "virtual, port", "mailbox_transport", "local_transport"])
def test_dovecot_lmtp(host, dovecot, parameter):
    configure(host, "lmtp_destination_recipient_limit = 5\n" + parameter.format(port=dovecot) + "\n")
    host.send(message(body=BODY), "sender@load.example", "ann@host.example", "bob+work@host.example")
    own, = arrived(host.home / "ann/Maildir")
    assert own.startswith(b"Return-Path: <sender@load.example>\n")
    assert is_whole(own) and is_whole(arrived(host.home / "bob/Maildir/.work")[0])
    for name in ("ann", r"bob\+work"):
        host.log.wait(rf"to=<{name}@host\.example>, relay=\S+, .*dsn=2\.0\.0, status=sent \(250 2\.0\.0 <{name}@host\.example> \S+ Saved\)")


def test_dovecot_lmtp_refuses(host, dovecot):
    """Nobody of that name, and a mailbox that is full: each recipient has an answer of its own."""
    configure(host, "local_recipient_maps =\nlocal_transport = lmtp:unix:private/dovecot\nlmtp_destination_recipient_limit = 5\n")
    host.send(message(body=BODY), "", "ann@host.example", "nobody.here@host.example")
    arrived(host.home / "ann/Maildir")
    host.log.wait(r"to=<nobody\.here@host\.example>, .*dsn=5\.1\.1, status=bounced \(host mta\.example\[private/dovecot\] said: "
                  r"550 5\.1\.1 .*\(in reply to RCPT TO command\)\)")
    host.send(message(body="x" * 70 + "\r\n", Comments="y" * 900) + ("z" * 900 + "\r\n") * 80, "", "bob@host.example")
    host.log.wait(r"to=<bob@host\.example>, .*dsn=[45]\.2\.2, status=(bounced|deferred) .* said: [45]52 [45]\.2\.2 .*"
                  r"\(in reply to end of DATA command\)\)")


@pytest.mark.parametrize("way", [
    ("mailbox_command = /usr/lib/dovecot/dovecot-lda -c {base}/dovecot.conf -f \"$SENDER\" -a \"$RECIPIENT\"\n", ""),
    ("mailbox_transport = lda\n", "lda unix - n n - - pipe flags=DRhu user=ann argv=/usr/lib/dovecot/dovecot-lda -c {base}/dovecot.conf "
                                  "-f ${{sender}} -a ${{original_recipient}} -d ${{user}} -m INBOX\n"),
], ids=["mailbox_command", "pipe"])
def test_dovecot_lda(host, dovecot, way):
    configure(host, *way)
    host.send(message(body=BODY), "sender@load.example", "ann+x@host.example")
    mail, = arrived(host.home / "ann/Maildir")
    assert mail.startswith(b"Return-Path: <sender@load.example>\n") and is_whole(mail)
    host.log.wait(r"to=<ann\+x@host\.example>, .*status=sent \(delivered (to command|via lda service)")


# --- procmail ---

PROCMAILRC = """\
MAILDIR=$HOME
LOGFILE=$HOME/procmail.log
ARG=$1
:0:
* ARG ?? ^^lists^^
lists
:0
* ^Subject: (refuse|retry|fail)
{
  :0
  * ^Subject: refuse
  { EXITCODE=67 HOST=end }
  :0
  * ^Subject: retry
  { EXITCODE=75 HOST=end }
  EXITCODE=12
  HOST=end
}
:0
Maildir/
"""


def test_procmail(host):
    host.personal("ann", ".procmailrc", PROCMAILRC)
    configure(host, "mailbox_command = /usr/bin/procmail -a \"$EXTENSION\"\n")
    host.send(message(body=BODY), "sender@load.example", "ann@host.example")
    mail, = arrived(host.home / "ann/Maildir")
    assert b"Delivered-To: ann@host.example\n" in mail and is_whole(mail)
    host.send(message(body=BODY), "sender@load.example", "ann+lists@host.example")
    host.log.wait(r"to=<ann\+lists@host\.example>, relay=local, .*dsn=2\.0\.0, status=sent \(delivered to command: /usr/bin/procmail")
    text = (host.home / "ann/lists").read_bytes()
    assert text.startswith(b"From sender@load.example ") and b"\n>From here on\n" in text
    assert b"From sender@load.example" in (host.home / "ann/procmail.log").read_bytes()


@pytest.mark.parametrize("subject, outcome", [
    ("refuse", r"dsn=5\.1\.1, status=bounced \(user unknown"),
    ("retry", r"dsn=4\.3\.0, status=deferred \(temporary failure"),
    ("fail", r"dsn=5\.3\.0, status=bounced \(Command died with status 12: "),
])
def test_procmail_refuses(host, subject, outcome):
    host.personal("ann", ".procmailrc", PROCMAILRC)
    host.personal("ann", ".forward", "\"|IFS=' ' && exec /usr/bin/procmail -f- || exit 75 #ann\"\n")
    configure(host, "")
    host.send(message(subject), "", "ann@host.example")
    host.log.wait(rf"to=<ann@host\.example>, relay=local, .*{outcome}")


def test_procmail_as_transport(host):
    rules = host.personal("ann", "common.rc", ":0\n$HOME/$EXTENSION.$USER_PART/\n", mode=0o644)
    os.chmod(host.home / "ann", 0o755)
    configure(host, "mailbox_transport = procmail\n", f"procmail unix - n n - - pipe flags=RDu user=ann "
              f"argv=/usr/bin/procmail -t -m USER_PART=${{{{user}}}} EXTENSION=${{{{extension}}}} SENDER=${{{{sender}}}} {rules}\n")
    host.send(message(body=BODY), "sender@load.example", "bob+ext@host.example")
    host.log.wait(r"to=<bob\+ext@host\.example>, relay=procmail, .*status=sent \(delivered via procmail service\)")
    mail, = arrived(host.home / "ann/ext.bob")
    assert is_whole(mail)


# --- maildrop ---

MAILFILTER = """\
logfile "{home}/maildrop.log"
if (/^Subject: refuse/)
{{
  EXITCODE = 77
  exit
}}
if (/^Subject: retry/)
{{
  EXITCODE = 75
  exit
}}
to "{home}/{where}"
"""


def filter_of(host, name, file, where, **options):
    return host.personal(name, file, MAILFILTER.format(home=host.home / name, where=where), 0o600, **options)


@pytest.mark.parametrize("way", ["mailbox_command", "pipe"])
def test_maildrop(host, way):
    subprocess.run(["maildirmake.maildrop", host.home / "ann/Maildir"], check=True)
    subprocess.run(["chown", "-R", str(host.people["ann"]), host.home / "ann/Maildir"], check=True)
    if way == "pipe":
        rules = filter_of(host, "ann", "rules", "Maildir")
        configure(host, "mailbox_transport = maildrop\n", "maildrop unix - n n - - pipe flags=DRhu user=ann "
                  f"argv=/usr/bin/maildrop {rules} ${{{{user}}}} ${{{{extension}}}} ${{{{sender}}}}\n")
    else:
        filter_of(host, "ann", ".mailfilter", "Maildir")
        configure(host, "mailbox_command = /usr/bin/maildrop\n")
    relay = "maildrop" if way == "pipe" else "local"
    host.send(message(body=BODY), "sender@load.example", "ann@host.example")
    host.log.wait(rf"to=<ann@host\.example>, relay={relay}, .*dsn=2\.0\.0, status=sent \(delivered ")
    assert is_whole(arrived(host.home / "ann/Maildir")[0])
    host.send(message("refuse"), "", "ann@host.example")
    host.log.wait(rf"to=<ann@host\.example>, relay={relay}, .*dsn=5\.7\.0, status=bounced \(permission denied")
    host.send(message("retry"), "", "ann@host.example")
    host.log.wait(rf"to=<ann@host\.example>, relay={relay}, .*dsn=4\.3\.0, status=deferred \(temporary failure")
