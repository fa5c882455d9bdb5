"""A DNS server on the loopback interface with the zone that a test gives it."""

import itertools
import os

from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver, DNSServer

_numbers = itertools.count(1)


class Zone(BaseResolver):
    """records: zone file lines. refuse: names that get SERVFAIL. Everything else does not exist."""

    def __init__(self):
        self.records, self.failing, self.queries = [], set(), []

    def add(self, text):
        self.records += RR.fromZone(text)

    def resolve(self, request, handler):
        reply = request.reply()
        name, wanted = str(request.q.qname).lower().rstrip("."), QTYPE[request.q.qtype]
        self.queries.append((name, wanted))
        if name in self.failing:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        mine = [r for r in self.records if str(r.rname).lower().rstrip(".") == name]
        for r in mine:
            if QTYPE[r.rtype] in (wanted, "CNAME"):
                reply.add_answer(r)
        if not mine:
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


class Dns:
    """Listens at an address of its own, port 53 when root (so that resolv.conf can name it)."""

    def __init__(self):
        number = (os.getpid() * 16 + next(_numbers)) % (250 * 250)
        self.host = f"127.53.{number // 250 + 1}.{number % 250 + 1}"
        self.port = 53 if os.geteuid() == 0 else 5353
        self.zone = Zone()
        self._servers = [DNSServer(self.zone, address=self.host, port=self.port, tcp=tcp, logger=_Quiet())
                         for tcp in (False, True)]
        for server in self._servers:
            server.start_thread()

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def close(self):
        for server in self._servers:
            server.stop()
            server.server.server_close()


class _Quiet:
    def __getattr__(self, name):
        return lambda *args: None
