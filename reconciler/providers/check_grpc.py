"""One call of the gRPC health protocol over HTTP/2; the trailers, which have the status, are read too."""

from collections.abc import Sequence

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from reconciler.model.health import CheckResult, GrpcCheck
from reconciler.providers.dial import Closed, Door, Stream
from reconciler.verify.serving import PATH, Said, question, serving

_CHUNK = 16 * 1024
_BODY_AT_MOST = 64 * 1024
_STREAM = 1


async def ask(check: GrpcCheck, door: Door, stream: Stream) -> CheckResult:
    """Return what the app says of itself; raise Closed when it does not speak HTTP/2."""
    reader, writer = stream
    talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    call = _Call()
    try:
        talk.initiate_connection()
        talk.send_headers(_STREAM, _headers(check, door))
        talk.send_data(_STREAM, question(check.service), end_stream=True)
        while not call.ended:
            writer.write(talk.data_to_send())
            await writer.drain()
            data = await reader.read(_CHUNK)
            if not data:
                raise Closed(f"{door.place} closed the connection without an answer; does it speak HTTP/2?")
            call.hear(talk, talk.receive_data(data), door)
    except h2.exceptions.ProtocolError as error:
        raise Closed(f"what {door.place} says is not HTTP/2: {error}") from error
    except ConnectionError as error:
        raise Closed(f"{door.place} closed the connection without an answer") from error
    return serving(check, door.place, call.said())


class _Call:
    """What has been heard of the call."""

    def __init__(self) -> None:
        self.ended = False
        self._headers: dict[str, str] = {}
        self._body = b""

    def hear(self, talk: h2.connection.H2Connection, events: Sequence[h2.events.Event], door: Door) -> None:
        for event in events:
            match event:
                case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                    self._headers.update({str(name): str(value) for name, value in event.headers or ()})
                case h2.events.DataReceived():
                    self._body = (self._body + (event.data or b""))[:_BODY_AT_MOST]
                    talk.acknowledge_received_data(event.flow_controlled_length or 0, _STREAM)
                case h2.events.StreamEnded():
                    self.ended = True
                case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                    raise Closed(f"{door.place} ended the call without an answer (HTTP/2 error {event.error_code})")
                case _:
                    pass  # settings and windows, which h2 answers by itself

    def said(self) -> Said:
        if self._headers.get(":status") != "200":
            return Said(None)
        status = self._headers.get("grpc-status", "")
        return Said(
            int(status) if status.isascii() and status.isdigit() else None,
            self._headers.get("grpc-message", ""),
            self._body,
        )


def _headers(check: GrpcCheck, door: Door) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "https" if check.tls else "http"),
        (":path", PATH),
        (":authority", check.host or door.authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", "reconciler"),
        ("grpc-timeout", f"{min(99_999_999, max(1, round(check.timing.timeout.total_seconds() * 1000)))}m"),
    ]
