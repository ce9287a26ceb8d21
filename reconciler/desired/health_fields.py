"""The small values people write in health checks: statuses, patterns, names, and texts that speak of a slot."""

import re
import ssl
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from reconciler.desired.fields import Matching, Strict
from reconciler.desired.slots import or_of_slot
from reconciler.desired.words import describe
from reconciler.model.health import StatusRange
from reconciler.verify.answer import pattern

_RANGE = re.compile(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")


def _statuses(value: Any) -> tuple[StatusRange, ...]:
    return tuple(_status(each) for each in (value if isinstance(value, list) else [value]))


def _status(value: Any) -> StatusRange:
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = _RANGE.fullmatch(written) if isinstance(written, str) else None
    if not match:
        raise ValueError(f"expected a status such as 200 or a range such as 200-299, got {describe(value)}")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise ValueError(f"a range goes from the lower to the higher status, got {describe(value)}")
    return StatusRange(first, last)


def _is_pattern(text: str) -> str:
    pattern(text)
    return text


_ONE_STATUS = {"oneOf": [{"type": "integer", "minimum": 100, "maximum": 599}, {"type": "string"}]}
Statuses = Annotated[
    tuple[StatusRange, ...],
    BeforeValidator(_statuses),
    WithJsonSchema(
        {
            "anyOf": [*_ONE_STATUS["oneOf"], {"type": "array", "items": _ONE_STATUS, "minItems": 1}],
            "description": 'statuses of HTTP: 200, "200-299", [200, 204, "300-399"]',
        }
    ),
    Field(min_length=1),
]
Pattern = Annotated[str, AfterValidator(_is_pattern)]
HeaderName = Annotated[str, Matching(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", "the name of a header")]
HeaderValue = Annotated[str, Matching(r"[ -~\t]{0,4000}", "the value of a header: printable ASCII on one line")]
HostName = Annotated[str, Matching(r"[A-Za-z0-9\[][A-Za-z0-9.:\]_-]{0,252}", "a host name, with :port if need be")]
UnitName = Annotated[str, Matching(r"[A-Za-z0-9:_.\\@-]{1,255}", "the name of a systemd unit, such as shop.service")]
Word = Annotated[str, Matching(r"[a-z][a-z-]{0,30}", "a state as systemctl says it, such as active or running")]
From = Annotated[Literal["controller", "target"], Field(alias="from")]
Slot = Annotated[str, Matching(r"|[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "the name of one of the app's slots")]


class OfSlot(Strict):
    """A part of a check: where the app has slots, a text that speaks of them may stand for any value in it."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(core)
        whole = handler.resolve_ref_schema(made)
        whole["properties"] = {key: or_of_slot(each) for key, each in whole["properties"].items()}
        return made


def authorities(data: bytes) -> str:
    """Return the text of a PEM file with certificates; ValueError when nothing in it can be trusted."""
    try:
        text = data.decode("ascii")
        ssl.create_default_context(cadata=text)
    except (UnicodeDecodeError, ssl.SSLError, ValueError) as error:
        raise ValueError("expected certificates in PEM (-----BEGIN CERTIFICATE-----)") from error
    return text
