"""The far host: an SMTP server that keeps what it is sent and answers as the test wants."""

import asyncio
import os
import re
import threading
import time
from dataclasses import dataclass, field

EXTENSIONS = ("PIPELINING", "SIZE 20000000", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "SMTPUTF8", "XFORWARD NAME ADDR "
              "PROTO HELO SOURCE PORT IDENT")


@dataclass
class Received:
    mail: str
    rcpts: list
    data: bytes = b""  # dots undone, line ends as sent, without the final dot
    helo: str = ""
    session: int = 0
    commands: list = field(default_factory=list)  # since the message before on this session

    @property
    def sender(self):
        return re.match(r"<(.*?)>", self.mail).group(1)

    @property
    def recipients(self):
        return [re.match(r"<(.*?)>", r).group(1) for r in self.rcpts]

    @property
    def headers(self):
        return self.data.split(b"\r\n\r\n", 1)[0] + b"\r\n"

    @property
    def body(self):
        return self.data.split(b"\r\n\r\n", 1)[1] if b"\r\n\r\n" in self.data else b""


class Sink:
    """answers: what to say instead, by verb ("CONNECT", "MAIL", "RCPT", ".", ...): a reply line, or a
    function of the whole command line that gives one, or None for the usual; "" hangs up."""

    def __init__(self, port=0, host="127.0.0.1", extensions=EXTENSIONS, lmtp=False, unix=None):
        self.messages, self.answers, self.commands = [], {}, []
        self.sessions = 0
        self.extensions, self.lmtp = extensions, lmtp
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_unix_server(self._session, unix) if unix else \
            asyncio.start_server(self._session, host, port, backlog=1000, limit=1 << 20)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        if unix:
            os.chmod(unix, 0o666)
        self.port = None if unix else self._server.sockets[0].getsockname()[1]

    def close(self):
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end(self):
        self._server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    def wait(self, count=1, timeout=15):
        """Until so many messages have come; their list."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while len(self.messages) < count:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise AssertionError(f"{len(self.messages)} of {count} messages arrived in {timeout} s")
        return self.messages

    def clear(self):
        self.messages.clear()
        self.commands.clear()

    def _answer(self, verb, line, usual):
        answer = self.answers.get(verb)
        if callable(answer):
            answer = answer(line)
        return usual if answer is None else answer

    async def _session(self, reader, writer):
        self.sessions += 1
        try:
            await self._converse(reader, writer, self.sessions)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader, writer, session):
        def say(text):
            writer.write(text.encode() + b"\r\n")

        helo, mail, rcpts, since = "", None, [], []
        greeting = self._answer("CONNECT", "", "220 sink.example ESMTP")
        if greeting == "":
            return
        say(greeting)
        while True:
            await writer.drain()
            raw = await reader.readline()
            if not raw.endswith(b"\n"):
                return
            line = raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
            verb = line.split(" ")[0].upper()
            self.commands.append(line)
            since.append(line)
            usual = "250 2.0.0 Ok"
            if verb in ("EHLO", "LHLO"):
                helo = line[5:]
                words = ["sink.example", *self.extensions]
                usual = "\r\n".join(["250-" + w for w in words[:-1]] + ["250 " + words[-1]])
            elif verb == "HELO":
                helo = line[5:]
            elif verb == "DATA":
                usual = "354 go" if rcpts else "554 5.5.1 no recipients"
            elif verb == "QUIT":
                usual = "221 2.0.0 Bye"
            answer = self._answer(verb, line, usual)
            if answer == "":
                return
            say(answer)
            if verb == "MAIL":
                mail, rcpts = (line[10:] if answer.startswith("2") else None), []
            elif verb == "RCPT" and answer.startswith("2"):
                rcpts.append(line[8:])
            elif verb == "RSET":
                mail, rcpts = None, []
            elif verb == "DATA" and answer.startswith("3"):
                await writer.drain()
                data = await self._content(reader)
                for recipient in rcpts if self.lmtp else rcpts[:1]:
                    final = self._answer(".", recipient, f"250 2.0.0 Ok: queued as {len(self.messages) + 1:X}")
                    if final == "":
                        return
                    say(final)
                await writer.drain()
                if final.startswith("2"):
                    self._keep(Received(mail, rcpts, data, helo, session, since))
                mail, rcpts, since = None, [], []
            elif verb == "QUIT" or answer.startswith("421"):
                await writer.drain()
                return

    async def _content(self, reader):
        lines = []
        while (line := await reader.readuntil(b"\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _keep(self, received):
        with self._changed:
            self.messages.append(received)
            self._changed.notify_all()
