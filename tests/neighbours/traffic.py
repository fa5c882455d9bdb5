"""One day's traffic (day.py) in a few seconds: every routine kind of log line, made on one mail system.

What a program makes of the log that the reference leaves behind, it must make of ours."""

import os
import re
import time

import day
from harness.client import Client, Lost, stuff
from harness.dns import Dns
from harness.instance import free_port
from harness.people import Host
from harness.sink import Sink

FAR_HOST = {"550": "550 5.1.1 no such user", "450": "450 4.2.1 not now", "hangup": ""}


class Traffic:
    """What a mail system logs on that day."""

    def __init__(self, suite):
        self.dns, self.sink, self.lmtp = Dns(), Sink(), Sink(lmtp=True)
        self.dns.zone.add(day.ZONE)
        self.dns.zone.failing.add("broken.example")
        for server in (self.sink, self.lmtp):
            server.answers["RCPT"] = lambda line: next((a for name, a in FAR_HOST.items() if name + "@" in line), None)
        self.host = self.instance = Host(suite, dns=self.dns)
        self.log, self.transcript = self.host.log, []
        self.ended = 0
        self._configure()

    def _configure(self):
        i = self.host
        (i.base / "out").mkdir()
        os.chmod(i.base / "out", 0o777)
        self.names = {"sink": self.sink.port, "lmtp": self.lmtp.port, "nobody": free_port(), "port": i.port, "base": i.base,
                      "etc": i.etc, "maps": f"hash:{i.etc}", "quick": free_port(), "strict": free_port()}
        for name, text in day.TABLES.items():
            i.table(name, text.format_map(self.names))
        for name, text in day.RULES.items():
            i.file(name, text.format_map(self.names))
        (i.base / "sorter").write_text("exit $1\n")
        i.aliases(day.ALIASES.format_map(self.names))
        i.personal("bob", ".forward", "far@sink.example\n")
        i.write_config(day.MAIN_CF.format_map(self.names), day.MASTER_CF.format_map(self.names))

    def close(self):
        self.host.remove()
        for server in (self.sink, self.lmtp, self.dns):
            server.close()

    def play(self):
        self.host.start()
        self.ended = len(self.host.log.wait("disconnect from"))
        for source, lines in day.STRANGERS:
            self.talk(source, lines)
        self.waste_time()
        self.crowd()
        for sender, recipient, content in day.MAIL:
            self.mail(sender, recipient, content)
        for name, *args in day.COMMANDS:
            self.host.command(name, *args, input="Subject: typed\n\nx\n" if name == "sendmail" else None)
            self.settle()
        self.host.stop()
        return self.log.text()

    # --- its parts ---

    def talk(self, source, lines, port=None):
        """One session; each line waits for its reply."""
        with Client(port or self.host.port, source=source) as c:
            try:
                for line in lines:
                    c.command(line)
            except Lost:
                pass
        self.leave()

    def leave(self, sessions=1):
        self.ended += sessions
        self.host.log.wait("disconnect from", self.ended, timeout=30)

    def waste_time(self):
        """Clients that say nothing more at some point."""
        quiet = []
        for lines in ([], [day.HELLO], [day.HELLO, day.FROM], [day.HELLO, day.FROM, day.TO, "DATA"]):
            quiet.append(Client(self.names["quick"], source="127.0.0.2"))
            for line in lines:
                quiet[-1].command(line)
        self.leave(len(quiet))
        for c in quiet:
            c.socket.close()

    def crowd(self):
        """One that comes and sends too often."""
        port = self.names["strict"]
        envelope = [day.HELLO, day.FROM, day.TO]
        with Client(port, source="127.0.0.2") as c:
            self.talk("127.0.0.2", ["QUIT"], port)
            for line in [*envelope, day.TO, day.TO, "RSET", day.FROM, "QUIT"]:
                c.command(line)
        self.leave()
        for _ in range(6):
            self.talk("127.0.0.2", ["QUIT"], port)

    def mail(self, sender, recipient, content):
        with self.host.client() as c:
            c.ehlo()
            c.command(f"MAIL FROM:<{sender}>")
            if c.command(f"RCPT TO:<{recipient}>").code == 250 and c.command("DATA").code == 354:
                name = re.sub(r"\W+", "-", re.search(r"Subject: (.*)", content)[1].strip())
                header = f"Message-ID: <{name}@sender.example>\r\n{content}"
                c.send(stuff(header + ("" if "\r\n\r\n" in content else "\r\n\r\nhello\r\n")) + b".\r\n")
                c.reply()
            c.quit()
        self.leave()
        self.settle()

    def settle(self, timeout=60):
        """Until nothing is being delivered, and the log has all that was."""
        deadline = time.monotonic() + timeout
        while moving := self.moving():
            assert time.monotonic() < deadline, moving
            time.sleep(0.03)

    def moving(self):
        """Messages on their way; and those that have gone, but of which that has not been logged yet."""
        log = self.log.text()
        active, removed = (set(re.findall(pattern, log)) for pattern in (r": (\w+): from=<.* \(queue active\)", r": (\w+): removed"))
        queued = {m["queue_id"]: m["queue_name"] for m in self.host.queue()}
        return [i for i, queue in queued.items() if queue not in ("deferred", "hold")] + list(active - removed - queued.keys())
