"""Queue files made by hand: whatever a queue may hold that no daemon would write while a test waits."""

import os
import pwd
import time

SAFE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"  # of long queue ids
SAFE51 = SAFE52[:51]  # of the inode numbers in them


def record(kind, payload=b""):
    """One record: type, length in base 128, payload."""
    data = payload.encode() if isinstance(payload, str) else payload
    n, head = len(data), kind.encode()
    while True:
        head += bytes([n & 0x7F | (0x80 if n > 0x7F else 0)])
        n >>= 7
        if n == 0:
            return head + data


def numbers(*values):
    return "%15d" % values[0] + "".join(" %15d" % v for v in values[1:])


def lines(text):
    return b"".join(record("N", line) for line in text.split("\n"))


TEXT = "Received: by mta.example (Postfix)\nSubject: made by hand\n\nhello"


def image(sender="sender@load.example", recipients=("r@sink.example",), text=TEXT, arrival=None, done=(), before=b"",
          extracted=b""):
    """A whole queue file. recipients: addresses, or (original, address); done: how many of them are."""
    arrival = int(time.time()) if arrival is None else arrival
    rest = record("T", f"{arrival} 123456") + record("A", f"create_time={arrival}") + \
        record("A", "rewrite_context=local") + record("S", sender) + before
    for r in recipients:
        original, address = r if isinstance(r, tuple) else (r, r)
        rest += record("A", f"dsn_orig_rcpt=rfc822;{original}") + record("O", original)
        rest += record("D" if r in done else "R", address)
    rest += record("M")
    content = lines(text)
    size = record("C", numbers(len(content), 97 + len(rest), len(recipients), 0, len(content), 0))
    assert len(size) == 97
    return size + rest + content + record("X") + extracted + record("E")


def submission(sender="sender@load.example", recipients=("r@sink.example",), text="Subject: dropped\n\nhello", arrival=None):
    """A file in maildrop/, as postdrop leaves it."""
    arrival = int(time.time()) if arrival is None else arrival
    return record("T", f"{arrival} 123456") + record("A", "rewrite_context=local") + record("S", sender) + \
        b"".join(record("R", r) for r in recipients) + record("M") + lines(text) + record("X") + record("E")


def pointers(back=False):
    """What a milter leaves: a header replaced, a recipient added, the body in two regions behind the end."""
    def pointer(to):
        return record("p", "%15d" % to)

    head = record("T", f"1700000000 123456") + record("A", "rewrite_context=local") + record("S", "s@load.example") + \
        pointer(0) + record("O", "r@sink.example") + record("R", "r@sink.example")
    content, tail = record("N", "Received: first") + record("N", "Subject: old one here"), record("X") + pointer(0) + record("E")
    start = 97 + len(head) + len(pointer(0)) + len(record("M"))
    subject = start + len(record("N", "Received: first"))
    body = record("w", "padding") + record("N", "") + record("N", "body") + record("L", "half ") + record("N", "line")
    end = start + len(content) + len(body) + len(tail)
    heap = record("N", "Subject: new") + pointer(subject + len(record("N", "Subject: old one here")))
    added = record("A", "notify_flags=1") + record("O", "") + record("R", "added@sink.example") + pointer(start - len(record("M")))
    head += pointer(end + len(heap))
    content = content[:subject - start] + pointer(end) + b"garbage"[:len(record("N", "Subject: old one here")) - 17]
    if back:
        heap = pointer(end)
    size = record("C", numbers(len(content) + len(body), start, 1, 0, len(content), 0))
    return size + head + record("M") + content + body + tail + heap + added


def reason(recipient, text, original=None, offset=0, action="delayed", status="4.0.0"):
    """An entry in a defer or bounce log."""
    return f"<{recipient}>: {text}\nrecipient={recipient}\n" + (f"original_recipient={original}\n" if original else "") + \
        f"offset={offset}\nstatus={status}\naction={action}\nreason={text}\n\n"


def base(number, digits, alphabet):
    text = ""
    while number > 0 or len(text) < digits:
        text = alphabet[number % len(alphabet)] + text
        number //= len(alphabet)
    return text


def short_id(micros, number):
    return "%05X%X" % (micros, number)


def long_id(seconds, micros, number):
    return base(seconds, 6, SAFE52) + base(micros, 4, SAFE52) + "z" + base(number, 1, SAFE51)


def folder(spool, queue, micros, depth):
    """Where a file belongs: hashed by the microseconds in its name."""
    digits = "%05X" % micros
    made = spool / queue
    for level in range(depth):
        made /= digits[level]
        made.mkdir(mode=0o700, exist_ok=True)
        os.chown(made, pwd.getpwnam("postfix").pw_uid, -1)
    return made


def plant(spool, queue, micros, data, mode=0o700, depth=0, number=None, seconds=None, when=None, name=None):
    """A file in a queue, named for its inode unless a number or a name is given; a long name if seconds are."""
    parent = folder(spool, queue, micros, depth)
    path = parent / f"{micros}.made"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    os.chown(path, pwd.getpwnam("postfix").pw_uid, -1)
    number = os.stat(path).st_ino if number is None else number
    name = name or (short_id(micros, number) if seconds is None else long_id(seconds, micros, number))
    os.chmod(path, mode)
    if when is not None:
        os.utime(path, (when, when))
    path.rename(parent / name)
    return parent / name
