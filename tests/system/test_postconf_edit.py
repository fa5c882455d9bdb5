"""postconf -e, -M, -P, -F: whatever happens, the file is the old one or the new one."""

import os
import pwd
import resource
import shutil
import signal
import subprocess
import threading

import pytest

from harness import suite

MAIN_CF = "# first\nmyhostname = a.example\n# filler\n" + "".join(f"x{i} = {'y' * 200}\n" for i in range(200))
MASTER_CF = ("# services\nsmtp inet n - n - - smtpd\n  -o a=b\n# between\n  -o { c = d e }\n"
             "mailman unix - n n - - pipe\n  flags=FRX user=list argv=/usr/lib/mailman/bin/x $nexthop\n")


@pytest.fixture
def etc(tmp_path):
    (tmp_path / "main.cf").write_text(MAIN_CF)
    (tmp_path / "master.cf").write_text(MASTER_CF)
    return tmp_path


def start(etc, *args, **options):
    return subprocess.Popen([suite.postrider().command("postconf"), "-c", str(etc), *args], text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def postconf(etc, *args, **options):
    p = start(etc, *args, **options)
    out, err = p.communicate(timeout=60)
    return p.returncode, out, err


def names(etc):
    return sorted(p.name for p in etc.iterdir())


def test_killed(etc):
    main_cf = etc / "main.cf"
    for i in range(50):
        old, new = f"myhostname = {'a' if i == 0 else f'n{i - 1}'}.example", f"myhostname = n{i}.example"
        p = start(etc, f"myhostname=n{i}.example")
        threading.Event().wait(i * 0.0004)  # from before it begins until it has long ended
        p.send_signal(signal.SIGKILL)
        p.communicate()
        assert main_cf.read_text() in (MAIN_CF.replace("myhostname = a.example", old),
                                       MAIN_CF.replace("myhostname = a.example", new))
        assert postconf(etc, "-e", new.replace(" ", "")) == (0, "", "")  # what was left behind is in nobody's way
        assert main_cf.read_text() == MAIN_CF.replace("myhostname = a.example", new)
    assert names(etc) == ["main.cf", "master.cf"]


def test_side_by_side(etc):
    edits = [start(etc, f"new{i}={i}") for i in range(8)] + [start(etc, "-P", f"smtp/inet/p{i}={i}") for i in range(8)]
    for p in edits:
        assert p.communicate(timeout=60)[1] == ""
        assert p.returncode == 0
    added = (etc / "main.cf").read_text().removeprefix(MAIN_CF).splitlines()
    assert sorted(added) == [f"new{i} = {i}" for i in range(8)]
    for i in range(8):
        assert f"    -o p{i}={i}\n" in (etc / "master.cf").read_text()
    assert names(etc) == ["main.cf", "master.cf"]


def test_mode_and_owner_stay(etc):
    nobody = pwd.getpwnam("nobody")
    os.chown(etc / "main.cf", nobody.pw_uid, nobody.pw_gid)
    os.chmod(etc / "main.cf", 0o640)
    assert postconf(etc, "-e", "a=b")[0] == 0
    after = (etc / "main.cf").stat()
    assert (after.st_uid, after.st_gid, after.st_mode & 0o7777) == (nobody.pw_uid, nobody.pw_gid, 0o640)


def test_no_room(etc):
    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))

    assert postconf(etc, "-e", "a=b", preexec_fn=little_room) == (
        1, "", f"{suite.postrider().command('postconf')}: fatal: close {etc}/main.cf.tmp: File too large\n")
    assert (etc / "main.cf").read_text() == MAIN_CF
    assert names(etc) == ["main.cf", "master.cf"]


def test_no_right_to_write(etc, open_path):
    nobody = pwd.getpwnam("nobody")
    os.chmod(etc, 0o755)
    code, out, err = postconf(etc, "-e", "a=b", user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    assert (code, out) == (1, "")
    assert err.endswith(f"postconf: fatal: open {etc}/main.cf.tmp: Permission denied\n")
    assert (etc / "main.cf").read_text() == MAIN_CF


def test_no_links_are_followed(etc):
    (etc / "victim").write_text("kept\n")
    (etc / "main.cf.tmp").symlink_to(etc / "victim")
    code, _, err = postconf(etc, "-e", "a=b")
    assert code == 1 and "fatal: open" in err
    assert (etc / "victim").read_text() == "kept\n"
    assert (etc / "main.cf").read_text() == MAIN_CF


def test_last_line_without_its_end(etc):
    (etc / "main.cf").write_text("a = 1\nb = 2")
    (etc / "master.cf").write_text("smtp inet n - n - - smtpd")
    assert postconf(etc, "c=3")[0] == 0
    assert postconf(etc, "-M", "a/unix=a unix - - n - - pipe { x y }")[0] == 0
    assert (etc / "main.cf").read_text() == "a = 1\nb = 2\nc = 3\n"
    assert (etc / "master.cf").read_text().splitlines() == [
        "smtp inet n - n - - smtpd", "a          unix  -       -       n       -       -       pipe {x y}"]


def test_a_byte_that_ends_strings(etc):
    (etc / "main.cf").write_bytes(b"a = 1\nb = 2\0 3\nc = 4\n")
    assert postconf(etc, "a=5")[0] == 0
    assert (etc / "main.cf").read_bytes() == b"a = 5\nb = 2\0 3\nc = 4\n"


def test_json(etc):
    (etc / "main.cf").write_text('myhostname = a.example\nsmtpd_banner = "$myhostname" \\\n')
    assert postconf(etc, "-jx", "myhostname", "smtpd_banner")[1] == (
        '{"myhostname": "a.example"}\n{"smtpd_banner": "\\"a.example\\" \\\\"}\n')
    assert postconf(etc, "-jP", "smtp")[1] == '{"smtp/inet/a": "b"}\n{"smtp/inet/c": "d e"}\n'
    assert postconf(etc, "-jF", "smtp/inet/command")[1] == '{"smtp/inet/command": "smtpd -o a=b -o {c=d e}"}\n'
    assert postconf(etc, "-jM", "smtp")[1] == '{"smtp/inet": "smtp inet n - n - - smtpd -o a=b -o {c=d e}"}\n'


def test_tls_versions(etc):
    for mode in ("compile-version", "run-version"):
        code, out, _ = postconf(etc, "-T", mode)
        assert code == 0 and out.startswith("OpenSSL ")
    assert "rsa\n" in postconf(etc, "-T", "public-key-algorithms")[1]
    assert postconf(etc, "-T", "no-such-mode")[0] == 1


def augeas(root, *commands):
    p = subprocess.run(["augtool", "--noautoload", "-r", str(root), "-t", "Postfix_Main incl /main.cf",
                        "-t", "Postfix_Master incl /master.cf"], input="\n".join(commands) + "\n", text=True,
                       capture_output=True, timeout=60)
    return p.stdout


@pytest.mark.skipif(shutil.which("augtool") is None, reason="no augeas-tools")
def test_augeas_reads_what_was_written(etc):
    for args in (["a=b c", "smtpd_recipient_restrictions=permit_mynetworks, reject"], ["-#", "x1"], ["-X", "x2"],
                 ["-M", "new/unix=new unix - n n - - pipe flags=R user=nobody argv=/bin/cat"],
                 ["-P", "smtp/inet/p=q"], ["-F", "mailman/unix/chroot=y"], ["-M#", "mailman/unix"],
                 ["-PX", "smtp/inet/c"]):
        assert postconf(etc, *args) == (0, "", "")
    printed = augeas(etc, "print /augeas//error", "print /files/main.cf/a", "print /files/master.cf/smtp",
                     "print /files/master.cf/new")
    assert "/augeas" not in printed
    assert '/files/main.cf/a = "b c"' in printed
    assert '/files/master.cf/smtp/command = "smtpd' in printed
    assert '/files/master.cf/new/command = "pipe' in printed


@pytest.mark.skipif(not suite.has_reference(), reason="no reference Postfix")
def test_the_reference_takes_its_turn(etc):
    """Both lock the same file."""
    theirs = suite.reference()
    edits = [start(etc, f"our{i}=1") for i in range(4)]
    edits += [subprocess.Popen([theirs.command("postconf"), "-c", str(etc), f"their{i}=1"], env=os.environ | theirs.env)
              for i in range(4)]
    for p in edits:
        p.communicate(timeout=60)
        assert p.returncode == 0
    added = (etc / "main.cf").read_text().removeprefix(MAIN_CF).splitlines()
    assert sorted(added) == sorted(f"{who}{i} = 1" for who in ("our", "their") for i in range(4))
