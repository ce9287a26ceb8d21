"""Downloads over HTTP, from a real server."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reconciler.ports.errors import TimedOut, Unreachable, WorldError
from reconciler.providers.http import Http

LIMIT = timedelta(seconds=20)


class Answers(BaseHTTPRequestHandler):
    """``/file`` is one, ``/moved`` leads to it, ``/circle`` to itself, ``/silent`` says nothing until it is let go."""

    go = threading.Event()

    def do_GET(self) -> None:
        if self.path in ("/moved", "/circle"):
            self.send_response(302)
            self.send_header("Location", "/file" if self.path == "/moved" else "/circle")
            self.end_headers()
            return
        if self.path == "/silent":
            self.go.wait(60)
            return
        self.send_response(200 if self.path == "/file" else 404)
        self.end_headers()
        self.wfile.write(b"bytes" * 1000)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Answers.go.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as there:
        thread = threading.Thread(target=there.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{there.server_port}"
        Answers.go.set()
        there.shutdown()
        thread.join()


async def got(url: str, limit: timedelta = LIMIT) -> bytes:
    http = Http()
    try:
        return b"".join([chunk async for chunk in http.download(url, limit)])
    finally:
        await http.close()


@pytest.mark.parametrize("path", ["file", "moved"])
async def test_a_file_is_downloaded_from_where_it_is_now(server: str, path: str) -> None:
    assert await got(f"http://{server}/{path}") == b"bytes" * 1000


@pytest.mark.parametrize(
    ("path", "error", "text"),
    [
        ("gone", Unreachable, "cannot fetch http://{server}/gone: HTTP 404"),
        ("circle", Unreachable, "cannot fetch http://{server}/circle: Exceeded maximum allowed redirects"),
        ("silent", TimedOut, "cannot fetch http://{server}/silent: no answer within 0.2 s"),
    ],
)
async def test_a_download_that_fails_says_why_and_shows_no_password(
    server: str, path: str, error: type[WorldError], text: str
) -> None:
    limit = timedelta(seconds=0.2) if error is TimedOut else LIMIT
    with pytest.raises(error) as caught:
        await got(f"http://ada:hunter2@{server}/{path}", limit)
    assert str(caught.value).startswith(text.format(server=server))
    assert "hunter2" not in str(caught.value)
