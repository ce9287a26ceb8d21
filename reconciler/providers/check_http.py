"""One HTTP request of a health check, and the start of its answer. Nothing is remembered between two of them."""

import asyncio

import h11

from reconciler.model.health import HttpCheck
from reconciler.providers.dial import Closed, Door, Stream
from reconciler.verify.answer import Answer, read_at_most

_CHUNK = 16 * 1024
_HEAD_AT_MOST = 64 * 1024


async def request(check: HttpCheck, door: Door, stream: Stream) -> Answer:
    """Return what the request of the check is answered with; raise Closed when that is not HTTP."""
    reader, writer = stream
    talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_AT_MOST)
    try:
        asked = h11.Request(method=check.method, target=check.path, headers=_headers(check, door))
        writer.write(talk.send(asked) + talk.send(h11.EndOfMessage()))
        await writer.drain()
        return await _answer(talk, reader, read_at_most(check))
    except h11.ProtocolError as error:
        raise Closed(f"what {door.place} says is not HTTP: {error}") from error
    except ConnectionError as error:
        raise Closed(f"{door.place} closed the connection without an answer") from error


async def _answer(talk: h11.Connection, reader: asyncio.StreamReader, body_at_most: int) -> Answer:
    answer = Answer(status=0)
    while True:
        event = talk.next_event()
        match event:
            case h11.NEED_DATA:
                data = await reader.read(_CHUNK)
                if not data and not answer.status:
                    raise ConnectionAbortedError
                talk.receive_data(data)
            case h11.Response():
                headers = tuple((_text(name), _text(value)) for name, value in event.headers)
                answer = Answer(status=event.status_code, headers=headers)
                if not body_at_most:
                    return answer
            case h11.Data():
                answer = answer.longer(bytes(event.data))
                if len(answer.body) >= body_at_most:
                    return answer
            case h11.EndOfMessage():
                return answer
            case h11.ConnectionClosed() | h11.PAUSED:
                raise ConnectionAbortedError
            case _:
                pass  # an informational answer, before the one that counts


def _headers(check: HttpCheck, door: Door) -> list[tuple[str, str]]:
    usual = {
        "Host": check.host or door.authority,
        "User-Agent": "reconciler",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    given = {header.name.lower() for header in check.headers}
    return [
        *((name, value) for name, value in usual.items() if name.lower() not in given),
        *((header.name, header.value) for header in check.headers),
    ]


def _text(value: bytes) -> str:
    return bytes(value).decode("latin-1")
