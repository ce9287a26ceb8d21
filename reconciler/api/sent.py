"""Requests that our own command line sends as whole values: checked like any other body, for anybody may send them."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import Discriminator, TypeAdapter

from reconciler.api.bodies import LONGEST, LONGEST_TEXT, MOST
from reconciler.model.asking import GoBack, Request
from reconciler.model.canonical import plain

T = TypeVar("T")

_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Discriminator("verb")])
_GO_BACK: TypeAdapter[GoBack] = TypeAdapter(GoBack)


def request_sent(body: bytes) -> Request:
    """Return the request; ValueError when it is none, or says too much."""
    return _checked(_REQUEST.validate_json(body))


def go_back_sent(body: bytes) -> GoBack:
    """Return the wish to go back; ValueError as above."""
    return _checked(_GO_BACK.validate_json(body))


def _checked(request: T) -> T:
    duration = getattr(request, "duration", None)
    if duration is not None and not timedelta(0) <= duration <= LONGEST:
        raise ValueError("ten years are the longest")
    for text in _texts(plain(request)):
        # A line that could write over others on a terminal, or half of a character, is nobody's reason.
        if len(text) > LONGEST_TEXT or not all(char.isprintable() or char == "\n" for char in text):
            raise ValueError("expected text without control characters, and not more than a page of it")
    return request


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            _refuse_many(value)
            for name, each in value.items():
                yield name
                yield from _texts(each)
        case list() | tuple():
            _refuse_many(value)
            for each in value:
                yield from _texts(each)
        case _:
            return


def _refuse_many(value: Any) -> None:
    if len(value) > MOST:
        raise ValueError(f"{MOST} of a sort are the most")
