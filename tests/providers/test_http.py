"""Downloads over HTTP, from a real server."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from reconciler.ports.errors import TimedOut, Unreachable, WorldError
from reconciler.providers.http import Http, Request, _direct, _here
from tests.providers.listener import Listener

LIMIT = timedelta(seconds=20)


class Answers(BaseHTTPRequestHandler):
    """``/file`` is one, ``/moved`` leads to it, ``/circle`` to itself, ``/silent`` says nothing until it is let go.

    ``/endless`` gives a byte now and then until nobody listens any more.
    """

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
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while not self.go.wait(0.02):
                    self.wfile.write(b"x")
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


async def got(url: str, limit: timedelta = LIMIT, whole: timedelta = LIMIT) -> bytes:
    http = Http()
    try:
        return b"".join([chunk async for chunk in http.download(url, limit, whole)])
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


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    with Listener({}) as there:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, there.url)
            monkeypatch.setenv(name.lower(), there.url)
        for name in ("NO_PROXY", "no_proxy", "REQUEST_METHOD"):
            monkeypatch.delenv(name, raising=False)
        yield there


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "localhost", "LOCALHOST", "[::1]"])
async def test_no_proxy_is_told_of_what_is_for_this_machine(proxy: Listener, host: str) -> None:
    http = Http()
    request = Request(url=f"http://{host}:1/secret", headers={"X-Vault-Token": "s3cret"}, limit=timedelta(seconds=0.5))
    for ask in (http.exchange(request), got(request.url, request.limit)):
        with pytest.raises(WorldError):
            await ask
    await http.close()
    assert proxy.asked == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/api/token", "http://169.254.170.2/v2"])
def test_no_proxy_is_told_of_what_is_for_the_link_of_this_machine(proxy: Listener, url: str) -> None:
    assert proxy.url
    host = _here(url)
    assert host in url
    client = httpx.AsyncClient(mounts=_direct(host))
    assert client._transport_for_url(httpx.URL(url)) is client._transport
    assert client._transport_for_url(httpx.URL("http://198.51.100.9/")) is not client._transport


async def test_what_is_elsewhere_goes_by_the_proxy_of_the_environment(proxy: Listener) -> None:
    http = Http()
    assert (await http.exchange(Request(url="http://vault.example.org/v1"))).status == 404
    assert [each.target for each in proxy.asked] == ["http://vault.example.org/v1"]
    await http.close()


async def test_a_server_that_trickles_is_not_listened_to_for_ever(server: str) -> None:
    text = f"cannot fetch http://{server}/endless: not all of it came within 0.3 s"
    with pytest.raises(TimedOut, match=text):
        await got(f"http://{server}/endless", LIMIT, timedelta(seconds=0.3))
