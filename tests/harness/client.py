"""An SMTP client that sends exactly what it is told."""

import re
import socket
import time
from dataclasses import dataclass


@dataclass
class Reply:
    code: int
    lines: list  # without the codes

    @property
    def text(self):
        return "\n".join(self.lines)

    def __str__(self):
        return f"{self.code} {self.text}"


class Lost(Exception):
    """The server has closed the connection."""


class Client:
    def __init__(self, port, host="127.0.0.1", timeout=20, source=None, greeting=True):
        self.socket = socket.create_connection((host, port), timeout, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.greeting = self.reply() if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data, chunk=0, pause=0):
        """Bytes as they are; with chunk, so many in a write."""
        if isinstance(data, str):
            data = data.encode()
        if not chunk:
            self.socket.sendall(data)
            return
        for i in range(0, len(data), chunk):
            self.socket.sendall(data[i:i + chunk])
            if pause:
                time.sleep(pause)

    def line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Lost(self.buffer)
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    def reply(self):
        lines = []
        while True:
            line = self.line()
            lines.append(line[4:])
            if line[3:4] != "-":
                return Reply(int(line[:3]), lines)

    def command(self, text):
        self.send(text + "\r\n" if isinstance(text, str) else text + b"\r\n")
        return self.reply()

    def expect(self, text, code):
        reply = self.command(text)
        assert reply.code == code, f"{text!r}: {reply}"
        return reply

    def pipeline(self, *commands):
        """All in one write; the list of replies."""
        self.send("".join(c + "\r\n" for c in commands))
        return [self.reply() for _ in commands]

    def ehlo(self, name="client.example"):
        return self.expect(f"EHLO {name}", 250)

    def envelope(self, sender, *recipients, mail_options="", rcpt_options=""):
        self.expect(f"MAIL FROM:<{sender}>{' ' + mail_options if mail_options else ''}", 250)
        for r in recipients:
            self.expect(f"RCPT TO:<{r}>{' ' + rcpt_options if rcpt_options else ''}", 250)

    def data(self, content, chunk=0):
        """Content with its own line ends, dots not yet doubled; the reply to the final dot."""
        self.expect("DATA", 354)
        self.send(stuff(content) + b".\r\n", chunk)
        return self.reply()

    def deliver(self, content, sender="sender@load.example", *recipients, **options):
        """A whole transaction on a new session; the queue id."""
        self.ehlo()
        self.envelope(sender, *(recipients or ("rcpt@sink.example",)), **options)
        return queue_id(self.data(content))

    def quit(self):
        reply = self.command("QUIT")
        self.socket.close()
        return reply

    def is_closed(self, timeout=5):
        """Does the server end the connection within that time, saying nothing more?"""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False


def stuff(content):
    """Dots doubled, and a line end behind the last line (RFC 5321 4.5.2)."""
    if isinstance(content, str):
        content = content.encode()
    if content and not content.endswith(b"\n"):
        content += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", content)


def queue_id(reply):
    assert reply.code == 250, str(reply)
    match = re.search(r"queued as (\w+)", reply.text)
    assert match, str(reply)
    return match.group(1)


def message(subject="test", body="hello\r\n", **headers):
    """Headers and a body with CRLF line ends."""
    fields = {"From": "<sender@load.example>", "To": "<rcpt@sink.example>", "Subject": subject,
              "Date": "Sat, 21 Nov 2026 23:30:00 +0000", "Message-ID": f"<{time.monotonic_ns()}@load.example>"}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    return "".join(f"{n}: {v}\r\n" for n, v in fields.items() if v is not None) + "\r\n" + body
