"""An HTTP API of records, for tests: pages of every sort, logins, ETags, and faults on order. A thread serves it."""

import base64
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 3


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of, or after, what it asks for.

    ``status`` answers that; ``cut`` closes the connection, in the middle of an answer where ``half``; ``slow`` waits
    first. With ``done``, what was asked for is done all the same. ``method`` and ``path`` say which requests it is for.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"message": "broken on order"}'
    cut: bool = False
    half: bool = False
    slow: float = 0
    done: bool = False
    method: str = ""
    path: str = ""

    def fits(self, method: str, path: str) -> bool:
        return method.startswith(self.method) and self.path in path


@dataclass(frozen=True)
class Heard:
    """A request that came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """The records, by id. ``allowed`` are the values of the Authorization header that may in, any when it is empty."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.records: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.keys: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.heard: list[Heard] = []
        self.allowed: set[str] = set()
        self.client = ("reconciler", "client-secret")
        self.tokens = 0
        self.lasts = 3600
        self.masked: set[str] = set()
        self.unshown: set[str] = set()
        self.url = ""
        self._count = 0

    def add(self, **fields: Any) -> str:
        """Have a record, as if somebody else had made it."""
        with self.lock:
            self._count += 1
            name = str(self._count)
            self.records[name] = {"id": self._count, "created": "2026-11-21T09:00:00Z", **fields}
            self.versions[name] = 1
            return name

    def edit(self, name: str, **fields: Any) -> None:
        """Change a record by hand."""
        with self.lock:
            self.records[name] |= fields
            self.versions[name] += 1

    def remove(self, name: str) -> None:
        """Delete a record by hand."""
        with self.lock:
            del self.records[name]

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the records of that name."""
        with self.lock:
            return [dict(each) for each in self.records.values() if each.get("name") == name]

    def methods(self, *, but: str = "GET") -> list[str]:
        """Return what was asked, without the reads."""
        return [str(each) for each in self.heard if each.method != but and "/token" not in each.target]

    def faced(self, heard: Heard) -> tuple[Fault | None, Answer]:
        """Do what a request asks for, unless a fault stands in the way."""
        with self.lock:
            self.heard.append(heard)
            fault = next((each for each in self.faults if each.fits(heard.method, heard.target)), None)
            if fault:
                self.faults.remove(fault)
            return fault, Answer(500) if fault and not fault.done else self.answer(heard)

    def answer(self, heard: Heard) -> Answer:  # noqa: PLR0911 - one for each path
        """Do what a request asks for."""
        parts = urlsplit(heard.target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/token":
            return self._token(heard)
        if self.allowed and heard.headers.get("authorization") not in self.allowed:
            return Answer(401, {"message": "who are you?"}, {"WWW-Authenticate": "Bearer"})
        words = parts.path.removeprefix("/v1").strip("/").split("/")
        match heard.method, words:
            case "GET", [("records" | "numbered" | "offset" | "cursor" | "urls" | "rules") as how]:
                return self._page(how, query)
            case "POST", ["records" | "rules"]:
                return self._create(heard)
            case _, ["records" | "rules", name] if name in self.records:
                return self._one(heard, name)
            case _, ["flags", name]:
                return self._flag(heard, name)
            case "GET", ["away"]:
                return Answer(302, None, {"Location": query["to"]})
            case _:
                return Answer(404, {"message": "there is no such thing"})

    def _flag(self, heard: Heard, name: str) -> Answer:
        if heard.method == "PUT" and heard.headers.get("if-match", self._etag(name)) == self._etag(name):
            self.records[name] = {"id": name, **self._read(heard)}
            self.versions[name] = self.versions.get(name, 0) + 1
            return Answer(200, self.records[name])
        return self._one(heard, name) if name in self.records else Answer(404)

    def _etag(self, name: str) -> str:
        return f'"v{self.versions.get(name, 0)}"'

    def _page(self, how: str, query: Mapping[str, str]) -> Answer:
        fitting = [each for each in self.records.values() if query.get("type") in (None, each.get("type"))]
        everything = [self._shown(each) for each in fitting]
        size = int(query.get("per_page") or query.get("limit") or PAGE)
        if how == "offset":
            start = int(query.get("offset", 0))
        elif how in ("cursor", "urls", "rules"):
            start = int(query.get("after", 0))
        else:
            start = (int(query.get("page", 1)) - 1) * size
        here, more = everything[start : start + size], start + size < len(everything)
        body: dict[str, Any] = {"records": here, "total": len(everything)}
        headers = {"ETag": f'"{hash(json.dumps(body)) & 0xFFFFFFFF:x}"'}
        if how == "cursor":
            body["next"] = {"after": str(start + size)} if more else None
        if how == "rules":
            body = {"rules": here, "next": str(start + size) if more else ""}
        if how == "urls":
            body["next"] = f"{self.url}/urls?after={start + size}" if more else None
        if how == "records" and more:
            page = int(query.get("page", 1)) + 1
            headers["Link"] = f'<{self.url}/records?page={page}>; rel="next", </v1/records?page=1>; rel="first"'
        return Answer(200, body, headers)

    def _create(self, heard: Heard) -> Answer:
        key = heard.headers.get("idempotency-key", "")
        if key and key in self.keys:
            return Answer(201, self._shown(self.records[self.keys[key]]))
        name = self.add(**self._read(heard))
        if key:
            self.keys[key] = name
        return Answer(201, self._shown(self.records[name]))

    def _one(self, heard: Heard, name: str) -> Answer:
        etag = self._etag(name)
        expected = heard.headers.get("if-match")
        if heard.method in ("PUT", "PATCH", "DELETE") and expected not in (None, etag):
            return Answer(412, {"message": "it is not that one any more"})
        match heard.method:
            case "GET" if heard.headers.get("if-none-match") == etag:
                return Answer(304, None, {"ETag": etag})
            case "GET":
                return Answer(200, self._shown(self.records[name]), {"ETag": etag})
            case "DELETE":
                del self.records[name]
                return Answer(204)
            case _:
                return self._change(heard, name)

    def _change(self, heard: Heard, name: str) -> Answer:
        given = self._read(heard)
        version = given.pop("version", None)
        if version not in (None, self.versions[name]):
            return Answer(409, {"message": f"the version is {self.versions[name]}, not {version}"})
        if given.get("ttl", 60) < 60:
            return Answer(422, {"message": "ttl has to be at least 60", "given": given})
        kept = self.records[name] if heard.method == "PATCH" else {"id": self.records[name]["id"], "created": "x"}
        self.records[name] = {**kept, **given}
        self.versions[name] += 1
        return Answer(200, self._shown(self.records[name]))

    def _read(self, heard: Heard) -> dict[str, Any]:
        if heard.headers.get("content-type") == "application/x-www-form-urlencoded":
            return {name: values[0] for name, values in parse_qs(heard.body.decode()).items()}
        read: dict[str, Any] = json.loads(heard.body)
        return read

    def _shown(self, record: Mapping[str, Any]) -> dict[str, Any]:
        version = {"version": self.versions.get(str(record["id"]), 1)}
        shown = {**record, **version, **{name: "********" for name in self.masked if name in record}}
        return {name: value for name, value in shown.items() if name not in self.unshown}

    def _token(self, heard: Heard) -> Answer:
        user, _, password = base64.b64decode(heard.headers["authorization"].split()[1]).decode().partition(":")
        if (user, password) != self.client or parse_qs(heard.body.decode())["grant_type"] != ["client_credentials"]:
            return Answer(401, {"error": "invalid_client", "error_description": f"{user} may not, with {password}"})
        self.tokens += 1
        token = f"token-{self.tokens}"
        self.allowed = {f"Bearer {token}"}
        return Answer(200, {"access_token": token, "token_type": "bearer", "expires_in": self.lasts})


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        heard = Heard(self.command, self.path, headers, self.rfile.read(length))
        fault, answer = self.server.api.faced(heard)
        if fault and fault.slow:
            time.sleep(fault.slow)
        if fault and fault.cut:
            self._cut(fault)
        elif fault and fault.status:
            self._say(fault.status, fault.body, fault.headers)
        else:
            body = b"" if answer.body is None else json.dumps(answer.body).encode()
            self._say(answer.status, body, {"Content-Type": "application/json", **answer.headers})

    def _cut(self, fault: Fault) -> None:
        if fault.half:
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"records": [')
        self.close_connection = True
        self.connection.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _say(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status not in (204, 304):
                self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, api: Api, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.api = api
        self.open: set[socket.socket] = set()

    def cut_off(self) -> None:
        """Close what is still connected."""
        for each in list(self.open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections are cut on purpose."""


@contextmanager
def serving(api: Api, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Callable[[], None]]:
    """Serve the API for the time of the block; its URL is in ``api.url``. What is yielded ends it sooner."""
    server = _Server(api, port)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    api.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    gone = threading.Event()

    def stop() -> None:
        if not gone.is_set():
            gone.set()
            server.shutdown()
            server.server_close()
            server.cut_off()
            thread.join()

    try:
        yield stop
    finally:
        stop()
