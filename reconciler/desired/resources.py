"""The ``resources`` of an App: what is written, checked as far as it can be before it is known for which target."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from reconciler.desired import mistakes
from reconciler.desired.documents import CommonSpec
from reconciler.desired.templates import TemplateMistake, Templates, is_template
from reconciler.desired.tree import Document
from reconciler.desired.words import Path, describe, nearest, one_of
from reconciler.model.problem import Problem
from reconciler.ports.kind import Kind

_COMMON = {field.alias or name for name, field in CommonSpec.model_fields.items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """One resource as written. ``spec`` is set when nothing in it is a template; ``names`` are variables it uses."""

    path: Path
    kind: str
    body: Mapping[str, Any]
    common: CommonSpec
    spec: Any = None
    names: frozenset[str] = frozenset()


def drafts(
    document: Document, kinds: Mapping[str, Kind], templates: Templates
) -> tuple[tuple[Draft, ...], list[Problem]]:
    """Read the resources of an App's document, whatever the rest of it is like."""
    spec = document.data.get("spec")
    written = spec.get("resources") if isinstance(spec, dict) else None
    found: list[Draft] = []
    problems: list[Problem] = []
    for index, each in enumerate(written if isinstance(written, list) else ()):
        path: Path = ("spec", "resources", index)
        if not isinstance(each, dict):
            continue
        if len(each) != 1:
            message = f"expected one resource (kind: {{...}}), got {len(each)} keys"
            hint = "put those after the first two columns further in" if len(each) > 1 else None
            problems.append(document.problem(path, message, hint))
            continue
        name, body = next(iter(each.items()))
        if name not in kinds:
            message = f"there is no kind of resource '{name}'; expected {one_of(list(kinds))}"
            problems.append(document.key_problem((*path, name), message, nearest(name, kinds)))
        elif not isinstance(body, dict):
            message = f"expected a mapping of keys and values, got {describe(body)}"
            problems.append(document.problem((*path, name), message))
        else:
            draft, more = _draft(document, (*path, name), kinds[name], templates)
            problems += more
            if draft:
                found.append(draft)
    return tuple(found), problems


def _draft(document: Document, path: Path, kind: Kind, templates: Templates) -> tuple[Draft | None, list[Problem]]:
    written = _at(document.data, path)
    body = {key: value for key, value in written.items() if key not in _COMMON}
    problems: list[Problem] = []
    try:
        common = CommonSpec.model_validate({key: value for key, value in written.items() if key in _COMMON})
    except ValidationError as error:
        problems += mistakes.problems(error, CommonSpec, document, path)
        common = CommonSpec()
    names: set[str] = set()
    for where, text in texts(body):
        try:
            names |= templates.names(text)
        except TemplateMistake as mistake:
            problems.append(document.problem((*path, *where), str(mistake), mistake.suggestion))
    try:
        spec: BaseModel | None = kind.Spec.model_validate(body)
    except ValidationError as error:
        spec = None
        problems += _surely(mistakes.problems(error, kind.Spec, document, path, _COMMON), error)
    templated = any(True for _ in texts(body))
    draft = Draft(path, kind.NAME, body, common, None if templated else spec, frozenset(names))
    return (None if problems else draft), problems


def texts(body: Any, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every text in a value that has something to be rendered, with its place."""
    if isinstance(body, str):
        if is_template(body):
            yield at, body
    elif isinstance(body, dict):
        for key, value in body.items():
            yield from texts(value, (*at, key))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from texts(value, (*at, index))


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _surely(problems: list[Problem], error: ValidationError) -> list[Problem]:
    """Leave out what may be right once its templates are rendered."""
    each = error.errors(include_url=False)
    return [
        problem
        for problem, one in zip(problems, each, strict=True)
        if one["type"] in ("missing", "extra_forbidden") or not any(True for _ in texts(one["input"]))
    ]
