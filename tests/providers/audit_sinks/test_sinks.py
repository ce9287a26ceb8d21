"""Places that the record is sent to: one contract for all of them, on real sockets, files and servers."""

import mmap
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.ports.errors import Denied, Refused, Unreachable, WorldError
from reconciler.ports.sink import Sink
from reconciler.providers.audit_sinks.collector import EVENTS, LINES, Collector
from reconciler.providers.audit_sinks.datagrams import Datagrams, Journald
from reconciler.providers.audit_sinks.file import File
from reconciler.providers.http import Http
from tests.providers.audit_sinks.receivers import Datagram, Lines, Posted, Receiver, Tcp
from tests.providers.listener import Listener

SORTS = ("udp", "unix", "journald", "tcp", "file", "lines over HTTP", "events over HTTP")
TEXTS = ["one", "two \N{SNOWMAN}", "three"]


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.close()


@pytest.fixture(params=SORTS)
async def receiver(request: pytest.FixtureRequest, tmp_path: Path, http: Http) -> AsyncIterator[Receiver]:
    made = _receiver(request.param, tmp_path, http)
    yield made
    await made.sink.close()
    with suppress(OSError):
        made.end()
    if isinstance(made, Posted):
        made.listener.__exit__(None, None, None)


def _receiver(sort: str, folder: Path, http: Http) -> Receiver:
    made: dict[str, Callable[[], Receiver]] = {
        "udp": lambda: Datagram(Datagrams, None),
        "unix": lambda: Datagram(Datagrams, folder / "log"),
        "journald": lambda: Datagram(Journald, folder / "socket"),
        "tcp": Tcp,
        "file": lambda: Lines(folder / "record" / "file.jsonl"),
        "lines over HTTP": lambda: Posted(http, LINES),
        "events over HTTP": lambda: Posted(http, EVENTS),
    }
    return made[sort]()


async def _send_until_it_is_noticed(sink: Sink, message: bytes) -> None:
    """UDP learns that nobody is there only by what it sent before."""
    for _ in range(50):
        await sink.send([message] * 3)


async def test_messages_arrive_whole_and_in_order(receiver: Receiver) -> None:
    await receiver.sink.send([receiver.worded(text) for text in TEXTS[:2]])
    await receiver.sink.send([receiver.worded(text) for text in TEXTS[2:]])
    found = receiver.taken(3)
    expected = [receiver.worded(text) for text in TEXTS]
    assert found == (expected if not isinstance(receiver, Tcp) else [text.encode() for text in TEXTS])


async def test_what_is_not_taken_is_told_and_who_comes_back_gets_the_next(receiver: Receiver) -> None:
    receiver.end()
    with pytest.raises(WorldError):
        await _send_until_it_is_noticed(receiver.sink, receiver.worded("lost"))
    receiver.begin()
    await receiver.sink.send([receiver.worded("again")])
    assert receiver.taken(1)[0].strip(b'"') == b"again"


async def test_what_is_larger_than_any_datagram_is_refused_and_not_only_away() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        with pytest.raises(Refused, match="too long"):
            await Datagrams(there.getsockname()).send([b"x" * 70_000])


async def test_a_message_that_is_too_large_for_a_datagram_is_handed_to_journald_as_a_sealed_file(
    tmp_path: Path,
) -> None:
    message = b"MESSAGE=" + b"x" * 5_000_000 + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(str(tmp_path / "socket"))
        journald.settimeout(10)
        await Journald(tmp_path / "socket").send([message])
        _, files, _, _ = socket.recv_fds(journald, 100, 1)
    with mmap.mmap(files[0], 0, access=mmap.ACCESS_READ) as found:
        assert found[:] == message
    with pytest.raises(PermissionError):
        os.write(files[0], b"more")
    os.close(files[0])


async def test_a_line_that_was_cut_off_by_a_crash_stays_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b'{"number":1}\n{"num')
    await File(tmp_path / "file").send([b'{"number":2}'])
    assert (tmp_path / "file").read_bytes().splitlines() == [b'{"number":1}', b'{"num', b'{"number":2}']


async def test_a_file_that_was_taken_away_is_made_anew(tmp_path: Path) -> None:
    sink = File(tmp_path / "file")
    await sink.send([b"1"])
    (tmp_path / "file").rename(tmp_path / "file.1")
    await sink.send([b"2"])
    assert ((tmp_path / "file.1").read_bytes(), (tmp_path / "file").read_bytes()) == (b"1\n", b"2\n")


async def test_a_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to(tmp_path / "other")
    with pytest.raises(Unreachable, match="symbolic links"):
        await File(tmp_path / "file").send([b"1"])


async def test_a_collector_gets_the_token_and_the_type_of_the_batch(http: Http) -> None:
    with Listener({"/audit": (202, b"")}) as listener:
        await Collector(http, f"{listener.url}/audit", LINES, lambda: "s3cret").send([b"1", b"2"])
        await Collector(http, f"{listener.url}/audit", EVENTS, lambda: None).send([b"{}", b"{}"])
    first, second = listener.asked
    assert (first.headers["Authorization"], first.headers["Content-Type"]) == ("Bearer s3cret", "application/x-ndjson")
    assert first.body == b"1\n2\n"
    assert "Authorization" not in second.headers
    assert second.headers["Content-Type"] == "application/cloudevents-batch+json"
    assert second.body == b"[{},{}]"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Denied), (403, Denied), (400, Refused), (413, Refused), (429, Unreachable), (500, Unreachable)],
)
async def test_what_a_collector_answers_is_an_error_by_what_can_be_done(
    status: int, kind: type[WorldError], http: Http
) -> None:
    with Listener({"/audit": (status, b"")}) as listener, pytest.raises(kind) as caught:
        await Collector(http, f"{listener.url}/audit?key=s3cret", LINES, lambda: None).send([b"1"])
    assert f"answered {status}" in str(caught.value)
    assert "s3cret" not in str(caught.value), "some collectors want a key in the query"
