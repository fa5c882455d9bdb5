"""spawn(8): a command for each connection, as policy servers use it."""

import os
import pathlib
import pwd
import socket
import time

import pytest

POLICY = """\
while read -r line; do
    case $line in
    recipient=*) recipient=${line#recipient=} ;;
    '') case $recipient in bad@*) echo 'action=reject no mail for this one' ;; *) echo action=dunno ;; esac; echo ;;
    esac
done
"""


def connect(instance, service):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(str(instance.spool / "private" / service))
    return s


def read_all(s):
    data = b""
    try:
        while part := s.recv(4096):
            data += part
    except ConnectionResetError:
        pass  # it left without reading what it was sent
    return data.decode()


def test_the_connection_is_all_that_the_command_has(make_instance):
    i = make_instance(master_cf="who unix - n n - - spawn user=nobody:daemon argv=/bin/sh -c"
                      " {id -u; id -G; ls /proc/self/fd | wc -l; env; echo problem >&2; cat}\n").start()
    with connect(i, "who") as s:
        s.sendall(b"what it is sent\n")
        s.shutdown(socket.SHUT_WR)
        lines = read_all(s).splitlines()
    assert lines[:3] == [str(pwd.getpwnam("nobody").pw_uid), "1", "4"]
    assert "PATH=/usr/bin:/bin" in lines and f"MAIL_CONFIG={i.etc}" in lines
    assert lines[-2:] == ["problem", "what it is sent"]
    assert "warning" not in i.log.text()


@pytest.mark.parametrize("attributes, line", [
    ("user=nobody argv=/bin/sh -c {exit 3}", "warning: command /bin/sh exit status 3"),
    ("user=nobody argv=/bin/sh -c {kill -9 $$}", "warning: command /bin/sh killed by signal 9"),
    ("user=nobody argv=/nonexistent/x", "fatal: spawn_comand: execvp /nonexistent/x: No such file or directory"),
    ("argv=/bin/echo", "fatal: missing user= attribute"),
    ("user=nobody", "fatal: missing argv= attribute"),
    ("user=root argv=/bin/echo", "fatal: request to deliver as root"),
    ("user=postfix argv=/bin/echo", "fatal: request to deliver as mail system owner"),
    ("user=nobody:root argv=/bin/echo", "fatal: request to use privileged group id 0"),
    ("user=nobody what=ever argv=/bin/echo", "fatal: unknown attribute name: what=ever"),
])
def test_what_cannot_be_run(make_instance, attributes, line):
    i = make_instance(master_cf=f"bad unix - n n - - spawn {attributes}\n").start()
    with connect(i, "bad") as s:
        assert read_all(s) == ""
    i.log.wait(line)


def test_the_time_limit(make_instance):
    i = make_instance("slow_time_limit = 1s\n", "slow unix - n n - - spawn user=nobody argv=/bin/sh -c {echo $$; sleep 600}\n").start()
    begin = time.monotonic()
    with connect(i, "slow") as s:
        pid = int(read_all(s))
    assert 0.9 < time.monotonic() - begin < 5
    i.log.wait(f"warning: /bin/sh: process id {pid}: command time limit exceeded")
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}") and "State:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_policy_server_answers_question_after_question(make_instance):
    i = make_instance()
    script = i.file("policy", POLICY)
    i.write_config((i.etc / "main.cf").read_text(), f"policy unix - n n - 0 spawn user=nobody argv=/bin/sh {script}\n")
    i.start()
    with connect(i, "policy") as s:
        for recipient, action in (("good", "dunno"), ("bad", "reject no mail for this one"), ("good", "dunno")):
            s.sendall(f"request=smtpd_access_policy\nrecipient={recipient}@sink.example\n\n".encode())
            answer = b""
            while not answer.endswith(b"\n\n"):
                answer += s.recv(1000)
            assert answer.decode() == f"action={action}\n\n"
    assert "warning" not in i.log.text()
