"""What is logged while everything stops reaches maillog_file."""

import os
import signal


def test_lines_that_postlogd_does_not_read_any_more(make_instance):
    i = make_instance().start()
    i.log.wait("disconnect from", timeout=60)
    postlogd, = i.pids("postlogd")
    os.kill(i.master.pid, signal.SIGSTOP)  # so that no other postlogd takes its place
    os.kill(postlogd, signal.SIGKILL)
    i.command("postlog", "-t", "test", "the last line")
    os.kill(i.master.pid, signal.SIGTERM)
    os.kill(i.master.pid, signal.SIGCONT)
    i.stop(timeout=60)
    assert "the last line" in i.log.text()
