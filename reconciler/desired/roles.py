"""Whether the roles that policies ask are there: with one that is misspelt a plan would wait for nobody."""

from collections.abc import Iterator
from typing import Any

from reconciler.desired.fleet import Fleet
from reconciler.desired.words import Path, describe, expected, nearest
from reconciler.model.problem import Problem
from reconciler.policy.access import BUILT_IN
from reconciler.policy.approvers import ROLE


def check(fleet: Fleet) -> list[Problem]:
    """Return every role that is neither a document nor built in. Documents with other mistakes count as well."""
    known = [*BUILT_IN, *fleet.named("Role")]
    problems = []
    for (kind, _), document in fleet.names.items():
        for path, role in _named(kind, document.data.get("spec")):
            if role not in known:
                message = f"there is no Role named {describe(role)}{expected(sorted(known))}"
                problems.append(document.problem(path, message, nearest(role, known)))
    return problems


def _named(kind: str, spec: Any) -> Iterator[tuple[Path, str]]:
    match kind, spec:
        case (("ApprovalPolicy" | "Guardrail"), dict()):
            yield from (each for each in _texts(spec, ("spec",)) if "roles" in each[0])
        case "RolloutPolicy", {"strategy": strategy}:
            for path, text in _texts(strategy, ("spec", "strategy")):
                if path[-3:-1] == ("approve", "from") and text.removeprefix(ROLE) not in ("", text):
                    yield path, text.removeprefix(ROLE)
        case _:
            return


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text, however deep, with its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, (*path, index))
