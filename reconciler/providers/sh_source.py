"""Our own sh texts, made small for the way to a host: only what is called, without comments and indentation. Pure."""

import re
from functools import cache

_FUNCTION = re.compile(r"^(\w+)\(\) [{(](?:.*[})]\n|\n(?:.*\n)*?[})]\n)", re.MULTILINE)
_PARTS = re.compile(
    r"""
      (?P<data> '[^']*' | "(?:[^"\\]|\\.)*" | \\. )
    | (?P<gap> (?: [ \t]* (?:(?<![^\s;(])\#[^\n]*)? \n [ \t]* )+ )
    | (?P<wrong> << | ['"] )
    """,
    re.VERBOSE | re.DOTALL,
)


@cache
def compact(text: str) -> str:
    """Return the text without comments, blank lines and indentation; what is quoted stays as it is.

    ValueError for a text with a here-document or a quote that does not end: what is data in it cannot be told.
    """
    return _PARTS.sub(_shortened, f"\n{text}\n").lstrip("\n")


def _shortened(part: re.Match[str]) -> str:
    if part["wrong"]:
        raise ValueError(f"internal error: cannot make this small: {part.string[part.start() :][:60]!r}")
    return "\n" if part["gap"] else part[0]


def needed(library: str, calls: str, always: str = "") -> str:
    """Return the library with only those of its functions that the texts call, directly or through another one.

    ``always`` is a text that is the same each time: what it calls is found out once. A function starts at the beginning
    of a line and ends on it, or with a brace at the beginning of a line.
    """
    return _only(library, _of_constant(library, always) | _named(library, calls))


def _named(library: str, calls: str) -> frozenset[str]:
    # A script is long, and the names of the functions are few: looking for each is quicker than reading every word.
    names = _functions(library)
    return frozenset(name for name in names if name in calls and re.search(rf"\b{name}\b", calls))


@cache
def _of_constant(library: str, text: str) -> frozenset[str]:
    return _named(library, text)


@cache
def _only(library: str, called: frozenset[str]) -> str:
    functions = _functions(library)
    wanted: set[str] = set()
    names = set(called)
    while names:
        wanted |= names
        texts = (functions[name] for name in names)
        names = {word for text in texts for word in re.findall(r"\w+", text) if word in functions} - wanted
    return _FUNCTION.sub(lambda function: function[0] if function[1] in wanted else "", library)


@cache
def _functions(library: str) -> dict[str, str]:
    return {function[1]: function[0] for function in _FUNCTION.finditer(library)}
