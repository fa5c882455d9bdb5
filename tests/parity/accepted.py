"""Differences between the reference (3.7.11) and us that are as they should be, each with its reason.

A row rewrites one side so that what remains must be equal: OURS is brought back to the old wording, or
THEIRS on to the new one. A line of which nothing remains is left out."""

OURS, THEIRS = "ours", "theirs"

DIFFERENCES = [
    (OURS, r"(delays=D, )tls=\S+, ", r"\1", "3.11: deliveries tell their TLS state"),
    (OURS, r"^(NOQUEUE|QID): (lost connection|timeout|too many errors) after", r"\2 after",
     "3.10: such lines begin with the queue id"),
    (OURS, r"^QID: removed \((canceled|discarded)\)$", "", "3.10: cleanup tells that it removed a message"),
    (OURS, r" notes=bare_lf", "", "3.9: bare newlines are noted when the session ends"),
    (OURS, r'"orig_address": "[^"]*", ', "", "3.11: postqueue -j has more about a recipient"),
    (OURS, r', "bounce_reason": "[^"]*"', "", "3.11: postqueue -j has more about a recipient"),
    (OURS, r" conn_use=\d+,", "", "we use sessions again as a matter of course"),
    (THEIRS, r" conn_use=\d+,", "", "the reference only when there is a backlog"),
    (THEIRS, r"^(sendmail: )?warning: mail_stream_cleanup: close error$", "", "an accident between its processes, nothing for people"),
    (THEIRS, r"^warning: valid_\w+: .*$", "", "the name of a function of its own"),
    (THEIRS, r'ORCPT=rfc822;(\S*)\+C3\+([AB][0-9A-F])', lambda m: f"ORCPT=utf-8;{m[1]}\\x{{{int(m[2], 16) + 0x40:X}}}",
     "RFC 6533: an address beyond ASCII is of type utf-8"),
    (THEIRS, r'(ORCPT=utf-8;\S*)\+20', r"\1\\x{20}", "the same"),
    (THEIRS, r"^Original-Recipient: rfc822;(\S*[^\x00-\x7f])", r"Original-Recipient: utf-8;\1", "the same"),
    (THEIRS, r"^ Out: RSET\n Out: QUIT\n In:  250 2\.0\.0 Ok\n", "", "we keep the session, so a transcript ends before"),
    (THEIRS, r"^(meta|shlib)_directory = .*$", "", "what it needs to run from where it was unpacked"),
    (THEIRS, r" LD_LIBRARY_PATH=\S+", "", "what it needs to run from where it was unpacked"),
    (OURS, r"^(RCPT TO:<copy@.*) NOTIFY=NEVER$", r"\1", "3.11: nobody is told of a blind copy"),
    (THEIRS, r"^(RCPT TO:<copy@.*) NOTIFY=NEVER$", r"\1", "the same, where both have it"),
    (OURS, r"^QID: message-id=<discard@load\.example>$", "", "cleanup reads what it is to discard"),
    (THEIRS, r"^QID: message-id=<TIME\.QID@mta\.example>$", "", "what is refused at the end of data is not given to cleanup"),
    (OURS, r"^QID: message-id=<TIME\.QID@mta\.example>$", "", "the same, where both have it"),
    (THEIRS, r"^warning: \w+ map .* no replacement text: using empty string$", "", "how often a table is read is each one's own"),
    (OURS, r"^warning: \w+ map .* no replacement text: using empty string$", "", "the same"),
    (THEIRS, r"queued(\s+)as [0-9A-F]+\b", r"queued\1as N", "which of several messages is delivered first is chance"),
    (OURS, r"queued(\s+)as [0-9A-F]+\b", r"queued\1as N", "the same"),
    (THEIRS, r"^warning: (file system clock|resetting file time).*$", "", "two clocks of the test machine"),
]

# Scenarios in which we differ and should not: doc/status.md.
KNOWN = {}
