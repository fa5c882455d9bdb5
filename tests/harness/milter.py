"""A mail filter (milter protocol version 6) that edits each message at its end as it was told to."""

import socket
import struct
import threading

ACTIONS = 0x1FF  # all that there are
NO_REPLY = b"DA"  # macros, abort


class Milter:
    """edits: what is sent at the end of each message: (command, data), for instance (b"h", b"X-A\\0value\\0")."""

    def __init__(self, *edits):
        self.edits = edits
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def close(self):
        self._server.close()

    def _run(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(connection,), daemon=True).start()

    def _session(self, connection):
        with connection, connection.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                packet = stream.read(struct.unpack("!I", head)[0])
                command = packet[:1]
                if command == b"Q" or not packet:
                    return
                if command == b"O":
                    self._send(connection, b"O", struct.pack("!III", 6, ACTIONS, 0))
                    continue
                if command == b"E":
                    for edit in self.edits:
                        self._send(connection, *edit)
                if command not in NO_REPLY:
                    self._send(connection, b"c")

    @staticmethod
    def _send(connection, command, data=b""):
        connection.sendall(struct.pack("!I", 1 + len(data)) + command + data)
