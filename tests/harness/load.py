"""Load from smtp-source to smtp-sink, and what became of each message."""

import collections
import json
import signal
import subprocess
import time

from .instance import free_port
from .suite import tool


class Receiver:
    """smtp-sink, keeping the Message-ID of each message."""

    def __init__(self, folder, name="sink", port=None, host="127.0.0.1", options=()):
        self.port = port or free_port()
        self.record, self.counts_file = folder / f"{name}.received", folder / f"{name}.counts"
        self.process = subprocess.Popen([tool("smtp-sink"), "-u", "nobody", "-m", "20000", "-i", str(self.counts_file),
                                         "-y", str(self.record), *options, f"{host}:{self.port}", "1000"])
        deadline = time.monotonic() + 5
        while not self.record.exists() and time.monotonic() < deadline:
            time.sleep(0.01)

    def ids(self):
        time.sleep(0.05)  # the file is at most 10 ms behind
        return collections.Counter(self.record.read_text().split("\n")[:-1])

    def counts(self):
        return json.loads(self.counts_file.read_text())

    def close(self):
        self.process.terminate()
        self.process.wait()


class Sender:
    """smtp-source, going on whatever happens, keeping the Message-ID of each message answered 250."""

    def __init__(self, folder, port, seconds, sessions=20, name="source", options=("-a", "envelope", "-b", "20")):
        self.record, self.statistics = folder / f"{name}.accepted", folder / f"{name}.json"
        self.process = subprocess.Popen([tool("smtp-source"), "-A", "-m", "1000000000", "-x", str(seconds), "-s", str(sessions),
                                         "-l", "2000", "-M", "load.example", "-t", "rcpt@sink.example", "-k", str(self.record),
                                         "-j", str(self.statistics), *options, f"127.0.0.1:{port}"])

    def ids(self):
        return set(self.record.read_text().split("\n")[:-1]) if self.record.exists() else set()

    def wait(self):
        self.process.wait(120)
        return json.loads(self.statistics.read_text())

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
