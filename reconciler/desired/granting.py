"""Who may do what by the documents of a commit, and what is wrong with them: a role or an environment nobody knows."""

from collections.abc import Iterator

from reconciler.desired.fleet import Fleet
from reconciler.desired.words import Path, describe, nearest, one_of
from reconciler.model.access import Access
from reconciler.model.problem import Problem
from reconciler.policy.access import BUILT_IN

_WILD = frozenset("*?[")


def granted(fleet: Fleet) -> Access:
    """Return the roles that have a document, and all bindings, in the order of their names."""
    return Access(
        roles={name: each.spec.to_model(name) for name, each in sorted(fleet.roles.items())},
        bindings=tuple(each.spec.to_model(name) for name, each in sorted(fleet.bindings.items())),
    )


def check(fleet: Fleet) -> list[Problem]:
    """Return every binding of a role that is not there, and every unit it can never be about."""
    return [*_roles(fleet), *_globs(fleet)]


def _roles(fleet: Fleet) -> Iterator[Problem]:
    known = sorted({*BUILT_IN, *fleet.named("Role")})
    for each in fleet.bindings.values():
        if each.spec.role not in known:
            message = f"there is no Role named {describe(each.spec.role)}; expected {one_of(known)}"
            yield each.document.problem(("spec", "role"), message, nearest(each.spec.role, known))


def _globs(fleet: Fleet) -> Iterator[Problem]:
    environments, apps = fleet.named("Environment"), fleet.named("App")
    for each in fleet.bindings.values():
        for number, glob in enumerate(each.spec.match.units):
            app, _, environment = glob.rpartition("@")
            path: Path = ("spec", "match", "units", number)
            if _wrong(environment, environments) and "@" in glob:
                message = f"there is no Environment named {describe(environment)}, so this fits no unit"
                yield each.document.problem(path, message, nearest(environment, environments))
            elif _wrong(app, apps) and "@" in glob:
                message = f"there is no App named {describe(app)}, so this fits no unit"
                yield each.document.problem(path, message, nearest(app, apps))


def _wrong(word: str, known: list[str]) -> bool:
    return not _WILD.intersection(word) and word not in known
