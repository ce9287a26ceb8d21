"""What the answers of monitoring systems have in common: numbers, JSON, refusals."""

import json
import math
from collections.abc import Mapping, Sequence

from reconciler.model.canonical import Json
from reconciler.ports.errors import Broken, Denied, Unreachable, WorldError
from reconciler.ports.metrics import NoData, Reading, Value
from reconciler.ports.secrets import Secrets
from reconciler.providers.http import Response
from reconciler.providers.secret_use import used

_OK = 200
_SHOWN_AT_MOST = 200
_DIGITS = 18


def listed(numbers: Sequence[float]) -> Reading:
    """Return a list of numbers as a reading; one that holds NaN is no data: what is not known must not pass."""
    unknown = sum(math.isnan(number) for number in numbers)
    if not numbers:
        return NoData("the answer is empty")
    if unknown:
        return NoData("the answer is NaN" if len(numbers) == 1 else f"{unknown} of {len(numbers)} numbers are NaN")
    return Value(list(numbers))


def single(number: float) -> Reading:
    """Return one number as a reading."""
    return NoData("the answer is NaN") if math.isnan(number) else Value(number)


def json_of(body: bytes, who: str) -> Json:
    """Read a body as JSON; raise Broken."""
    try:
        read: Json = json.loads(body, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise Broken(f"the answer of {who} is not JSON: {line(body)}") from error
    return read


def _whole(text: str) -> int | float:
    # Conditions know whole numbers of 64 bits; a larger one is a number all the same.
    return int(text) if len(text) <= _DIGITS else float(text)


def refusal(response: Response, who: str, said: str = "") -> WorldError | None:
    """Return what a status other than 200 means, None for 200; ``said`` are the system's own words."""
    if response.status == _OK:
        return None
    words = f"{who} answered HTTP {response.status}: {said or line(response.body) or 'nothing else'}"
    if response.status in (401, 403):
        return Denied(words)
    if response.status in (408, 429) or response.status >= 500:
        return Unreachable(words)
    return Broken(words)


def secret(secrets: Secrets, reference: str, purpose: str) -> str:
    """Return a secret that goes into a header; raise Denied where none is fit to stand there, Unreachable."""
    value = used(secrets, reference, purpose, Denied)
    if not value.isascii() or not value.isprintable():
        raise Denied(f"{purpose}: the secret {reference} has characters that cannot stand in a header")
    return value


def bearer(secrets: Secrets, reference: str | None, purpose: str) -> Mapping[str, str]:
    """Return the header for a token by its reference; none without one."""
    return {"Authorization": f"Bearer {secret(secrets, reference, purpose)}"} if reference else {}


def line(text: bytes | str) -> str:
    """Return a text in one line, cut when it is long."""
    words = " ".join((text.decode(errors="replace") if isinstance(text, bytes) else text).split())
    return words if len(words) <= _SHOWN_AT_MOST else words[: _SHOWN_AT_MOST - 3] + "..."
