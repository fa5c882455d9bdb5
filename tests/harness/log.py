"""The mail log of an instance."""

import re
import time


class Log:
    def __init__(self, path):
        self.path = path

    def text(self):
        try:
            return self.path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def lines(self, pattern=""):
        """The lines that match, without time, host and the process number's digits."""
        stripped = (re.sub(r"^\w{3} [ \d]\d [\d:]{8} \S+ ", "", line) for line in self.text().splitlines())
        return [line for line in stripped if re.search(pattern, line)]

    def messages(self, pattern=""):
        """The same without the tag: what was said."""
        return [re.sub(r"^\S+\[\d+\]: ", "", line) for line in self.lines(pattern)]

    def wait(self, pattern, count=1, timeout=15):
        """Until so many lines match; their list."""
        deadline = time.monotonic() + timeout
        while len(found := self.lines(pattern)) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} of {count} log lines match {pattern!r} after {timeout} s")
            time.sleep(0.02)
        return found
