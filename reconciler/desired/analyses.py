"""Whether Analysis documents make sense as they are written, and whether policies ask for them rightly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reconciler.desired.analysis_documents import AnalysisSpec
from reconciler.desired.fleet import Fleet, Written
from reconciler.desired.templates import is_template
from reconciler.desired.tree import Document
from reconciler.desired.words import Path, describe, expected, nearest
from reconciler.model.identity import UnitId
from reconciler.model.problem import Problem
from reconciler.policy.condition import ConditionMistake, Sort
from reconciler.policy.extraction import extraction, seen_by
from reconciler.policy.result import judging


@dataclass(frozen=True, slots=True)
class _Use:
    """Where a document asks for analyses: the place of each name, and of the arguments."""

    names: tuple[tuple[Path, str], ...]
    arguments: tuple[Path, Mapping[str, Any]]
    measured_often: bool


def uses_analyses(document: Document) -> bool:
    """Whether a policy asks for any analysis."""
    return any(True for _ in _uses(document))


def check(fleet: Fleet) -> list[Problem]:
    """Return what is wrong with Analysis documents as they are written, and with what policies ask of them."""
    problems = [each for written in fleet.analyses.values() for each in _as_written(written)]
    for (kind, _), document in fleet.names.items():
        for use in _uses(document) if kind == "RolloutPolicy" else ():
            problems += _of_names(fleet, document, use)
            problems += _of_arguments(fleet, document, use)
    return problems


def _uses(document: Document) -> Iterator[_Use]:
    """Read from the plain data, so that documents with other mistakes count as well."""
    spec = document.data.get("spec")
    if not isinstance(spec, dict):
        return
    for path, value in _asked(spec.get("strategy"), ("spec", "strategy")):
        yield _use(path, value, "names", measured_often=False)
    beside = spec.get("background")
    for index, value in enumerate(beside if isinstance(beside, list) else ()):
        yield _use(("spec", "background", index), value, "analysis", measured_often=True)


def _asked(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The value of every key ``analyse``, however deep."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "analyse":
                yield (*path, key), each
            else:
                yield from _asked(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _asked(each, (*path, index))


def _use(path: Path, value: Any, key: str, *, measured_often: bool) -> _Use:
    arguments: Any = {}
    if isinstance(value, dict):
        arguments = value.get("args", {})
        at, names = (*path, key), value.get(key)
    else:
        at, names = path, value
    several = enumerate(names) if isinstance(names, list) else ()
    found = ((at, names),) if isinstance(names, str) else tuple(((*at, index), each) for index, each in several)
    return _Use(
        tuple((place, name) for place, name in found if isinstance(name, str)),
        ((*path, "args"), arguments if isinstance(arguments, dict) else {}),
        measured_often,
    )


def _of_names(fleet: Fleet, document: Document, use: _Use) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, name in use.names:
        if not fleet.has("Analysis", name):
            known = fleet.named("Analysis")
            message = f"there is no Analysis named {describe(name)}{expected(sorted(known))}"
            yield document.problem(path, message, nearest(name, known))
        elif name in seen:
            yield document.problem(path, f"the analysis '{name}' stands here twice")
        seen.add(name)
        written = fleet.analyses.get(name)
        if written is None:
            continue
        needed = [each for each, default in written.spec.args.items() if default is None]
        for each in sorted(set(needed) - use.arguments[1].keys()):
            yield document.problem(path, f"the analysis '{name}' needs the argument '{each}'", "give it under args")
        if not use.measured_often and (few := _never_enough(written.spec)):
            yield document.problem(path, f"the analysis '{name}' {few}")


def _of_arguments(fleet: Fleet, document: Document, use: _Use) -> Iterator[Problem]:
    """Each argument has to be one that some of the analyses takes."""
    asked = [fleet.analyses.get(name) for _, name in use.names]
    if None in asked:
        return
    known = list(dict.fromkeys(name for each in asked if each for name in each.spec.args))
    path, given = use.arguments
    for name in given:
        if name not in known:
            message = f"no analysis here takes the argument {describe(name)}{expected(known)}"
            yield document.key_problem((*path, name), message, nearest(name, known))


def _never_enough(spec: AnalysisSpec) -> str | None:
    """Why a comparison can never be made: one number a measurement, and too few of them."""
    asked = spec.comparison
    conditions = [each for each in (spec.success, spec.failure) if each and not is_template(each)]
    if asked is None or spec.count >= asked.minimum or not conditions:
        return None
    try:
        one = judging(conditions[0], spec.provider.sort).sort is Sort.NUMBER
    except ConditionMistake:
        return None  # told where it is written
    few = f"compares {asked.minimum} values at least and is measured {spec.count} times: raise its count"
    return few if one else None


def _as_written(written: Written[AnalysisSpec]) -> Iterator[Problem]:
    """What can be said without rendering: of the texts that are no templates."""
    for path, text in texts(written.spec):
        if not is_template(text) and (problem := text_problem(written, path, text)):
            yield problem


def texts(spec: AnalysisSpec) -> Iterator[tuple[Path, str]]:
    """Yield the texts that have to be something: conditions, URLs, ways into JSON."""
    for key, text in (("success", spec.success), ("failure", spec.failure)):
        if text is not None:
            yield ("spec", key), text
    for name in ("prometheus", "datadog", "http"):
        if source := getattr(spec.provider, name):
            yield ("spec", "provider", name, "url"), source.url
    if spec.provider.state:
        yield ("spec", "provider", "state", "unit"), spec.provider.state.unit
    if spec.provider.http or spec.provider.state:
        yield ("spec", "query"), str(spec.query)
        if spec.comparison:
            yield ("spec", "comparison", "baseline"), str(spec.comparison.baseline)


def text_problem(written: Written[AnalysisSpec], path: Path, text: str, of: str = "") -> Problem | None:
    """Return what is wrong with one of the texts as it is, or as it was rendered (``of`` says for what)."""
    spec, document = written.spec, written.document
    try:
        match path[-1]:
            case "url":
                why = _no_url(text)
                return document.problem(path, of + why) if why else None
            case "success" | "failure":
                judging(text, spec.provider.sort)
            case "unit":
                UnitId.parse(text)
            case _ if spec.provider.http:
                extraction(text, spec.provider.http.language)
            case _:
                seen_by(text)
    except ConditionMistake as mistake:
        line = f"line {mistake.line}, " if mistake.line > 1 else ""
        return document.problem(path, f"{of}{line}character {mistake.column}: {mistake}", mistake.suggestion)
    except ValueError as error:
        return document.problem(path, f"{of}{error}")
    return None


def _no_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError as error:
        return f"{describe(url)} is no URL: {error}"
    if parts.username is not None or parts.password is not None:
        return "a URL with a name and a password would be stored and shown; use token, the reference of a secret"
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        return f"expected a URL that starts with http:// or https://, got {describe(url)}"
    return None
