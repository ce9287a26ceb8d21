"""A registry of images on loopback, with basic auth, that serves what it is given by digest and by tag."""

import base64
import gzip
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.lab.own_engine import tree

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass
class Registry:
    """``address`` is what names of its images start with; ``user`` None lets anybody in."""

    address: str = ""
    user: str | None = "deploy"
    password: str = "hunter3"
    blobs: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    def push(self, name: str, files: Mapping[str, bytes], command: list[str]) -> str:
        """Have the image there; return its reference by digest."""
        plain = tree(files)
        layer = gzip.compress(plain, mtime=0)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": command},
            "rootfs": {"type": "layers", "diff_ids": [_digest(plain)]},
            "history": [{"created": "2026-01-01T00:00:00Z"}],
        }
        about = json.dumps(config).encode()
        parts = [{"mediaType": LAYER, "size": len(layer), "digest": self._keep(name, "blobs", layer, LAYER)}]
        head = {"mediaType": CONFIG, "size": len(about), "digest": self._keep(name, "blobs", about, CONFIG)}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": head, "layers": parts}
        digest = self._keep(name, "manifests", json.dumps(manifest).encode(), MANIFEST)
        return f"{self.address}/{name}@{digest}"

    def _keep(self, name: str, what: str, data: bytes, media: str) -> str:
        digest = _digest(data)
        self.blobs[f"/v2/{name}/{what}/{digest}"] = (media, data)
        return digest


@contextmanager
def running() -> Iterator[Registry]:
    """Have a registry for the time of the block."""
    registry = Registry()

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_HEAD(self) -> None:
            self._serve()

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            login = self.headers.get("Authorization", "")
            wanted = f"{registry.user}:{registry.password}".encode()
            if registry.user and login != "Basic " + base64.b64encode(wanted).decode():
                body = b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}'
                return self._answer(401, "application/json", body, {"WWW-Authenticate": 'Basic realm="lab"'})
            registry.logins.append(login)
            if self.path == "/v2/":
                return self._answer(200, "application/json", b"{}", {})
            media, data = registry.blobs.get(self.path, ("", b""))
            return self._answer(
                200 if media else 404, media or "application/json", data, {"Docker-Content-Digest": _digest(data)}
            )

        def _answer(self, status: int, media: str, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Type": media, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    registry.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
