"""Queries asked for the servers with the new version and for those with the old one.

``{{ canary }}`` and ``{{ stable }}`` in a query stand for a regular expression that matches the names of those servers,
in any dialect: ``web-1|web-2``. Where there is no such server, it matches nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.analysis import (
    CANARY,
    STABLE,
    Analysis,
    CommandQuery,
    DatadogQuery,
    HttpQuery,
    PrometheusQuery,
    Query,
    StateQuery,
)

NOBODY = "nobody^"
"""Matches no text, since nothing is before its start; and no server has such a name."""

_SPECIAL = frozenset(".+*?(){}|$")
_UNTOLD = frozenset("[]^\\\"'`")


def resolved(analysis: Analysis, canary: Sequence[str], stable: Sequence[str]) -> Analysis:
    """Return the analysis with the names of these servers in its queries."""
    names = (_alternation(canary), _alternation(stable))
    comparison = analysis.comparison
    return replace(
        analysis,
        query=_query(analysis.query, names),
        comparison=comparison and replace(comparison, baseline=_query(comparison.baseline, names)),
    )


def _alternation(names: Sequence[str]) -> str:
    # No backslashes: they would have to be doubled in a text within quotes, and not elsewhere.
    return "|".join("".join(_literal(each) for each in name) for name in names) or NOBODY


def _literal(character: str) -> str:
    if character in _UNTOLD:
        return "."
    return f"[{character}]" if character in _SPECIAL else character


def _query(query: Query, names: tuple[str, str]) -> Query:
    def put(text: str) -> str:
        return text.replace(CANARY, names[0]).replace(STABLE, names[1])

    match query:
        case PrometheusQuery() | DatadogQuery():
            return replace(query, query=put(query.query))
        case HttpQuery():
            headers = {name: put(value) for name, value in query.headers.items()}
            return replace(query, url=put(query.url), value=put(query.value), headers=headers)
        case StateQuery():
            return query
        case CommandQuery():
            return replace(query, command=tuple(put(word) for word in query.command))
