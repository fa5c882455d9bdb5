#!/bin/bash
# Shows Postrider relaying mail, from port to port. Needs a Debian 12, root, and nothing else.
#
# Everything happens in a private folder and on loopback addresses: no mail leaves the machine, nothing of
# an installed mail system is touched, and nothing is left running, however this ends.
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "demo.sh: needs root, as a mail system does"; exit 1; }

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

dir=$(mktemp -d /tmp/postrider-demo.XXXXXX)
sink=
finish() {
    status=$?
    trap - EXIT INT TERM
    [ ! -x "$dir/root/usr/sbin/postfix" ] || "$dir/root/usr/sbin/postfix" -c "$dir/etc" abort >/dev/null 2>&1 || true
    [ -z "$sink" ] || kill "$sink" 2>/dev/null || true
    if [ $status -ne 0 ]; then
        echo "The demonstration has failed. The end of the log ($dir/mail.log):"
        tail -20 "$dir/mail.log" 2>/dev/null || true
    else
        rm -rf "$dir"
    fi
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM

say "1. Installing what is missing (deps.txt), building"
tools/install-deps
for name in postdrop postfix; do
    getent group $name >/dev/null || groupadd --system $name
done
getent passwd postfix >/dev/null ||
    useradd --system --gid postfix --home-dir /nonexistent --shell /usr/sbin/nologin postfix
make -s -j"$(nproc)" all
make -s install DESTDIR="$dir/root"
bin=$dir/root/usr/sbin
echo "Programs are in $dir/root."

say "2. A mail system of our own in $dir"
port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
smtp_port=$(port) sink_port=$(port)
chmod 755 "$dir"
mkdir -p "$dir/etc" "$dir/data" "$dir/internet" "$dir/spool/pid"
for queue in active bounce corrupt defer deferred flush hold incoming journal private saved trace; do
    install -d -m 700 -o postfix "$dir/spool/$queue"
done
install -d -m 710 -o postfix -g postdrop "$dir/spool/public"
install -d -m 730 -o postfix -g postdrop "$dir/spool/maildrop"
chown postfix "$dir/data"
chown nobody "$dir/internet"
openssl genrsa -traditional -out "$dir/etc/dkim.key" 2048 2>/dev/null
chown postfix "$dir/etc/dkim.key"

cat >"$dir/etc/main.cf" <<M
compatibility_level = 3.11
queue_directory = $dir/spool
data_directory = $dir/data
daemon_directory = $dir/root/usr/libexec/postfix
command_directory = $bin
mail_owner = postfix
setgid_group = postdrop
myhostname = demo.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
maillog_file = $dir/mail.log
maillog_file_prefixes = $dir
# the whole internet is our own sink
relayhost = [127.0.0.1]:$sink_port
# mail from demo.example is signed; "s1" is the selector
dkim_signing_maps = inline:{ {demo.example = s1 $dir/etc/dkim.key} }
M
cat >"$dir/etc/master.cf" <<M
127.0.0.1:$smtp_port inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
M
echo "Its main.cf, beyond paths: relayhost, and one line that makes it sign:"
grep -E '^(relayhost|dkim)' "$dir/etc/main.cf" | sed 's/^/    /'

"$bin/smtp-sink" -u nobody -i "$dir/counts" -d "$dir/internet/" "127.0.0.1:$sink_port" 100 &
sink=$!
"$bin/postfix" -c "$dir/etc" start

say "3. Three messages go in by SMTP at port $smtp_port"
/usr/bin/python3 - "$smtp_port" <<'P'
import smtplib
import sys
from email.message import EmailMessage

with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as smtp:
    for n, (subject, text) in enumerate([("Hello", "A first message.\n"), ("Dots", ".\n..\n.start\n"),
                                         ("Gr\u00fc\u00dfe", "\u00c4pfel, \u20ac 5\n")], 1):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "sender@demo.example", f"friend{n}@far.example", subject
        mail["Message-ID"], mail["Date"] = f"<{n}@demo.example>", "Sat, 21 Nov 2026 12:00:00 +0000"
        mail.set_content(text)
        smtp.send_message(mail)
        print(f"    {n}: {subject!r} to friend{n}@far.example: accepted")
P

master=$(tr -d ' ' <"$dir/spool/pid/master.pid")
echo "The daemons that have passed them on (and those they asked), started by master when first needed:"
ps -o pid,user,comm -p "$master" --ppid "$master" | sed 's/^/    /'

say "4. They arrive at the sink, signed"
for _ in $(seq 100); do
    [ "$(ls "$dir/internet" | wc -l)" -ge 3 ] && break
    sleep 0.1
done
sleep 0.3
first=$(grep -l '<1@demo.example>' "$dir"/internet/*)
sed -n '/^DKIM-Signature/,/^From:/p' "$first" | sed 's/^/    /'
openssl pkey -in "$dir/etc/dkim.key" -pubout -outform DER 2>/dev/null | base64 -w0 >"$dir/public"
echo "What dkimpy, which is not ours, says of the signatures, given the public key:"
/usr/bin/python3 - "$dir/public" "$dir"/internet/* <<'P'
import sys

import dkim

record = b"v=DKIM1; k=rsa; p=" + open(sys.argv[1], "rb").read()
for path in sys.argv[2:]:
    mail = open(path, "rb").read().replace(b"\n", b"\r\n")
    ok = dkim.verify(mail, dnsfunc=lambda name, timeout=5: record if name == b"s1._domainkey.demo.example." else None)
    subject = next(line for line in mail.split(b"\r\n") if line.startswith(b"Subject:")).decode()
    print(f"    {subject}: {'valid' if ok else 'NOT VALID'}")
    if not ok:
        sys.exit(1)
P

say "5. The queue is empty"
"$bin/postqueue" -c "$dir/etc" -p | sed 's/^/    /'
[ "$("$bin/postqueue" -c "$dir/etc" -p)" = "Mail queue is empty" ]

say "6. The log, in the words that every Postfix tool knows"
grep -E 'client=|message-id=|from=|to=|removed' "$dir/mail.log" | sed 's/^/    /'

say "7. Stopping; nothing stays behind"
"$bin/postfix" -c "$dir/etc" stop
kill "$sink"
wait "$sink" 2>/dev/null || true
sink=
cat <<M

Where to look now: README.md follows one message from port 25 to the far host, file by file.
./check.sh runs all tests; make bench compares speeds with the reference.
M
