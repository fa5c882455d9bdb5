"""postfix, postmulti and "postfix tls", typed at a terminal on two machines: one has the reference, one has ours."""

import difflib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import suite
from harness.root import Root

MAIN_CF = """\
compatibility_level = 3.6
myhostname = mail.example
inet_interfaces = loopback-only
inet_protocols = ipv4
readme_directory = no
"""

# What is there before the first command.
FURNISH = """
rm -rf /etc/postfix/main.cf /etc/postfix/post-install /etc/postfix/postfix-script /var/spool/postfix/[a-z]*
ldconfig /usr/lib/postfix 2>/dev/null
mkdir -p /var/spool/postfix /var/lib/postfix
chown postfix /var/lib/postfix
printf '# one\\nreadme_directory = no\\ncompatibility_level = 3.6\\n' >/etc/postfix/main.cf.proto
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf.proto
cp /etc/postfix/master.cf.proto /etc/postfix/master.cf
chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop
chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
"""

# Differences that are meant: our own words in usages, programs that we do not run.
ALIKE = [
    (r"/usr/libexec/postfix", "/usr/lib/postfix/sbin"),
    (r"\[-a\] \[-j\]", "[-a]"),
    (r"(?m)^rmdir: .*\n", ""),
    (r"(?m)^postfix: (Postfix is using backwards|See .*COMPATIBILITY|To disable backwards).*\n", ""),
    (r"/usr/sbin/postconf: fatal: open", "open"),
    (r"postmulti: error: open", "open"),
    (r"(?m)^(/usr/sbin/)?postconf: warning: open /etc/postfix/master.cf: .*\n", ""),
    (r"(?m)^/usr/sbin/(postconf: )", r"\1"),
    (r"\d{8}-\d{6}", "STAMP"),
    (r"[0-9a-f]{64}", "DIGEST"),
    (r"(?m)^[A-Za-z0-9+/=]{6,64}$\n", ""),
    (r"/usr/lib/postfix/\./sbin", "/usr/lib/postfix/sbin/."),  # 3.7's shlib_directory has daemon_directory in it
]


@pytest.fixture(scope="module")
def machines():
    reference, ours = Root(), Root()
    try:
        if not suite.has_reference():
            pytest.skip("no reference")
        reference.unpack(suite.REFERENCE_ROOT)
        ours.install()
        ours.run(f"mkdir -p /usr/share/postfix && cp '{suite.REFERENCE_ROOT}'/usr/share/postfix/master.cf.dist /usr/share/postfix")
        yield reference, ours
    finally:
        reference.close()
        ours.close()


def alike(text, status):
    for pattern, replacement in ALIKE:
        text = re.sub(pattern, replacement, text)
    return sorted(set(text.splitlines())) + [f"=> {status}"]


def play(machine, commands, at_once):
    """What was seen on one of the machines. The reference sleeps a second after each fatal error."""
    machine.run(FURNISH + f"cat >/etc/postfix/main.cf <<'END'\n{MAIN_CF}END\n")

    def one(command):
        if command.startswith("!"):
            machine.run(command[1:], check=False)
            return []
        return [f"$ {command}", *alike(*machine.terminal(command))]

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(one, filter(None, map(str.strip, commands.splitlines()))), [])


def compare(machines, commands, at_once=1):
    """All commands, in turn unless they may go at once; a line that begins with ! is only run, whatever it says."""
    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda machine: play(machine, commands, at_once), machines))
    assert seen[0] == seen[1], "\n".join(difflib.unified_diff(*seen, "reference", "postrider", lineterm="", n=3))


def test_multi_instance_arguments(machines):
    compare(machines, """
        postmulti
        postmulti -l
        postmulti -l -x
        postmulti -l foo
        postmulti -x
        postmulti -p
        postmulti -R -p status
        postmulti -e frob
        postmulti -e
        postmulti -z
        postmulti -i nosuch -l
        postmulti -i - -l -g x
        postmulti -l -I x
        postmulti -e init foo=bar
        postmulti -e init -I postfix-x
        postmulti -e create
        postmulti -e create -I postfix-x
        postmulti -e create -I foo
        postmulti -e create -I postfix-a/b
        postmulti -e create -I 'postfix-a$b'
        postmulti -e create -G 'a b'
        postmulti -e create -I postfix-a foo=bar
        postmulti -e create -I postfix-a queue_directory=relative
        postmulti -e create -I postfix-a queue_directory=///
        postmulti -e import -I postfix-a queue_directory=/x
        postmulti -e import config_directory=/etc/postfix-nosuch
        postmulti -e create queue_directory=/var/spool/qq
        postmulti -e enable
        postmulti -e enable -i x -I postfix-z
        postmulti -e assign -i -
        postmulti -e assign -i - -I foo
        postmulti -e deport -i -
        postmulti -e destroy -i -
        postmulti -e destroy -i postfix-nosuch
    """, at_once=8)


def test_life_of_instances(machines):
    compare(machines, """
        postmulti -e init
        postconf -n
        postmulti -e create -I postfix-a -G mta
        postmulti -e create -I postfix-b -G msa -a
        postmulti -e create -I postfix-c -i postfix-a
        postmulti -e create -I postfix-a
        postmulti -e create -I postfix-d queue_directory=/var/spool/postfix-a
        postmulti -l
        postmulti -R -l
        postmulti -g mta -l
        postmulti -i b -l
        postmulti -i /etc/postfix-c -l
        postconf -n multi_instance_directories
        postconf -c /etc/postfix-a -n
        postmulti -e enable -i a
        postmulti -e assign -i c -I postfix-e -G grp
        postmulti -e assign -i e -I postfix-a
        postmulti -l
        postmulti -x sh -c 'echo $multi_instance_name $multi_instance_group $multi_instance_enable $MAIL_CONFIG $config_directory $queue_directory $data_directory; exit 3'
        postmulti -i a -x /nonexistent
        postmulti -p status
        postfix status
        postfix -c /etc/postfix-a status
        postmulti -e destroy -i a
        !touch /etc/postfix-a/mine /var/spool/postfix-a/deferred/mine /var/lib/postfix-a/mine
        postmulti -e deport -i e
        postmulti -e import config_directory=/etc/postfix-c -a
        postmulti -l
        postmulti -e destroy -i b
        !rm -r /etc/postfix-c
        postmulti -l
    """)
    left = [m.run("cd / && ls -d etc/postfix-* var/spool/postfix-* var/lib/postfix-*", check=False).stdout for m in machines]
    assert left[0] == left[1]


def test_postfix_commands(machines):
    compare(machines, """
        postfix
        postfix -z
        postfix status extra
        postfix frob
        postfix logrotate x
        postfix logrotate
        postfix start_msg
        postfix stop_msg
        postfix drain
        postfix stop
        postfix reload
        postfix abort
        postfix /bin/echo a b
        postfix tls
        postfix tls frob
        postfix -c /etc/nosuch status
        su nobody -s /bin/sh -c 'postfix status'
    """, at_once=8)


def test_what_forbids_a_start(machines):
    compare(machines, """
        !postconf -e multi_instance_directories=/etc/x
        postfix status
        !postconf -X multi_instance_directories
        !mv /etc/postfix/master.cf /etc/postfix/m
        postfix check
        !mv /etc/postfix/m /etc/postfix/master.cf
        !postconf -e maillog_file=/var/log/m
        !postconf -MX postlog/unix-dgram
        postfix check
        !mv /var/spool/postfix /var/spool/moved
        postfix check
        !mv /var/spool/moved /var/spool/postfix
    """)


def test_check_finds_what_is_wrong(machines):
    compare(machines, """
        !postfix check
        postfix check
        !chown nobody /etc/postfix/main.cf; chmod 666 /etc/postfix/master.cf; touch /etc/postfix/gw; chmod 664 /etc/postfix/gw
        !D=$(postconf -h daemon_directory); chown nobody $D/anvil; chmod 775 $D/bounce; ln -s /etc/passwd $D/link; ln -s anvil $D/link2
        !chown root /var/spool/postfix/active; chown nobody /var/spool/postfix/public; chmod 777 /var/spool/postfix/maildrop
        !chown nobody /var/lib/postfix; touch /var/lib/postfix/file; chmod 666 /var/lib/postfix/file
        !chown nobody /var/spool/postfix/pid; chmod 777 /var/spool/postfix
        !cd /var/spool/postfix && mkdir etc lib && echo x >etc/hosts && chown nobody etc/hosts && echo y >etc/nonexistent
        !touch /var/spool/postfix/corrupt/ABC
        !chgrp root /usr/sbin/postqueue; chmod 755 /usr/sbin/postdrop
        !mkdir /etc/postfix/sub; touch /etc/postfix/sub/f; chown nobody /etc/postfix/sub/f
        postfix check-warn
        !chown -R root /etc/postfix; chmod 755 /var/spool/postfix; chown postfix /var/lib/postfix /var/spool/postfix/public; rm -rf /etc/postfix/gw
    """)


def test_tls(machines):
    compare(machines, """
        postfix tls all-default-client
        postfix tls enable-client
        postfix tls all-default-client
        postfix tls enable-client
        postfix tls enable-server
        postfix tls all-default-server
        postfix tls enable-server
        postconf -n
        postfix tls output-server-tlsa
        postfix tls output-server-tlsa -h x.example rsa
        postfix tls output-server-csr
        postfix tls deploy-server-cert x key-nosuch
        postfix tls new-server-key -a dsa
        postfix tls new-server-key -a ecdsa a.example b.example
        sh -c 'cd /etc/postfix; ls -l *.pem | cut -c1-10; postfix tls deploy-server-cert eccert-* eckey-*'
        sh -c 'cd /etc/postfix; postfix tls deploy-server-cert eccert-* $(ls key-*)'
        postfix tls output-server-tlsa
        postconf -n
        sh -c 'cd /etc/postfix; openssl x509 -noout -subject -issuer -ext subjectAltName,basicConstraints,extendedKeyUsage -in eccert-*'
        !rm /etc/postfix/eccert-* /etc/postfix/cert-*
        postfix tls new-server-cert -a ecdsa
    """)
