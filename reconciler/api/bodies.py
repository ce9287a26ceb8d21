"""What may be sent with a request: a model for each, made from the request itself, so that there is one truth.

Durations are text as in documents (``30m``, ``2h``, ``7d``); a field that the path has is not in the body.
"""

import dataclasses
from collections.abc import Collection, Mapping
from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model
from pydantic.alias_generators import to_camel

from reconciler.model.access import Action, Match, Scope
from reconciler.model.asking import Request
from reconciler.model.duration import format_duration, parse_duration
from reconciler.model.governance import GateKind

LONGEST_TEXT = 2000
MOST = 100
LONGEST = timedelta(days=3660)


def _duration(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise ValueError("expected a duration, for example 30m or 2h")  # noqa: TRY004 - pydantic turns it into a 422
    found = parse_duration(value)
    if found > LONGEST:
        raise ValueError("ten years are the longest")
    return found


def _printable(value: str) -> str:
    # A line that could write over others on a terminal, or half of a character, is nobody's reason.
    if not all(char.isprintable() or char == "\n" for char in value):
        raise ValueError("expected text without control characters")
    return value


_DURATION = {
    "type": "string",
    "pattern": "^([0-9]{1,3}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?([0-9]{1,4}s)?([0-9]{1,4}ms)?$",
    "minLength": 2,
    "examples": ["2h"],
}
Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema(_DURATION)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT, strict=True), AfterValidator(_printable)]
Flag = Annotated[bool, Field(strict=True)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True, validate_default=True)


class MatchBody(_Body):
    """Units: by labels of their environment and app, and by globs of their names."""

    environments: dict[Text, Text] = Field(default={}, max_length=MOST)
    apps: dict[Text, Text] = Field(default={}, max_length=MOST)
    units: list[Text] = Field(default=[], max_length=MOST)


class ScopeBody(_Body):
    """What a token is good for at most; without actions every one that its owner has."""

    actions: list[Action] | None = Field(default=None, max_length=MOST)
    match: MatchBody = MatchBody()

    def scope(self) -> Scope:
        """Return it as a value of the model."""
        match = Match(environments=self.match.environments, apps=self.match.apps, units=tuple(self.match.units))
        return Scope(actions=tuple(self.actions) if self.actions is not None else None, match=match)


_FIELDS: Mapping[Any, Any] = {
    str: Text,
    bool: Flag,
    timedelta: Duration,
    Scope: ScopeBody,
    tuple[str, ...]: Annotated[list[Text], Field(max_length=MOST)],
    tuple[GateKind, ...]: Annotated[list[GateKind], Field(min_length=1, max_length=MOST)],
}


def body_of(request: type[Request], in_path: Collection[str]) -> type[BaseModel]:
    """Return the model of what is sent with a request, without the fields that are in the path."""
    hints = get_type_hints(request)
    fields: dict[str, Any] = {}
    for each in dataclasses.fields(request):
        hint = hints[each.name]
        if each.name not in in_path and get_origin(hint) is not Literal:
            fields[each.name] = (_form(hint), _default(each))
    name = f"{request.__name__}Body"
    return create_model(name, __base__=_Body, __doc__=(request.__doc__ or "").split("\n")[0], **fields)


def request_of(kind: type[Request], body: BaseModel | None, in_path: Mapping[str, Any]) -> Request:
    """Return the request that a body and a path make."""
    given = {} if body is None else {name: _value(getattr(body, name)) for name in type(body).model_fields}
    return kind(**in_path, **given)


def _form(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        (one,) = [each for each in get_args(hint) if each is not type(None)]
        return _FIELDS[one] | None
    return _FIELDS[hint]


def _default(each: "dataclasses.Field[Any]") -> Any:
    if each.default is dataclasses.MISSING:
        return ...
    match each.default:
        case Scope():
            return ScopeBody()
        case timedelta():
            return format_duration(each.default)
        case tuple():
            return list(each.default)
        case _:
            return each.default


def _value(value: Any) -> Any:
    if isinstance(value, ScopeBody):
        return value.scope()
    return tuple(value) if isinstance(value, list) else value
