"""What takes messages on this machine, in real sockets and files; each can be away and come back at the same place."""

import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from reconciler.ports.sink import Sink
from reconciler.providers.audit_sinks.collector import EVENTS, Batch, Collector
from reconciler.providers.audit_sinks.datagrams import Datagrams, Journald
from reconciler.providers.audit_sinks.file import File
from reconciler.providers.audit_sinks.streams import Stream
from reconciler.providers.http import Http
from tests.providers.listener import Listener

_WITHIN = 10.0


class Receiver(Protocol):
    """Takes messages between ``begin`` and ``end``; ``sink`` sends to it."""

    sink: Sink

    def begin(self) -> None: ...

    def taken(self, number: int) -> list[bytes]:
        """Return what has come, once it is so many messages."""
        ...

    def end(self) -> None: ...

    def worded(self, text: str) -> bytes:
        """Return a message as this one takes it."""
        ...


class Datagram:
    """A Unix socket of datagrams, or one of UDP."""

    def __init__(self, sink_of: type[Datagrams], path: Path | None) -> None:
        self._path = path
        self._port = 0
        self.begin()
        self.sink: Sink = sink_of(path or ("127.0.0.1", self._port))

    def begin(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX if self._path else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(_WITHIN)
        self._socket.bind(str(self._path) if self._path else ("127.0.0.1", self._port))
        self._port = 0 if self._path else self._socket.getsockname()[1]

    def taken(self, number: int) -> list[bytes]:
        return [self._socket.recv(200_000) for _ in range(number)]

    def end(self) -> None:
        self._socket.close()
        if self._path:
            self._path.unlink(missing_ok=True)

    def worded(self, text: str) -> bytes:
        return text.encode()


class Tcp:
    """A server that reads counted messages, from one connection after the other."""

    def __init__(self) -> None:
        self._port = 0
        self.begin()
        self.sink: Sink = Stream("127.0.0.1", self._port)

    def begin(self) -> None:
        self._connections: list[socket.socket] = []
        self._data, self._more = bytearray(), threading.Condition()
        self._server = socket.create_server(("127.0.0.1", self._port))
        self._port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.append(connection)
            while chunk := self._read(connection):
                with self._more:
                    self._data += chunk
                    self._more.notify()

    def _read(self, connection: socket.socket) -> bytes:
        try:
            return connection.recv(65536)
        except OSError:
            return b""

    def taken(self, number: int) -> list[bytes]:
        with self._more:
            assert self._more.wait_for(lambda: len(self._messages()) >= number, _WITHIN)
        return self._messages()

    def _messages(self) -> list[bytes]:
        found, rest = [], bytes(self._data)
        while rest:
            count, space, after = rest.partition(b" ")
            if not space or len(after) < int(count):
                break
            found.append(after[: int(count)])
            rest = after[int(count) :]
        return found

    def end(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for each in self._connections:
            each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in self._connections:
            each.close()

    def worded(self, text: str) -> bytes:
        return b"%d %b" % (len(text.encode()), text.encode())


class Lines:
    """A file; it is away when its folder is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.begin()
        self.sink: Sink = File(path)

    def begin(self) -> None:
        self._path.parent.mkdir()

    def taken(self, number: int) -> list[bytes]:
        found = self._path.read_bytes().splitlines()
        assert len(found) == number
        return found

    def end(self) -> None:
        self._path.unlink(missing_ok=True)
        self._path.parent.rmdir()

    def worded(self, text: str) -> bytes:
        return text.encode()


class Posted:
    """A collector over HTTP; while it is away it answers 503."""

    def __init__(self, http: Http, batch: Batch) -> None:
        self._answers: dict[str, tuple[int, bytes]] = {"/audit": (200, b"")}
        self.listener = Listener(self._answers)
        self.listener.__enter__()
        self._batch = batch
        self.sink: Sink = Collector(http, f"{self.listener.url}/audit?key=k", batch, lambda: "a-token")

    def begin(self) -> None:
        self._answers["/audit"] = (200, b"")
        self.listener.asked.clear()

    def taken(self, number: int) -> list[bytes]:
        found = [each for asked in self.listener.asked for each in self._split(asked.body)]
        assert len(found) == number
        return found

    def _split(self, body: bytes) -> Sequence[bytes]:
        if self._batch is EVENTS:
            return [json.dumps(each).encode() for each in json.loads(body)]
        return body.splitlines()

    def end(self) -> None:
        self._answers["/audit"] = (503, b"")

    def worded(self, text: str) -> bytes:
        return json.dumps(text).encode()


__all__ = ["Datagram", "Datagrams", "Journald", "Lines", "Posted", "Receiver", "Tcp"]
