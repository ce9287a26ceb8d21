"""The small values people write in documents: names, durations, amounts, ports, keys, references."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

from reconciler.desired.words import describe
from reconciler.model.duration import parse_duration
from reconciler.model.policy import Amount
from reconciler.model.secret_store import REFERENCE_PATTERN

_HOST_KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
_AMOUNT = re.compile(r"(\d{1,9})(%?)")


class Strict(BaseModel):
    """A part of a document: camelCase keys, unknown ones are mistakes, nothing changes once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, allow_inf_nan=False)


@dataclass(frozen=True)
class Matching:
    """The annotation for text that fits the pattern; ``what`` says in words what is expected.

    ``told`` is False where what was written may be a secret that got into the wrong place.
    """

    pattern: str
    what: str
    told: bool = True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        compiled = re.compile(self.pattern)

        def check(value: str) -> str:
            if not compiled.fullmatch(value):
                raise ValueError(f"expected {self.what}" + (f", got {describe(value)}" if self.told else ""))
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", "description": self.what}


def _duration(least: timedelta, words: str) -> Callable[[Any], timedelta]:
    def check(value: Any) -> timedelta:
        if not isinstance(value, str):
            raise ValueError(f"expected a duration such as 500ms, 30s, 5m or 1h30m, got {describe(value)}")  # noqa: TRY004
        length = parse_duration(value)
        if length < least:
            raise ValueError(f"expected a duration {words}, got {describe(value)}")
        return length

    return check


def _amount(least: int) -> Callable[[Any], Amount]:
    expected = "expected a number such as 2 or a percentage such as 25%"

    def check(value: Any) -> Amount:
        written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        match = _AMOUNT.fullmatch(written) if isinstance(written, str) else None
        if not match or (isinstance(value, str) and not match[2]):
            raise ValueError(f"{expected}, got {describe(value)}")
        amount = Amount(int(match[1]), percent=bool(match[2]))
        if amount.percent and amount.value > 100:
            raise ValueError(f"expected at most 100%, got {describe(value)}")
        if amount.value < least:
            raise ValueError(f"expected at least {least}, got {describe(value)}")
        return amount

    return check


def _host_key(value: str) -> str:
    words = value.split()
    if len(words) < 2 or words[0] not in _HOST_KEY_TYPES:
        raise ValueError(
            "expected a public host key as ssh-keyscan prints it, type and base64 (ssh-ed25519 AAAA...), "
            f"got {describe(value)}"
        )
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        raise ValueError(f"the key after {words[0]} is not base64; was it cut off?") from None
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != words[0].encode() or len(blob) <= 4 + length:
        raise ValueError(f"the key after {words[0]} is not a key of that type; was it cut off?")
    return " ".join(words[:2])


def _none_is_empty(value: Any) -> Any:
    return {} if value is None else value


_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^(?=.)(\d+d)?(\d+h)?(\d+m(?!s))?(\d+s)?(\d+ms)?$",
    "description": "a duration: 500ms, 30s, 5m, 1h30m",
}
_AMOUNT_SCHEMA = {
    "oneOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d+%$"}],
    "description": "a number or a percentage: 2, 25%",
}

Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Budget = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Name = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?",
        "a name of letters, digits, '-', '_' and '.', at most 100 of them",
    ),
]
Version = Annotated[
    str,
    Matching(r"[A-Za-z0-9][A-Za-z0-9._+:~-]{0,127}", "a version of letters, digits and '.', '_', '+', ':', '~', '-'"),
]
Address = Annotated[str, Matching(r"[A-Za-z0-9:][A-Za-z0-9.:%_-]{0,252}", "a host name or an IP address")]
User = Annotated[str, Matching(r"[A-Za-z_][A-Za-z0-9._@-]{0,63}\$?", "the name of a user")]
IS_SECRET = Matching(
    REFERENCE_PATTERN,
    "the reference of a secret, such as shop/db, and not the secret itself",
    told=False,
)
"""By this annotation references to secrets are found wherever they stand."""

SecretReference = Annotated[str, IS_SECRET]
HostPath = Annotated[str, Matching(r"~?/[^\0]*", "a path on the host that starts with '/' or '~/'")]
HttpPath = Annotated[str, Matching(r"/[!-~]*", "a path that starts with '/' and has no spaces")]
Ref = Annotated[str, Matching(r"[A-Za-z]+:.+", "a resource as kind:name, for example file:/etc/motd")]
Pause = Annotated[
    timedelta, BeforeValidator(_duration(timedelta(0), "of 0s or more")), WithJsonSchema(_DURATION_SCHEMA)
]
Period = Annotated[
    timedelta,
    BeforeValidator(_duration(timedelta(milliseconds=1), "longer than 0s")),
    WithJsonSchema(_DURATION_SCHEMA),
]
Some = Annotated[Amount, BeforeValidator(_amount(1)), WithJsonSchema(_AMOUNT_SCHEMA)]
Any0 = Annotated[Amount, BeforeValidator(_amount(0)), WithJsonSchema(_AMOUNT_SCHEMA)]
HostKey = Annotated[str, AfterValidator(_host_key)]
Labels = dict[str, str]
OrEmpty = BeforeValidator(_none_is_empty)
"""``staging:`` with nothing behind it says the same as ``staging: {}``."""
