"""Whether what an App selects, puts somewhere and asks fits together, by the sorts of its targets."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.desired.documents import AppSpec
from reconciler.desired.fleet import Written
from reconciler.desired.words import Path, one_of
from reconciler.model.problem import Problem
from reconciler.model.target import Sort, Target
from reconciler.ports.kind import Kind


def unfitting(app: Written[AppSpec], kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    """Yield resources and checks without targets of their sort, and sorts that are selected for nothing."""
    document, selected = app.document, list(app.spec.targets.by_sort)
    used = set()
    for index, each in enumerate(app.spec.resources):
        for kind in (name for name in each if name in kinds):
            sort = kinds[kind].TARGET
            used.add(sort)
            if sort not in selected:
                message = f"{kind} is for a {sort}, and the app selects none; it has {one_of([*map(_key, selected)])}"
                hint = f"write {_key(sort)} under spec.targets"
                yield document.key_problem(("spec", "resources", index, kind), message, hint)
    if all(name in kinds for each in app.spec.resources for name in each):
        for sort in (each for each in selected if each not in used):
            message = f"the app has no resource for a {sort}"
            fitting = [name for name, kind in kinds.items() if kind.TARGET is sort]
            known = f"kinds for it: {one_of(fitting)}" if fitting else None
            yield document.key_problem(("spec", "targets", _key(sort)), message, known)
    yield from _checks(app, selected)


def unasked(app: Written[AppSpec], targets: Sequence[Target]) -> Iterator[Problem]:
    """Yield checks that would have to be asked at targets without an address."""
    for index, check in enumerate(app.spec.health):
        place: Path = ("spec", "health", index, check.named)
        if check.asked is None:
            continue
        sort = check.asked.sort(app.spec.targets.by_sort)
        without = next((each for each in targets if each.sort is sort and not each.address), None)
        if sort is Sort.HTTP_API and without:
            message = f"{without.name} is an API, which has no address that a check could ask"
            yield app.document.problem(place, message, "its resources say themselves how they do")
        elif without:
            message = f"the check asks {without.name} at its address, and it has none"
            yield app.document.problem(place, message, "write spec.address there: where what runs on it is reached")


def _checks(app: Written[AppSpec], selected: Sequence[Sort]) -> Iterator[Problem]:
    for index, check in enumerate(app.spec.health):
        place: Path = ("spec", "health", index, check.named)
        if check.asked is None:
            if Sort.HOST not in selected:
                message = f"{check.named} asks a host, and the app has none"
                yield app.document.key_problem(place, message, "the other targets are asked with http, tcp or grpc")
            continue
        sort = check.asked.sort(selected)
        if sort not in selected:
            message = f"the app has no {_key(sort)} to ask; it has {one_of([*map(_key, selected)])}"
            yield app.document.problem((*place, "on"), message)
        elif sort is not Sort.HOST and check.asked.asked_from == "target":
            yield app.document.problem((*place, "from"), f"only a host can ask itself, and this asks {_key(sort)}")


def _key(sort: Sort) -> str:
    """How the sort is named under ``targets``."""
    return f"{sort}s"
