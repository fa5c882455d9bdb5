"""What the system, parity and fault tests and the benchmark stand on: a mail system in a private
directory (instance), a raw SMTP client (client), a receiving server (sink), a DNS server (dns).

Any of it drives Postrider or the reference Postfix (suite)."""
