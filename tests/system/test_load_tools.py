"""smtp-source and smtp-sink, against each other and against the reference's."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from harness.client import Client, Lost
from harness.instance import free_port
from harness.suite import tool


@pytest.fixture
def start_sink(open_path):
    """start_sink(options): its port. Runs as nobody."""
    running = []

    def start(*options, program=tool("smtp-sink"), env=None):
        port = free_port()
        env = {**(env or os.environ), "ASAN_OPTIONS": "detect_leaks=0"}  # sessions end with it, wherever they are
        running.append(subprocess.Popen([program, "-u", "nobody", *options, f"127.0.0.1:{port}", "100"], env=env))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return port
            except OSError:
                time.sleep(0.02)
        raise AssertionError("smtp-sink does not answer")

    start.processes = running
    yield start
    for process in running:
        process.terminate()
        process.wait()


def run_source(port, *options, check=True, program=tool("smtp-source"), env=None):
    done = subprocess.run([program, *options, f"127.0.0.1:{port}"], capture_output=True, text=True, timeout=60, env=env)
    assert not check or done.returncode == 0, done
    return done


@pytest.mark.parametrize("mode", ["none", "envelope", "full"])
@pytest.mark.parametrize("per_connection", [0, 1, 7])
def test_every_message_arrives_once(start_sink, tmp_path, mode, per_connection):
    port = start_sink("-i", str(tmp_path / "counts"), "-y", str(tmp_path / "received"))
    run_source(port, "-a", mode, "-b", str(per_connection), "-m", "500", "-s", "13", "-l", "3000", "-r", "2",
               "-k", str(tmp_path / "accepted"), "-j", str(tmp_path / "stats"))
    time.sleep(0.1)
    accepted = (tmp_path / "accepted").read_text().split()
    assert len(set(accepted)) == 500 and sorted(accepted) == sorted((tmp_path / "received").read_text().split())
    counts, stats = (json.loads((tmp_path / n).read_text()) for n in ("counts", "stats"))
    assert counts["messages"] == 500 and counts["recipients"] == 1000 and counts["bytes"] > 500 * 3000
    assert stats["accepted"] == 500 and stats["lost"] == stats["refused"] == 0
    assert stats["connections"] == (500 if per_connection == 1 else stats["connections"])
    assert stats["first_ns"] < counts["first_ns"] <= counts["last_ns"]
    assert counts["open"] == 0 and counts["peak"] <= 14


def test_captured_messages(start_sink, tmp_path):
    port = start_sink("-d", str(tmp_path / "box/%Y."), "-S", "From \\\\x\\041\\n")
    (tmp_path / "mail").write_text("Subject: a file\n\n.dot\n..dots\nlast\n")
    run_source(port, "-F", str(tmp_path / "mail"), "-f", "a@b.example", "-t", "c@d.example", "-M", "me.example", "-r", "2")
    files = list((tmp_path / "box").iterdir())
    assert len(files) == 1 and re.fullmatch(r"\d{4}\.[0-9a-f]{8}", files[0].name)
    assert re.fullmatch(r"From \\x!\nX-Client-Addr: 127\.0\.0\.1\nX-Client-Proto: ESMTP\nX-Helo-Args: me\.example\n"
                        r"X-Mail-Args: <a@b\.example>\nX-Rcpt-Args: <1c@d\.example>\nX-Rcpt-Args: <2c@d\.example>\n"
                        r"Received: from me\.example \(\[127\.0\.0\.1\]\)\n\tby smtp-sink \(smtp-sink\) with ESMTP id [0-9a-f]{8};\n"
                        r"\t.*\nSubject: a file\n\n\.dot\n\.\.dots\nlast\n\n", files[0].read_text())


def dialogue(port, *lines):
    """The first line of each reply; "lost" where the connection ends."""
    replies = []
    try:
        with Client(port) as c:
            replies.append(str(c.greeting.code))
            for line in lines:
                reply = c.command(line)
                replies.append(f"{reply.code} {reply.lines[0]}")
    except Lost:
        replies.append("lost")
    return replies


@pytest.mark.parametrize("options, lines, want", [
    ((), ["EHLO x", "MAIL FROM:<a>", "RCPT TO:<b>", "FOO", "RSET", "DATA", "QUIT"],
     ["220", "250 smtp-sink", "250 2.1.0 Ok", "250 2.1.5 Ok", "500 5.5.1 Error: unknown command", "250 2.1.0 Ok",
      "503 5.5.1 Error: need RCPT command", "221 Bye"]),
    (("-E", "-h", "name"), ["EHLO x", "MAIL FROM:<a>"], ["220", "250 name", "250 Ok"]),
    (("-r", "RCPT"), ["EHLO x", "MAIL FROM:<a>", "RCPT TO:<b>"],
     ["220", "250 smtp-sink", "250 2.1.0 Ok", "450 4.3.0 Error: command failed"]),
    (("-f", "mail vrfy", "-B", "550 5.0.0 no"), ["EHLO x", "MAIL FROM:<a>"], ["220", "250 smtp-sink", "550 5.0.0 no"]),
    (("-q", "MAIL"), ["EHLO x", "MAIL FROM:<a>"], ["220", "250 smtp-sink", "lost"]),
    (("-Q", "RSET"), ["RSET", "NOOP"], ["220", "421 4.0.0 Server closing connection", "lost"]),
    (("-e",), ["EHLO x", "HELO x"], ["220", "500 5.5.1 Error: unknown command", "250 smtp-sink"]),
    (("-L",), ["EHLO x", "LHLO x"], ["220", "500 5.5.1 Error: unknown command", "250 smtp-sink"]),
    (("-z", "-b", "451 4.0.0 z"), ["EHLO x", "MAIL FROM:<a>", "RCPT TO:<b>"],
     ["220", "250 smtp-sink", "250 2.1.0 Ok", "451 4.0.0 z"]),
])
def test_sink_options(start_sink, options, lines, want):
    assert dialogue(start_sink(*options), *lines) == want


def test_sink_answers_as_the_references(start_sink, reference):
    lines = ["EHLO x", "XFORWARD NAME=x", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "VRFY x", "FOO", "NOOP", "RSET", "DATA", "RCPT TO:<x>",
             "HELO x", "QUIT"]
    env = {**os.environ, **reference.env, "MAIL_CONFIG": "/nonexistent"}
    theirs = start_sink(program=reference.command("smtp-sink"), env=env)
    assert dialogue(start_sink(), *lines) == dialogue(theirs, *lines)


def test_deferring_is_switched_by_signals(start_sink):
    port = start_sink("-z")
    script = ["EHLO x", "MAIL FROM:<a>", "RCPT TO:<b>"]
    assert dialogue(port, *script)[-1].startswith("450")
    start_sink.processes[0].send_signal(signal.SIGUSR1)
    assert dialogue(port, *script)[-1].startswith("250")
    start_sink.processes[0].send_signal(signal.SIGUSR2)
    assert dialogue(port, *script)[-1].startswith("450")


def test_delays(start_sink):
    port = start_sink("-W", "MAIL:1")
    begin = time.monotonic()
    dialogue(port, "EHLO x", "MAIL FROM:<a>")
    assert 0.9 < time.monotonic() - begin < 3


def test_sink_ends_after_so_many(start_sink):
    port = start_sink("-M", "5")
    run_source(port, "-d", "-m", "5")
    assert start_sink.processes[0].wait(5) == 0


def test_lmtp(start_sink, tmp_path):
    port = start_sink("-L", "-i", str(tmp_path / "counts"))
    run_source(port, "-L", "-d", "-m", "20", "-s", "2", "-r", "3")
    time.sleep(0.1)
    assert json.loads((tmp_path / "counts").read_text())["recipients"] == 60


def test_source_ends_at_the_first_refusal_unless_patient(start_sink, tmp_path):
    port = start_sink("-r", "DATA")
    done = run_source(port, "-m", "5", check=False)
    assert done.returncode == 1 and "450 4.3.0" in done.stderr
    done = run_source(port, "-A", "-m", "5", "-j", str(tmp_path / "stats"), check=False)
    assert done.returncode == 1 and json.loads((tmp_path / "stats").read_text())["refused"] == 5


def test_source_survives_lost_connections_when_patient(start_sink, tmp_path):
    port = start_sink("-q", ".")
    run_source(port, "-A", "-m", "6", "-s", "2", "-a", "full", "-b", "0", "-j", str(tmp_path / "stats"), check=False)
    stats = json.loads((tmp_path / "stats").read_text())
    assert stats["accepted"] == 0 and stats["lost"] == 6


def test_idle_sessions(start_sink, tmp_path):
    port = start_sink("-m", "1000", "-i", str(tmp_path / "counts"))
    process = subprocess.Popen([tool("smtp-source"), "-i", "-s", "300", "-e", "127.3.0.1/3", f"127.0.0.1:{port}"],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    assert json.loads((tmp_path / "counts").read_text())["open"] == 300
    process.terminate()
    assert process.wait(5) == 0


def test_with_the_references_counterparts(start_sink, reference):
    env = {**os.environ, **reference.env, "MAIL_CONFIG": "/nonexistent"}
    run_source(start_sink(program=reference.command("smtp-sink"), env=env), "-d", "-m", "50", "-s", "5", "-r", "3", "-a", "full")
    done = run_source(start_sink(), "-d", "-m", "50", "-s", "5", "-N", program=reference.command("smtp-source"), env=env, check=False)
    assert done.returncode == 0, done.stderr
