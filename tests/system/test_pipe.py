"""pipe(8): mail given to commands. What they get word for word is compared in tests/parity (pipe_*.txt)."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import time

import pytest

from harness.client import message

NOBODY = pwd.getpwnam("nobody")
# Its arguments and its input as files in a folder that anybody may write to.
SCRIPT = """\
dir=$1; shift
cat > $dir/content.$$
printf '%s\\n' "$@" > $dir/arguments.$$
id -u >> $dir/identity.$$; id -G >> $dir/identity.$$; umask >> $dir/identity.$$
mv $dir/content.$$ $dir/done.$$
"""


def wait_for(what, timeout=15):
    deadline = time.monotonic() + timeout
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


class Box:
    """Where commands leave what they got."""

    def __init__(self, instance):
        self.path = instance.base / "box"
        self.path.mkdir()
        os.chmod(self.path, 0o777)

    def read(self, name, count=1):
        wait_for(lambda: len(list(self.path.glob(name + ".*"))) >= count)
        return [p.read_text() for p in sorted(self.path.glob(name + ".*"))]


@pytest.fixture
def pipes(make_instance, sink):
    """pipes({service: attributes}): a running system in which mail for SERVICE.t.example goes there; and a box."""

    def make(services, main_cf=""):
        domains = "".join(f"{name}.t.example " for name in services)
        i = make_instance(f"transport_maps = hash:$config_directory/transport\nrelay_domains = {domains}\n{main_cf}",
                          relay_port=sink.port)
        box = Box(i)
        script = i.file("script", SCRIPT)
        i.table("transport", "".join(f"{name}.t.example {name}:Some.Host\n" for name in services))
        lines = "".join(f"{name} unix - n n - 5 pipe {attributes}\n" for name, attributes in services.items())
        lines = lines.replace("SCRIPT", f"/bin/sh {script} {box.path}").replace("BOX", str(box.path))
        i.write_config((i.etc / "main.cf").read_text(), lines)
        return i.start(), box

    return make


def test_runs_as_its_user_with_its_groups_alone(pipes):
    i, box = pipes({"one": "user=nobody argv=SCRIPT ${recipient}", "two": "user=nobody:daemon argv=SCRIPT"})
    i.send(message(), "s@load.example", "a@one.t.example")
    box.read("done")
    assert box.read("identity") == [f"{NOBODY.pw_uid}\n{NOBODY.pw_gid}\n0077\n"]
    assert box.read("arguments") == ["a@one.t.example\n"]
    assert next(box.path.glob("done.*")).stat().st_uid == NOBODY.pw_uid
    i.send(message(), "s@load.example", "a@two.t.example")
    daemon = grp.getgrnam("daemon").gr_gid
    box.read("done", 2)
    assert f"{NOBODY.pw_uid}\n{daemon}\n0077\n" in box.read("identity")
    i.wait_queue(0)


@pytest.mark.parametrize("attributes, fatal", [
    ("argv=SCRIPT", "missing user= command-line attribute"),
    ("user=root argv=SCRIPT", "user= command-line attribute specifies root privileges"),
    ("user=postfix argv=SCRIPT", "user= command-line attribute specifies mail system owner postfix"),
    ("user=nobody:root argv=SCRIPT", "user= command-line attribute specifies privileged group id 0"),
    ("user=nobody:postfix argv=SCRIPT", "user= command-line attribute specifies mail system owner postfix group id"),
    ("user=nobody:postdrop argv=SCRIPT", "user= command-line attribute specifies mail system postdrop group id"),
    ("user=nobody", "missing argv= command-line attribute"),
    ("user=no-such-user argv=SCRIPT", "get_service_attr: unknown username: no-such-user"),
    ("user=nobody flags=DZ argv=SCRIPT", "unknown flag: Z (ignored)"),
])
def test_a_wrong_line_runs_nothing_and_keeps_the_mail(pipes, attributes, fatal):
    i, box = pipes({"bad": attributes})
    i.send(message(), "s@load.example", "a@bad.t.example")
    i.log.wait(r"postfix/pipe.*fatal: " + re.escape(fatal))
    i.wait_queue(1, "deferred")
    assert list(box.path.iterdir()) == []


def test_no_shell_sees_an_address(pipes):
    i, box = pipes({"one": "user=nobody argv=SCRIPT ${sender} ${recipient} ${user}"})
    evil = f'"$(touch {box.path}/evil);`touch {box.path}/evil`|>{box.path}/evil"'
    i.send(message(), f"{evil}@load.example", f"{evil}@one.t.example")
    assert box.read("arguments") == [f"{evil[1:-1]}@load.example\n{evil[1:-1]}@one.t.example\n{evil[1:-1]}\n"]
    assert not (box.path / "evil").exists()


def test_the_time_limit_ends_all_that_the_command_started(pipes):
    command = "{sleep 600 & echo $$$$ $$! > BOX/pids.x; sleep 600}"
    i, box = pipes({"slow": f"user=nobody argv=/bin/sh -c {command}"}, "slow_time_limit = 1s\nsoft_bounce = yes\n")
    i.send(message(), "s@load.example", "a@slow.t.example")
    i.log.wait('Command time limit exceeded: "/bin/sh"')
    for pid in box.read("pids")[0].split():
        wait_for(lambda p=pid: not os.path.exists(f"/proc/{p}") or "State:\tZ" in pathlib.Path(f"/proc/{p}/status").read_text())


def test_much_output_before_much_input(pipes):
    i, box = pipes({"chat": "user=nobody argv=/bin/sh -c {yes | head -c 1000000; cat > BOX/done.x}"})
    body = "a line of text that is there for its length\r\n" * 20000
    i.send(message(body=body), "s@load.example", "a@chat.t.example")
    i.wait_queue(0)
    assert box.read("done")[0].count("its length\n") == 20000
    assert "delivered via chat service (y y y" in i.log.text()


def test_a_killed_agent_delivers_again(pipes):
    command = "{cat >/dev/null; echo $$$$ >> BOX/started.x; sleep 2; echo >> BOX/ended.x}"
    i, box = pipes({"slow": f"user=nobody argv=/bin/sh -c {command}"}, "minimal_backoff_time = 1s\nqueue_run_delay = 1s\n"
                   "transport_retry_time = 1s\n")
    i.send(message(), "s@load.example", "a@slow.t.example")
    box.read("started")
    os.kill(i.pids("pipe")[0], signal.SIGKILL)
    i.log.wait("status=sent", timeout=40)
    i.wait_queue(0)
    assert 1 <= len(box.read("ended")[0].splitlines()) <= 2
    assert len(box.read("started")[0].splitlines()) == 2


def test_several_at_once_within_the_process_limit(pipes):
    command = "{cat >/dev/null; echo $$$$ > BOX/now.$$$$; ls BOX | wc -l >> BOX/most; sleep 1; rm BOX/now.$$$$}"
    i, box = pipes({"slow": f"user=nobody argv=/bin/sh -c {command}"})
    for _ in range(12):
        i.send(message(), "s@load.example", "a@slow.t.example")
    i.wait_queue(0, timeout=30)
    most = max(int(line) for line in (box.path / "most").read_text().split())
    assert 3 <= most <= 6  # the file most itself is one


def test_a_probe_runs_nothing(pipes):
    i, box = pipes({"one": "user=nobody argv=SCRIPT"}, "smtpd_recipient_restrictions = reject_unverified_recipient, permit\n"
                   "address_verify_map =\n")
    i.send(message(), "s@load.example", "a@one.t.example")
    i.log.wait(r"postfix/pipe.*status=deliverable \(delivers to command: /bin/sh\)")
    i.wait_queue(0)
    assert len(box.read("done")) == 1


FILTER = """\
# What spamc and its kind do: read all, judge, hand it back.
content=$(cat; echo .)
case $content in *GTUBE*) verdict=YES ;; *) verdict=NO ;; esac
{ echo "X-Spam-Flag: $verdict"; printf %s "${content%.}"; } | exec SENDMAIL -G -i "$@"
"""


def test_a_filter_that_hands_mail_back(make_instance, sink):
    i = make_instance(relay_port=sink.port)
    os.chmod(i.spool / "maildrop", 0o1777)  # a set-gid postdrop would want /etc/postfix/main.cf to name our folder
    commands = i.base / "commands"
    commands.mkdir(mode=0o755)
    for name in ("sendmail", "postdrop"):
        shutil.copyfile(i.suite.command(name), commands / name)
        os.chmod(commands / name, 0o755)
    i.set_parameter("command_directory", commands)
    script = i.file("filter", FILTER.replace("SENDMAIL", str(commands / "sendmail")))
    i.write_config((i.etc / "main.cf").read_text(), f"127.0.0.1:{i.port} inet n - n - - smtpd -o content_filter=spam:dummy\n"
                   f"spam unix - n n - 10 pipe flags=Rq user=nobody null_sender= argv=/bin/sh {script} -f ${{sender}} -- ${{recipient}}\n"
                   "pickup unix n - n 1 1 pickup\n")
    i.start()
    i.send(message(subject="one", body="hello\r\n.\r\nFrom here\r\n"), "s@load.example", "a@sink.example", "b@sink.example")
    i.send(message(subject="two", body="GTUBE\r\n"), "", "c@sink.example")
    i.wait_queue(0, timeout=30)
    one, two = sorted(sink.wait(2), key=lambda m: len(m.rcpts), reverse=True)
    assert [r.split()[0] for r in one.rcpts] == ["<a@sink.example>", "<b@sink.example>"]
    assert one.mail.startswith("<s@load.example>") and b"\r\nX-Spam-Flag: NO\r\n" in one.data
    assert one.data.endswith(b"\r\n\r\nhello\r\n.\r\nFrom here\r\n")
    assert [r.split()[0] for r in two.rcpts] == ["<c@sink.example>"]
    assert two.mail.startswith("<>") and b"\r\nX-Spam-Flag: YES\r\n" in two.data
