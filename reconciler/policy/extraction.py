"""How a result is taken out of a JSON document: by JSONPath (RFC 9535), or by CEL over ``body`` or ``seen``.

The only place that knows the JSONPath library. It is loaded when the first path is compiled.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from reconciler.model.canonical import Json
from reconciler.policy.condition import ConditionMistake, Expression, Fault, Sort, expression

Language: TypeAlias = Literal["cel", "jsonpath"]


@dataclass(frozen=True, slots=True)
class Path:
    """A JSONPath that was compiled."""

    _compiled: Any

    def of(self, body: Json) -> Json:
        """Return the value at the path: the list of all where it leads to several or to none. Raise Fault."""
        from jsonpath import JSONPathError  # noqa: PLC0415

        try:
            found: list[Json] = self._compiled.findall(body)
        except (JSONPathError, RecursionError, TypeError, ValueError) as error:
            raise Fault(str(error)) from error
        return found[0] if len(found) == 1 else found


@dataclass(frozen=True, slots=True)
class Taking:
    """A CEL expression over ``body``."""

    _expression: Expression

    def of(self, body: Json) -> Json:
        """Return what the expression makes of the document; raise Fault."""
        return self._expression.value({"body": body})


def seen_by(text: str) -> Expression:
    """Compile a CEL expression over ``seen``, the resources that were looked at; raise ConditionMistake."""
    return expression(text, ("seen", Sort.JSON))


@lru_cache(maxsize=1024)
def extraction(text: str, language: Language) -> Path | Taking:
    """Compile how the result is taken out; raise ConditionMistake."""
    if language == "cel":
        return Taking(expression(text, ("body", Sort.JSON)))
    from jsonpath import JSONPathEnvironment, JSONPathError  # noqa: PLC0415 - most fleets need none

    try:
        return Path(JSONPathEnvironment(strict=True).compile(text))
    except (JSONPathError, RecursionError) as error:
        place = max(0, getattr(getattr(error, "token", None), "index", 0))
        said = error.args[0] if error.args else error
        hint = None if text.startswith("$") else "a JSONPath starts with $, for example $.data.rate"
        raise ConditionMistake(f"this is no JSONPath: {said}", 1, place + 1, hint) from error
