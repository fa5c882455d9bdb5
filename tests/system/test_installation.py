"""An installed tree: under Debian's package and back, as INSTALL says; Debian's own scripts with our commands; files."""

import re

import pytest

from harness import suite
from harness.root import Root

OURS = "/opt/postrider/sbin"


@pytest.fixture
def root():
    r = Root()
    yield r
    r.close()


@pytest.fixture
def installed(root, under_test):
    """A machine with nothing but us."""
    if under_test.name == "reference":
        pytest.skip("make install installs ours")
    root.run("rm -rf /etc/postfix")
    root.install()
    root.run("mkdir -p /var/spool/postfix; postconf -e compatibility_level=3.11 myhostname=mail.example "
             "inet_interfaces=loopback-only maillog_file=/var/log/mail.log")
    return root


def queued(root, postqueue="/usr/sbin/postqueue"):
    return sorted(re.findall(r'"address": "([^"]+)"', root.run(f"{postqueue} -j").stdout))


# --- INSTALL, "Swapping it in under Debian's Postfix" ---

@pytest.fixture
def package(reference):
    """Debian's package, unpacked, with its scripts."""
    if not (suite.REFERENCE_ROOT / "DEBIAN").is_dir():
        pytest.skip("the reference was unpacked without its scripts")
    return suite.REFERENCE_ROOT


def test_swap_in_and_out(root, package):
    if suite.BUILD.name == "san":
        pytest.skip("is built anew, without sanitizers")
    root.unpack(package)
    root.run("""
        rm -rf /etc/postfix/main.cf
        ldconfig /usr/lib/postfix
        mkdir -p /var/lib/postfix && chown postfix /var/lib/postfix
        chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop && chmod 2755 /usr/sbin/postqueue /usr/sbin/postdrop
        cd /usr/share/postfix && cp main.cf.debian /etc/postfix/main.cf && cp master.cf.dist /etc/postfix/master.cf
        sed -i 's/ y       / n       /' /etc/postfix/master.cf
        postconf -e maillog_file=/var/log/mail.log inet_interfaces=loopback-only myhostname=mail.example \\
            default_transport=smtp:[127.0.0.1]:9 alias_maps=
        postfix start
        echo one | sendmail -f a@here.example one@elsewhere.example
    """)
    root.wait(lambda: root.run("find /var/spool/postfix/deferred -type f").stdout)
    # 1: build and install; in a copy of what is built, so that only what speaks of places is made anew (make itself
    # does not see what that is when the folder was built under another name, as "build")
    root.run(f"cp -a '{suite.BUILD}' /var/tmp/build && mount --bind /var/tmp/build '{suite.BUILD}' && cd '{suite.BUILD}' && "
             f"grep -rl /places.h --include='*.d' . | sed 's/d$/o/' | xargs rm -f && cd '{suite.TREE}' && "
             f"make -s -j2 B='{suite.BUILD}' PREFIX=/opt/postrider install", env={"MAKEFLAGS": ""}, timeout=500)
    # 2: main.cf does not say where programs are
    assert root.run("postconf -n daemon_directory command_directory").stdout == ""
    # 3: what we say of it
    assert root.run(f"{OURS}/postconf -h daemon_directory").stdout == "/opt/postrider/libexec/postfix\n"
    assert "fatal" not in root.run(f"{OURS}/postfix check").stderr
    # 4: one stops, the other starts, as the units of step 6 do it; queued mail goes on
    root.run(f"postfix stop; {OURS}/postmulti -i - -p start")
    assert "is running" in root.run(f"{OURS}/postfix status").stderr
    assert queued(root, f"{OURS}/postqueue") == ["one@elsewhere.example"]
    root.run(f"echo two | {OURS}/sendmail -f a@here.example two@elsewhere.example")
    root.wait(lambda: len(queued(root, f"{OURS}/postqueue")) == 2)
    # 5: Debian's commands go on being used
    root.run("postqueue -f; echo three | sendmail -f a@here.example three@elsewhere.example")
    root.wait(lambda: len(queued(root, f"{OURS}/postqueue")) == 3)
    # and back
    root.run(f"{OURS}/postmulti -i - -p stop")
    assert root.run("find /var/spool/postfix/incoming /var/spool/postfix/active -type f").stdout == ""
    root.run("postfix start || postfix start", check=False)  # INSTALL: with maillog_file, it may take two
    root.wait(lambda: "is running" in root.run("postfix status 2>&1; cat /var/log/mail.log", check=False).stdout)
    root.wait(lambda: queued(root) == ["one@elsewhere.example", "three@elsewhere.example", "two@elsewhere.example"])
    root.run("postfix stop")


def test_debians_own_scripts_run_our_commands(root, package):
    """The package's postinst, and what its unit runs before the start, on its files with our programs over them."""
    root.unpack(package)
    root.install()
    done = root.run(f"""
        rm -rf /etc/postfix/main.cf /etc/postfix/master.cf
        cp -r '{package}/DEBIAN' /var/tmp/control
        export DEBIAN_FRONTEND=noninteractive DPKG_MAINTSCRIPT_PACKAGE=postfix DPKG_MAINTSCRIPT_NAME=postinst
        /var/tmp/control/preinst install
        /usr/share/debconf/frontend /var/tmp/control/config configure ''
        /usr/share/debconf/frontend /var/tmp/control/postinst configure ''
    """)
    said = done.stdout + done.stderr
    assert "is now set up with a default configuration" in said and "fatal" not in said
    assert "recipient_delimiter = +\n" in root.run("postconf -n").stdout
    assert root.run("postalias -q postmaster hash:/etc/aliases").stdout == "root\n"
    root.run("postconf -e myhostname=mail.example inet_interfaces=loopback-only")
    root.run("/usr/lib/postfix/configure-instance.sh -")
    assert root.run("postmulti -i - -p start").stderr.count("starting the Postfix mail system") == 1
    root.run("postmulti -i - -p reload; postmulti -i - -p stop")


# --- owners and modes ---

def test_set_permissions(installed):
    installed.run("""
        chmod 777 /usr/sbin/postconf; chgrp root /usr/sbin/postdrop
        postfix check
        touch /var/spool/postfix/incoming/file && ln -s /etc/shadow /var/spool/postfix/incoming/link
        rmdir /var/spool/postfix/hold
        groupadd -r another
        postfix set-permissions setgid_group=another
    """)
    modes = installed.run("""stat -c '%n %U %G %a' /usr/sbin/postconf /usr/sbin/postdrop /var/spool/postfix/hold \\
        /var/spool/postfix/incoming/file /var/spool/postfix/maildrop /etc/shadow""").stdout.splitlines()
    assert modes[:5] == [
        "/usr/sbin/postconf root root 755", "/usr/sbin/postdrop root another 2755",
        "/var/spool/postfix/hold postfix root 700", "/var/spool/postfix/incoming/file postfix root 644",
        "/var/spool/postfix/maildrop postfix another 730"]
    assert " postfix " not in modes[5]  # a link is never followed
    assert "setgid_group = another\n" in installed.run("postconf -n").stdout


def test_lists_of_files_are_joined(installed):
    installed.run("""
        echo '$daemon_directory/extra:f:$mail_owner:-:640' >/etc/postfix/postfix-files.d/extra.files
        touch /usr/libexec/postfix/extra
        postfix set-permissions
    """)
    assert installed.run("stat -c '%U %a' /usr/libexec/postfix/extra").stdout == "postfix 640\n"
    installed.write("/etc/postfix/postfix-files.d/bad.files", "/x:z:root:-:755\n")
    done = installed.run("postfix set-permissions", check=False)
    assert done.returncode == 1 and "unknown type for /x" in done.stderr


def test_unknown_words_of_post_install(installed):
    for words in ("set-permissions what", "set-permissions frob=x", "post-install", "post-install mail_owner=postfix"):
        done = installed.run(f"postfix {words}", check=False)
        assert done.returncode == 1 and "Usage" in done.stderr, words


# --- configuration of an older release ---

def test_upgrade_configuration(installed):
    installed.run(r"""
        sed -i '/^\(verify\|retry\|postlog\|proxywrite\)  /d; s/^\(flush .*unix  \)n/\1-/; s/^tlsmgr      unix/tlsmgr fifo/' \
            /etc/postfix/master.cf
        postconf -F proxymap/unix/process_limit=5
    """)
    done = installed.run("postfix upgrade-configuration")
    assert set(re.findall(r"Editing /etc/postfix/master.cf, (.*)", done.stdout)) == {
        *(f"adding missing entry for {name} service" for name in ("verify", "retry", "proxywrite", "postlog unix-domain datagram")),
        "making the flush service public", "updating the tlsmgr from fifo to unix service"}
    services = installed.run("postconf -M").stdout
    for line in (r"verify +unix .* 1 +verify", r"retry +unix .* error", r"postlog +unix-dgram n .* postlogd", r"flush +unix  n ",
                 r"tlsmgr +unix ", r"proxymap +unix .* 5 +proxymap"):
        assert re.search(f"(?m)^{line}", services), line
    assert installed.run("postfix upgrade-configuration").stdout == ""


# --- logrotate ---

def test_logrotate(installed):
    installed.run("postfix start; postfix logrotate; postfix status")
    old = installed.run("ls /var/log/mail.log.*").stdout.split()
    assert len(old) == 1 and re.fullmatch(r"/var/log/mail\.log\.\d{8}-\d{6}\.gz", old[0])
    assert "starting the Postfix mail system" in installed.run(f"zcat {old[0]}").stdout
    installed.wait(lambda: "is running" in installed.run("cat /var/log/mail.log", check=False).stdout)
    assert "starting" not in installed.read("/var/log/mail.log")
    installed.run("postfix stop; postconf -e maillog_file_compressor=false")
    done = installed.run("postfix logrotate", check=False)
    assert done.returncode == 1 and "logfile '/var/log/mail.log' rotation failed: false failed" in done.stderr


# --- reload names what compatibility_level keeps ---

def test_reload_tells_of_old_defaults(installed):
    installed.run("postconf -e compatibility_level=2; postfix start")
    told = installed.run("postfix reload").stderr
    assert 'compatibility_level 2 means "smtpd_relay_before_recipient_restrictions = no"; from level 3.6 on, it does not' in told
    assert "relay_domains" not in told
    installed.run("postconf -e compatibility_level=3.11")
    assert "compatibility_level" not in installed.run("postfix reload").stderr
    installed.run("postfix stop")
