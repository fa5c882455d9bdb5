"""Scenarios: one file each, run on one mail system, giving what it answered, logged and delivered.

A file has sections that begin with a line [name]: main.cf, master.cf, "file NAME" (in the configuration
folder, as $etc/NAME; a hash table if the line before is "table NAME"), and dialogue. Dialogue lines are
sent as they are and each waits for one reply, but for

    <<              what follows until >> is sent as content (dots are not doubled), with the final dot
    !raw TEXT       bytes with Python's escapes; waits for nothing
    !reply          wait for one reply                !close          close the connection
    !pipeline       what follows until an empty line goes in one write; then one reply a line
    !sink VERB ...  what the far host says to VERB from now on; without text: the usual
    !extensions ... what the far host announces
    !run ...        one of the suite's commands; its output and exit status are compared
    !feed ... < TEXT  the same, quoted as for a shell, with TEXT (Python's escapes) as its standard input
    !maildrop       the records of the files in maildrop/, which are then removed
    !deferred N, !sent N, !empty      wait for so many deferred, or delivered, messages; for an empty queue
    !quiet          until nothing has been logged for a while
    !sleep SECONDS
"""

import itertools
import os
import pathlib
import re
import shlex
import time

from harness.client import Lost, stuff
from harness.instance import Instance
from harness.sink import Sink

FOLDER = pathlib.Path(__file__).parent / "scenarios"
LOCAL = "virtual_mailbox_domains = local.example\nvirtual_mailbox_maps = static:box/\n"


def names():
    return sorted(p.stem for p in FOLDER.glob("*.txt"))


def sections(name):
    parts, current = {}, None
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if re.fullmatch(r"\[[^\]]+\]", line):
            current = parts.setdefault(line[1:-1], [])
        elif current is not None:
            current.append(line)
    return parts


class Run:
    def __init__(self, name, suite, patience=0.4):
        self.parts, self.suite, self.patience = sections(name), suite, patience
        self.sink = Sink()
        self.instance = Instance(suite, "", relay_port=self.sink.port)
        self.client, self.transcript = None, []

    def __enter__(self):
        i = self.instance
        expand = lambda lines: "\n".join(lines).replace("$etc", str(i.etc)).replace("$port", str(i.port)) + "\n"
        for title, lines in self.parts.items():
            if title.startswith("file "):
                i.file(title[5:], expand(lines))
            elif title.startswith("table "):
                i.table(title[6:], expand(lines))
        i.write_config(f"relayhost = [127.0.0.1]:{self.sink.port}\n{LOCAL}" + expand(self.parts.get("main.cf", [])),
                       expand(self.parts.get("master.cf", [])))
        try:
            i.start()
            i.log.wait("disconnect from")  # of the question whether it is ready
        except BaseException:
            self.__exit__()
            raise
        os.truncate(i.log.path, 0)
        return self

    def __exit__(self, *_):
        self.instance.stop()
        self.sink.close()
        self.instance.remove()

    # --- the dialogue ---

    def play(self):
        lines = iter(self.parts["dialogue"])
        for line in lines:
            if line == "<<":
                content = []
                while (part := next(lines)) != ">>":
                    content.append(part + "\r\n")
                self.say(stuff("".join(content)) + b".\r\n")
                self.reply()
            elif line == "!pipeline":
                group = []
                while (part := next(lines, "")) != "":
                    group.append(part + "\r\n")
                self.say("".join(group))
                for _ in group:
                    self.reply()
            elif line.startswith("!"):
                verb, _, rest = line[1:].partition(" ")
                getattr(self, "do_" + verb)(rest)
            elif line:
                self.say(line + "\r\n")
                self.reply()
        self.do_close("")
        self.wait_quiet()
        return self

    def say(self, data):
        if self.client is None:
            self.client = self.instance.client(greeting=False)
            self.reply()
        try:
            self.client.send(data)
        except OSError:
            pass

    def reply(self):
        try:
            reply = self.client.reply()
            self.transcript += [f"{reply.code} {line}" for line in reply.lines]
        except (Lost, OSError) as error:
            self.transcript.append(type(error).__name__)

    def do_raw(self, text):
        self.say(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))

    def do_reply(self, _):
        self.reply()

    def do_close(self, _):
        if self.client is not None:
            self.client.socket.close()
            self.client = None

    def do_sink(self, text):
        verb, _, answer = text.partition(" ")
        if answer:
            self.sink.answers[verb] = answer
        else:
            self.sink.answers.pop(verb, None)

    def do_extensions(self, text):
        self.sink.extensions = tuple(text.split(","))

    def do_run(self, text):
        text = text.replace("$etc", str(self.instance.etc))
        name, *args = text.split()
        done = self.instance.command(name, *args, check=False)
        self.transcript.append(f"$ {text}: {done.returncode}")
        self.transcript += (done.stdout + done.stderr).splitlines()

    def do_feed(self, text):
        command, _, data = text.partition(" < ")
        name, *args = shlex.split(command.replace("$etc", str(self.instance.etc)))
        done = self.instance.command(name, *args, check=False,
                                     input=data.encode("latin-1").decode("unicode_escape").encode("latin-1").decode(
                                         "utf-8", "surrogateescape"))
        self.transcript.append(f"$ {text}: {done.returncode}")
        output = re.sub(r"queue_id\0\w+\0", "queue_id\0QID\0", done.stdout + "\n" + done.stderr)
        self.transcript += sorted(filter(None, output.splitlines()))

    def do_maildrop(self, _):
        for path in sorted((self.instance.spool / "maildrop").iterdir()):
            if path.stat().st_mode & 0o100:
                self.transcript += [f"{oct(path.stat().st_mode)} {kind} {text!r}" for kind, text in records(path.read_bytes())
                                    if kind != "T"]
            path.unlink()

    def do_deferred(self, count):
        self.instance.wait_queue(int(count), "deferred")

    def do_sent(self, count):
        self.sink.wait(int(count))

    def do_sleep(self, seconds):
        time.sleep(float(seconds))

    def do_quiet(self, _):
        self.wait_quiet()

    def do_empty(self, _):
        self.instance.wait_queue(0)

    def wait_quiet(self):
        """Until nothing has been logged for a while: longer at each new try, as the machine may be busy."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < self.patience:
            now = self.instance.log.text()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.05)

    # --- the result, comparable ---

    def result(self):
        self.instance.stop()
        clean = Normaliser(self)
        log = {}
        for line in self.instance.log.lines():
            tag, _, text = line.partition(": ")
            daemon = re.sub(r"\[\d+\]$", "", tag)
            if daemon not in ("postfix/master", "postfix/anvil", "postfix/scache", "postfix/postlogd"):
                log.setdefault(daemon, []).append(clean(text))
        for daemon in log:
            if not daemon.endswith("smtpd"):  # several tasks or processes: in any order
                log[daemon].sort()
        sent = sorted(clean(f"MAIL FROM:{m.mail}\n" + "".join(f"RCPT TO:{r}\n" for r in m.rcpts) + without_our_words(text_of(m.data)))
                      for m in self.sink.messages)
        boxes = sorted(clean(without_our_words(text_of(p.read_bytes())))
                       for p in self.instance.mail.rglob("new/*"))
        return {"replies": [clean(t) for t in self.transcript], "log": log, "sent": sent, "mailboxes": boxes}


def records(data):
    """(type, payload) of each record."""
    at = 0
    while at < len(data):
        kind, length, shift, more = chr(data[at]), 0, 0, True
        while more:
            at += 1
            length, shift, more = length | (data[at] & 127) << shift, shift + 7, data[at] > 127
        yield kind, data[at + 1:at + 1 + length]
        at += 1 + length


def text_of(data):
    return data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def without_our_words(text):
    """What a notice says to people is each suite's own; what it says to programs is not."""
    text = in_any_order(re.sub(r"(?m)^This is a .*MIME.*\n", "(preamble)\n", text))
    return re.sub(r"(?s)(\nContent-Description: Notification\n(?:[^\n]+\n)+\n)This is the mail system.*?\n +The mail system\n",
                  r"\1(text)\n", text)


def in_any_order(notice):
    """The recipients of a notice stand in it in the order in which their deliveries ended."""
    kinds = (re.compile(r"<[^>\n]*>( \(expanded from [^)]*\))?: "), re.compile(r"(?:.+\n)*?Final-Recipient: "))
    kind_of = lambda paragraph: next((k for k, pattern in enumerate(kinds) if pattern.match(paragraph)), None)
    ordered = []
    for kind, group in itertools.groupby(notice.split("\n\n"), kind_of):
        ordered += group if kind is None else sorted(group)
    return "\n\n".join(ordered)


class Normaliser:
    """What may differ from run to run has one spelling: queue ids, times, ports, paths, sizes."""

    def __init__(self, run):
        i = run.instance
        ids = set(re.findall(r"(?m): ([0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{11,}): ", i.log.text()))
        ids |= set(re.findall(r"queued as (\w{6,})", "\n".join(run.transcript)))
        self.rules = [(re.escape(str(i.base)), "BASE"), (re.escape(str(i.suite.commands)) + "/", ""),
                      (r"\b(%s)\b" % "|".join(sorted(ids, key=len, reverse=True)) if ids else r"(?!)", "QID"),
                      (r"(command|daemon)_directory = .*", r"\1_directory = DIR"),
                      (r"\[127\.0\.0\.1\]:\d+", "[127.0.0.1]:PORT"),
                      (r"for service 127\.0\.0\.1:\d+", "for service SERVICE"),
                      (r"delay=[\d.]+, delays=[\d./]+", "delay=D, delays=D"),
                      (r"\bsize=\d+", "size=N"), (r" SIZE=\d+", " SIZE=N"),
                      (r"message size \d+ exceeds", "message size N exceeds"),
                      (r"\w{3}, [ \d]?\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}( \(\w+\))?", "DATE"),
                      (r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d( \d{4})?", "DATE"),
                      (r"<\d{14}\.QID@", "<TIME.QID@"), (r"QID\.\d+/", "QID.TIME/"),
                      (r'"(arrival_time|message_size)": \d+', r'"\1": N'),
                      (r"(message_arrival_time|create_time|message_size): .*", r"\1: N"),
                      (r"QID( +|[*!#]+ +)\d+ DATE", "QID N DATE"), (r"-- \d+ Kbytes", "-- N Kbytes"),
                      (r"deferred/\w/QID", "deferred/X/QID"), (r"log_client_port=\d+", "log_client_port=N"),
                      (r"(client|server)_port=\d+", r"\1_port=N"),
                      (r"(delivered|removed|spawned|pid) \d+", r"\1 N"), (r"process id \d+", "process id N")]

    def __call__(self, text):
        for pattern, to in self.rules:
            text = re.sub(pattern, to, text)
        return text
