"""tcp, socketmap and memcache: the same answers of a server, to the reference's postmap and to ours: what is asked,
what is found, what is logged. The reason that a failed query ends with is chance in the reference."""

import contextlib
import os
import re
import socket
import subprocess
import threading

import pytest

from harness import suite
from test_tables import Side, no_sleep, pytestmark  # noqa: F401

DEAD = None  # the server hangs up


@contextlib.contextmanager
def server(answers):
    """Its port, and what it was asked; the last answer is given to all further questions."""
    listener, asked, left = socket.create_server(("127.0.0.1", 0)), [], list(answers)

    def talk(connection):
        with contextlib.suppress(OSError), connection:
            while question := connection.recv(65536):
                asked.append(question)
                answer = left.pop(0) if len(left) > 1 else left[0]
                if answer is DEAD:
                    return
                connection.sendall(answer)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        listener.close()


def netstring(text):
    return b"%d:%s," % (len(text), text)


VALUE = b"VALUE k 0 5\r\nhello\r\nEND\r\n"
# By table: what the server answers, what is asked for ("-d KEY": deleted), parameters of memcache.
CASES = {
    "tcp": [*[([a + b"\n"], "key", "") for a in (
        b"200 value", b"200 a%20b%25%0a%7E", b"200 a%zz", b"200 a%4", b"500 no", b"400 later", b"300 x", b"200", b"hello", b"",
        b"200  two  blanks ", b"200 \xe9", b"200 %E9", b"200 value\r", b"2000 value", b"200 ", b"200 a%00b", b"200 a\0b")],
        *[([b"500 x\n"], key, "") for key in ("a b", "UP", "x%y", "é", "a\tb", "a\"'", "x" * 3000)]],
    "socketmap": [*[([netstring(a)], "key", "") for a in (
        b"OK value", b"OK ", b"OK", b"NOTFOUND ", b"NOTFOUND", b"TEMP later", b"TEMP", b"TIMEOUT slow", b"PERM bad", b"WHAT x", b"",
        b"OK " + b"x" * 110_000, b"OK a\0b", b"OK \xe9")],
        *[([a], "key", "") for a in (b"abc", b"5:abcdeX", b"99999999:", b"07:OK abcd,", b":,", b"OK value\n")],
        *[([netstring(b"NOTFOUND ")], key, "") for key in ("a b", "UP", "é", "")]],
    "memcache": [*[([a], "key", "") for a in (
        VALUE, b"END\r\n", b"VALUE k 0 0\r\n\r\nEND\r\n", b"VALUE k 0 3\r\na\0b\r\nEND\r\n", b"VALUE k 0 5\r\nhello\r\nJUNK\r\n")],
        *[([a], "key", "") for a in (b"ERROR\r\n", b"VALUE k 0 99999\r\n")],
        *[([b"END\r\n"], "a@b.c", cf) for cf in (
            "key_format = p:%u:%d:%1\n", "key_format = %s%9\n", "key_format = %x\n", "domain = z.y\n", "timeout = x\n", "max_try = 0\n")],
        *[([b"END\r\n"], key, "") for key in ("a b", "UP", "é", "a\nb")],
        ([b"END\r\n", b"STORED\r\n"], "a", "backup = static:xx\nttl=5\nflags=3\n"),
        *[([a], "-d key", "") for a in (b"DELETED\r\n", b"NOT_FOUND\r\n", b"ERROR\r\n")]],
}


def play(side, kind, answers, key, parameters):
    with server(answers) as (port, asked):
        (side.etc / "mc.cf").write_text(f"memcache = inet:127.0.0.1:{port}\nretry_pause = 1\n{parameters}")
        os.utime(side.etc / "mc.cf", (1_700_000_000, 1_700_000_000))  # else the reference waits until it is older
        table = {"tcp": f"tcp:127.0.0.1:{port}", "socketmap": f"socketmap:inet:127.0.0.1:{port}:name",
                 "memcache": f"memcache:{side.etc}/mc.cf"}[kind]
        option, key = ("-d", key[3:]) if key.startswith("-d ") else ("-q", key)
        done = subprocess.run([side.system.command("postmap"), option, key, table], env=side.env, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=100)
        text = done.stderr.decode("utf-8", "replace").replace(str(port), "PORT").replace(str(side.base), "BASE")
        return done.returncode, done.stdout, re.sub(r"((?:query|delete) error): .*", r"\1", text), b"".join(asked)


@pytest.mark.parametrize("kind", CASES)
def test_protocol(kind, no_sleep):  # noqa: F811
    suite.make_users()
    sides = [Side(suite.reference(), suite.postrider(), no_sleep), Side(suite.postrider(), suite.reference(), no_sleep)]
    try:
        for answers, key, parameters in CASES[kind]:
            theirs, ours = (play(side, kind, answers, key, parameters) for side in sides)
            assert ours == theirs, (answers, key, parameters)
    finally:
        for side in sides:
            side.remove()
