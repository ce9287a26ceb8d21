"""Conditions in CEL: types are checked when they are read, and a condition that cannot be evaluated never holds.

The only place that knows the CEL library. It is loaded when the first condition is compiled.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.model.canonical import Json

if TYPE_CHECKING:
    from cel_expr_python import cel

_FAULT = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_CODE = re.compile(r"^[A-Z_]+: |( \[[A-Z_]+\])+$")
_MIXED = re.compile(r"\((?:double, int|int, double)\)")
_UNKNOWN = re.compile(r"undeclared reference to '([^']*)'.*")
_SHOWN_AT_MOST = 200


class Sort(StrEnum):
    """What a variable is. JSON may be anything, and is known only when the condition is evaluated."""

    NUMBER = "a number"
    NUMBERS = "a list of numbers"
    JSON = "JSON"
    TEXT = "text"
    TRUTH = "true or false"


class ConditionMistake(Exception):
    """A text is no condition, or its types do not fit. ``line`` and ``column`` count from 1 in the text."""

    def __init__(self, message: str, line: int = 1, column: int = 1, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.suggestion = suggestion


class Fault(Exception):
    """An expression has no value for what it was given: an index that is not there, a division by zero."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A CEL expression that was compiled, and the variables it is over."""

    text: str
    variables: tuple[tuple[str, Sort], ...]
    _compiled: Any

    def value(self, given: Mapping[str, Json]) -> Json:
        """Return what the expression makes of the variables; raise Fault."""
        try:
            found = self._compiled.eval(data=dict(given))
            if found.type().name() == "ERROR":
                # Its value is a text, which would be taken for true.
                raise Fault(_told(str(found.value())))
            value: Json = found.plain_value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise Fault(_told(str(error))) from error
        return value


@dataclass(frozen=True, slots=True)
class Condition:
    """A CEL expression that is true or false."""

    expression: Expression

    def holds(self, given: Mapping[str, Json]) -> bool:
        """Return whether it is true of the variables; raise Fault where that cannot be told."""
        value = self.expression.value(given)
        if not isinstance(value, bool):
            raise Fault(f"it is {type(value).__name__} and not true or false")
        return value


@lru_cache(maxsize=4096)
def expression(text: str, *variables: tuple[str, Sort]) -> Expression:
    """Compile an expression over these variables; raise ConditionMistake."""
    try:
        compiled = _environment(variables).compile(text)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _mistake(str(error), variables) from error
    return Expression(text, variables, compiled)


def compile(text: str, variables: Mapping[str, Sort]) -> Condition:  # noqa: A001 - it is what it does
    """Compile a condition over these variables; raise ConditionMistake, also when it is not true or false."""
    made = expression(text, *variables.items())
    kind = made._compiled.return_type().name()  # noqa: SLF001 - nobody else knows the library
    if kind != "BOOL":
        hint = "compare it: ... == true" if kind == "DYN" else "compare it, for example with < or =="
        raise ConditionMistake(f"expected something that is true or false, this is {_named(kind)}", suggestion=hint)
    return Condition(made)


@lru_cache(maxsize=64)
def _environment(variables: tuple[tuple[str, Sort], ...]) -> "cel.Env":
    from cel_expr_python import cel  # noqa: PLC0415 - most starts have no condition
    from cel_expr_python.ext import ext_math, ext_strings  # noqa: PLC0415

    types = {
        Sort.NUMBER: cel.Type.DOUBLE,
        Sort.NUMBERS: cel.Type.List(cel.Type.DOUBLE),
        Sort.JSON: cel.Type.DYN,
        Sort.TEXT: cel.Type.STRING,
        Sort.TRUTH: cel.Type.BOOL,
    }
    declared = {name: types[sort] for name, sort in variables}
    return cel.NewEnv(variables=declared, extensions=[ext_math.ExtMath(), ext_strings.ExtStrings()])


def _named(kind: str) -> str:
    names = {"DOUBLE": "a number", "INT": "a whole number", "STRING": "text", "DYN": "JSON of any form"}
    return names.get(kind, kind.lower())


def _mistake(error: str, variables: tuple[tuple[str, Sort], ...]) -> ConditionMistake:
    found = _FAULT.search(error)
    if not found:
        return ConditionMistake(_told(error))
    line, column, said = int(found[1]), int(found[2]), _told(found[3])
    hint = None
    if _MIXED.search(said):
        hint = "a number here has a decimal point: write 1.0 for 1"
    elif unknown := _UNKNOWN.match(said):
        said = f"there is nothing named '{unknown[1]}' here"
        hint = "known are " + ", ".join(f"{name} ({sort})" for name, sort in variables)
    return ConditionMistake(said, line, column, hint)


def _told(text: str) -> str:
    plain = _CODE.sub("", " ".join(text.split()))
    return plain if len(plain) <= _SHOWN_AT_MOST else plain[: _SHOWN_AT_MOST - 3] + "..."
