"""A password in the URL of a repository reaches the server it is for, and nobody else."""

import asyncio
import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reconciler.desired.git_line import GitLine
from reconciler.desired.remote import remote
from reconciler.ports.source import SourceError

PASSWORD = "hunter2$(id)%"
URL = "me:hunter2$(id)%25@"


class Seen:
    """What a server was sent, and what was in the arguments of all processes meanwhile."""

    def __init__(self) -> None:
        self.authorizations: list[str] = []
        self.arguments = b""
        self.redirect = ""


@contextmanager
def serving(seen: Seen) -> Iterator[int]:
    """Have an HTTP server that wants a password, or sends people on."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization")
            seen.authorizations += [given] if given else []
            for each in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.arguments += each.read_bytes()
                except OSError:
                    continue
            if seen.redirect:
                self.send_response(302)
                self.send_header("Location", seen.redirect + self.path)
            else:
                self.send_response(404 if given else 401)
                self.send_header("WWW-Authenticate", "Basic realm=x")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def _fetch(url: str, mirror: Path) -> str:
    line = GitLine(remote(url), mirror)
    with pytest.raises(SourceError) as error:
        await line.fetch("cannot fetch", "+refs/heads/main:refs/x")
    return str(error.value)


def _files(folder: Path) -> list[bytes]:
    return [each.read_bytes() for each in folder.rglob("*") if each.is_file()]


async def test_the_password_is_given_to_the_server_and_is_no_argument_of_any_process(tmp_path: Path) -> None:
    seen = Seen()
    with serving(seen) as port:
        said = await asyncio.wait_for(_fetch(f"http://{URL}127.0.0.1:{port}/fleet", tmp_path / "mirror"), 60)
    assert [base64.b64decode(each.split()[1]).decode() for each in seen.authorizations] == [f"me:{PASSWORD}"]
    assert b"fetch" in seen.arguments
    assert b"hunter2" not in seen.arguments
    assert "hunter2" not in said
    assert not any(b"hunter2" in each for each in _files(tmp_path))


async def test_a_server_that_sends_us_elsewhere_gives_nobody_else_the_password(tmp_path: Path) -> None:
    first, second = Seen(), Seen()
    with serving(second) as other, serving(first) as port:
        first.redirect = f"http://localhost:{other}"
        await asyncio.wait_for(_fetch(f"http://{URL}127.0.0.1:{port}/fleet", tmp_path / "mirror"), 60)
    assert b"fetch" in first.arguments
    assert second.arguments
    assert second.authorizations == []


@pytest.mark.parametrize(
    ("url", "bare", "shown"),
    [
        ("https://me:a%40b@h:8443/x.git", "https://h:8443/x.git", "https://me:***@h:8443/x.git"),
        ("https://:token@h/x", "https://h/x", "https://:***@h/x"),
        ("ssh://me:pw@h/x", "ssh://me@h/x", "ssh://me:***@h/x"),
        ("https://me@h/x", "https://me@h/x", "https://me@h/x"),
        ("git@h:ops/fleet.git", "git@h:ops/fleet.git", "git@h:ops/fleet.git"),
        ("/srv/a:b@c", "/srv/a:b@c", "/srv/a:b@c"),
    ],
)
def test_what_is_shown_and_what_git_is_told_have_no_password(url: str, bare: str, shown: str) -> None:
    taken = remote(url)
    assert (taken.url, taken.shown) == (bare, shown)
    assert not any(word in repr(taken) for word in ("a%40b", "a@b", "token", ":pw"))
