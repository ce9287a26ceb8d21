"""Validation errors of pydantic in plain words, at the place in the document they are about."""

from collections.abc import Collection, Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError

from reconciler.desired.tree import Document
from reconciler.desired.words import Path, describe, dotted, nearest, one_of
from reconciler.model.problem import Problem

_MAPPING = "a mapping of keys and values"
_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "list_type": "a list",
    "tuple_type": "a list",
}
_NUMBER = frozenset(
    (
        *("int_type", "int_parsing", "int_from_float", "int_parsing_size", "float_type", "float_parsing"),
        *("greater_than", "greater_than_equal", "less_than", "less_than_equal"),
    )
)


def problems(
    error: ValidationError, model: type[BaseModel], document: Document, at: Path = (), also: Collection[str] = ()
) -> list[Problem]:
    """Return every mistake of the part of the document at the path, which was read as the model.

    ``also`` are keys that may stand there and are read by another model: an unknown one may be meant for them.
    """
    found = []
    for each in error.errors(include_url=False):
        given = each["loc"]
        if each["type"] == "extra_forbidden":
            *parent, key = given
            keys = _keys(model, tuple(parent))
            message = f"there is no key '{key}' here; expected {one_of(keys)}" if keys else f"no key '{key}' here"
            found.append(
                document.key_problem((*at, *given), message, nearest(str(key), [*keys, *(() if parent else also)]))
            )
        elif each["type"] == "missing":
            found.append(document.problem((*at, *given[:-1]), f"the key '{given[-1]}' is missing"))
        elif not _of_items(each):
            path = _in_document(document.data, at, given)
            message, hint = _words(each, model)
            found.append(document.problem(path, message, hint))
    return found


def _of_items(error: Any) -> bool:
    """Whether a list is only called too short because items of it are wrong, which is told anyway."""
    return bool(error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"])


def _in_document(data: Any, at: Path, given: Path) -> Path:
    """Leave out what pydantic puts into a location that is no key: names of union members, ``[key]``."""
    path: Path = ()
    for part in (*at, *given):
        match data:
            case dict() if part in data:
                data = data[part]
            case list() if isinstance(part, int) and part < len(data):
                data = data[part]
            case _:
                continue
        path = (*path, part)
    return path


def _words(error: Any, model: type[BaseModel]) -> tuple[str, str | None]:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    hint = None
    if kind in _EXPECTED:
        keys = _keys(model, error["loc"]) if _EXPECTED[kind] == _MAPPING else []
        expected = f"{_EXPECTED[kind]} ({one_of(keys)})" if keys else _EXPECTED[kind]
        hint = "put it in quotes" if kind == "string_type" and isinstance(value, int | float) else None
    elif kind in _NUMBER:
        expected = _number(model, error["loc"])
    elif kind in ("literal_error", "enum"):
        words = [word.strip("' ") for word in context["expected"].replace(" or ", ", ").split(", ")]
        expected = one_of(words)
        hint = nearest(value, words) if isinstance(value, str) else None
    elif kind == "value_error":
        return str(context["error"]), None
    elif kind == "too_short":
        return f"expected {context['min_length']} or more, got {context['actual_length']}", None
    else:
        return f"{error['msg'][:1].lower()}{error['msg'][1:]}, got {describe(value)}", None
    return f"expected {expected}, got {describe(value)}", hint


def _number(model: type[BaseModel], location: Path) -> str:
    """What number is expected, with its bounds where the model gives any."""
    low = high = None
    for annotation in _annotations(model, location):
        for extra in _metadata(annotation):
            match extra:
                case Ge(bound) | Gt(bound):
                    low = f"{'more than ' if isinstance(extra, Gt) else ''}{bound}"
                case Le(bound) | Lt(bound):
                    high = f"{'less than ' if isinstance(extra, Lt) else ''}{bound}"
                case _:
                    pass
    if low and high:
        return f"a number from {low} to {high}"
    return f"a number, at least {low}" if low else f"a number, at most {high}" if high else "a number"


def _keys(model: type[BaseModel], location: Path) -> list[str]:
    """The keys that are known at a place."""
    keys: dict[str, None] = {}
    for annotation in _annotations(model, location):
        for each in _models(annotation):
            keys.update({field.alias or name: None for name, field in each.model_fields.items()})
    return list(keys)


def _annotations(model: Any, location: Path) -> list[Any]:
    """What a place in a document was declared as; several where unions say so."""
    here = [model]
    for part in location:
        inside = [found for annotation in here for found in _step(annotation, part)]
        here = inside or here
    return here


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    for each in _models(annotation):
        for name, field in each.model_fields.items():
            if (field.alias or name) == part:
                yield Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    for each in _plain(annotation):
        arguments = get_args(each)
        if get_origin(each) is dict and isinstance(part, str):
            yield arguments[1]
        elif get_origin(each) in (list, tuple) and isinstance(part, int) and arguments:
            yield arguments[0]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for each in _plain(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield each


def _plain(annotation: Any) -> Iterator[Any]:
    """The members of a union, without annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _plain(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from _plain(each)
    else:
        yield annotation


def _metadata(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extras = get_args(annotation)
        for extra in extras:
            yield from getattr(extra, "metadata", [extra])
        yield from _metadata(inner)
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from _metadata(each)


def where(document: Document, path: Path) -> str:
    """Return ``file:line (path)`` for use within a message about another place."""
    problem = document.problem(path, "")
    return f"{problem.file}:{problem.line} ({dotted(path)})"
