"""The words of documents that several kinds share: paths, modes, owners. What is wrong is said in words."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Written(BaseModel):
    """The base of every Spec: frozen, camelCase keys, unknown keys are mistakes, values keep their types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


def path_problem(path: str) -> str | None:
    """Return what is wrong with a path of a resource, None when nothing is."""
    if not path.startswith(("/", "~/")):
        return "write a path that starts with / or with ~/ (the home of the user reconciler connects as)"
    if "\0" in path:
        return "a path cannot hold a NUL character"
    parts = path.split("/")[1:]
    if "" in parts or "." in parts or ".." in parts:
        return "write the path without '.', '..', doubled or trailing slashes, so that it has one spelling only"
    return None


def _path(path: str) -> str:
    if problem := path_problem(path):
        raise ValueError(problem)
    return path


def _quoted(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise ValueError("put it in quotes: without them YAML reads a number or a truth value here")  # noqa: TRY004
    return value


def _quoted_mode(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise ValueError(  # noqa: TRY004 - pydantic turns ValueError into a problem of the document
            'write the mode in quotes, for example "0644": without them YAML makes another number of it'
        )
    return value


def _mode(mode: str) -> str:
    if not re.fullmatch(r"[0-7]{3,4}", mode, re.ASCII):
        raise ValueError('write the mode as three or four octal digits in quotes, for example "0644"')
    return mode.zfill(4)


def _account(name: str) -> str:
    if not re.fullmatch(r"[^\x00-\x20\x7f:/+-][^\x00-\x1f\x7f:/]*", name):
        raise ValueError("write the name or the number of an account of the host")
    return name


def _filled(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("must not be empty nor hold a NUL character")
    return text


Path = Annotated[
    str,
    AfterValidator(_path),
    Field(json_schema_extra={"pattern": r"^~?/"}, description="absolute, or ~/ and the rest"),
]
"""Where something is on a host: absolute or ``~/...``, in its one spelling."""

Mode = Annotated[
    str,
    BeforeValidator(_quoted_mode),
    AfterValidator(_mode),
    Field(json_schema_extra={"pattern": r"^[0-7]{3,4}$"}, description='octal digits in quotes, for example "0644"'),
]
"""Permissions as four octal digits."""

Account = Annotated[str, BeforeValidator(_quoted), AfterValidator(_account)]
"""A user or a group of the host, by name or by number (in quotes)."""

Text = Annotated[str, BeforeValidator(_quoted), AfterValidator(_filled)]
"""A text that is not empty."""


def one_of(given: dict[str, object], *, at_least: int) -> None:
    """Raise ValueError unless at most one of the given values is set, and at least ``at_least`` of them are."""
    words = ", ".join(list(given)[:-1]) + " or " + list(given)[-1]
    found = [name for name, value in given.items() if value is not None]
    if len(found) > 1:
        raise ValueError(f"give one of {words}, not {' and '.join(found)}")
    if len(found) < at_least:
        raise ValueError(f"give one of {words}")
