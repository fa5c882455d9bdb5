"""Programs that look into the queue: by mailq's text, by its folders, and by showq's socket."""

import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

import pytest

from debian import unpacked
from harness.client import message
from harness.instance import free_port

MAILQ = """
use Postfix::Parse::Mailq;
use JSON::PP;
print encode_json(Postfix::Parse::Mailq->read_handle(\\*STDIN));
"""


@pytest.fixture
def queued(make_instance, sink):
    """Two messages that were put off, one of them with two recipients, and one on hold."""
    sink.answers["RCPT"] = lambda line: "450 4.2.1 not now" if "later" in line else None
    i = make_instance(relay_port=sink.port)
    i.set_parameter("header_checks", "regexp:" + str(i.file("hold", "/^X-Hold:/ HOLD\n")))
    i.start()
    i.ids = [i.send(message(), "one@load.example", "later@sink.example", "later2@sink.example"),
             i.send(message(), "", "later@sink.example"), i.send(message(X_Hold="yes"), "two@load.example", "b@sink.example")]
    i.wait_queue(2, "deferred", timeout=30)
    i.wait_queue(1, "hold", timeout=30)
    return i


def commands(instance):
    """An environment in which mailq and the like are those of the instance."""
    bin_dir = instance.base / "path"
    bin_dir.mkdir(exist_ok=True)
    for name in ("postqueue", "postsuper", "postconf", "mailq"):
        link = bin_dir / name
        if not link.exists():
            source = instance.suite.commands / name
            link.symlink_to(source if source.exists() else instance.suite.commands / "sendmail")
    return {**instance.env(), "PATH": f"{bin_dir}:{os.environ['PATH']}"}


def test_parse_mailq(queued):
    text = queued.command("postqueue", "-p").stdout
    found = json.loads(subprocess.run(["perl", "-e", MAILQ], input=text, text=True, stdout=subprocess.PIPE, check=True).stdout)
    by_id = {m["queue_id"]: m for m in found}
    assert set(by_id) == set(queued.ids)
    first, second, held = (by_id[i] for i in queued.ids)
    assert (first["status"], second["status"], held["status"]) == ("queued", "queued", "held")
    assert (first["sender"], second["sender"], held["sender"]) == ("one@load.example", "MAILER-DAEMON", "two@load.example")
    assert set(first["remaining_rcpts"]) == {"later@sink.example", "later2@sink.example"} and int(first["size"]) > 200
    assert "450 4.2.1 not now" in first["error_string"] and re.match(r"\w{3} \w{3} [ \d]\d [\d:]{8}$", first["date"])


def test_pmailq(queued):
    def pmailq(*args):
        return subprocess.run(["python3", unpacked("pmailq") / "usr/sbin/pmailq", *args], env=commands(queued), text=True,
                              stdout=subprocess.PIPE, check=True).stdout
    assert all(i in pmailq("list") for i in queued.ids)
    pmailq("del")
    queued.wait_queue(0)


def test_check_mailq(queued, tmp_path):
    """It has the path of mailq from a module beside it."""
    plugins = pathlib.Path("/usr/lib/nagios/plugins")
    utils = (plugins / "utils.pm").read_text().replace("/usr/bin/mailq", f"{queued.base}/path/mailq")
    (tmp_path / "utils.pm").write_text(utils)
    script = unpacked("monitoring-plugins-standard") / "usr/lib/nagios/plugins/check_mailq"
    for warn, critical, want in ((5, 9, "OK: postfix mailq (3)"), (2, 9, "WARNING: postfix mailq is 3"),
                                 (1, 2, "CRITICAL: postfix mailq is 3")):
        out = subprocess.run(["perl", f"-I{tmp_path}", script, "-M", "postfix", "-w", str(warn), "-c", str(critical)], text=True,
                             env={**commands(queued), "PERL5LIB": str(tmp_path)}, stdout=subprocess.PIPE).stdout
        assert out.startswith(want)


def test_munin_counts_files(queued):
    out = subprocess.run(["/usr/share/munin/plugins/postfix_mailqueue"], env={**commands(queued), "MUNIN_LIBDIR": "/usr/share/munin"},
                         text=True, stdout=subprocess.PIPE, check=True).stdout
    values = dict(re.findall(r"(\w+)\.value (\d+)", out))
    assert values == {"active": "0", "deferred": "2", "maildrop": "0", "incoming": "0", "corrupt": "0", "hold": "1"}


def metrics_of(port, wanted, timeout=60):
    """What is served once all patterns match."""
    deadline, text = time.monotonic() + timeout, ""
    while not all(re.search(rf"(?m)^{pattern}$", text) for pattern in wanted):
        assert time.monotonic() < deadline, text
        time.sleep(0.1)
        try:
            text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20).read().decode()
        except OSError:
            continue


def test_exporter(queued):
    """It reads showq's socket, and what is added to the log."""
    port, log = free_port(), queued.base / "exported.log"
    log.touch()
    process = subprocess.Popen([unpacked("prometheus-postfix-exporter") / "usr/bin/prometheus-postfix-exporter",
                                f"--web.listen-address=127.0.0.1:{port}", f"--postfix.logfile_path={log}",
                                f"--postfix.showq_path={queued.spool}/public/showq"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        metrics_of(port, [r"postfix_up\{\S+\} 1", r'postfix_showq_message_size_bytes_count\{queue="deferred"\} 2',
                          r'postfix_showq_message_size_bytes_count\{queue="hold"\} 1'])
        with open(log, "a") as file:
            file.write(queued.log.text())
        metrics_of(port, [r"postfix_qmgr_messages_inserted_receipients_sum 3", r"postfix_smtp_status_deferred 3",
                          r"postfix_cleanup_messages_processed_total 3"])
    finally:
        process.kill()
        process.wait()
