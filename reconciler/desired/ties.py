"""What the resources of an app say of each other: ``dependsOn`` and ``restartOn``, on one target and between sorts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.desired.references import circles
from reconciler.desired.resources import Draft
from reconciler.desired.tree import Document
from reconciler.desired.words import expected, nearest
from reconciler.model.problem import Problem
from reconciler.model.resource import Resource
from reconciler.model.target import Sort


@dataclass(slots=True)
class Ties:
    """The resources of one unit on targets that are not alike, by ref, each with the text it was made from."""

    _seen: list[tuple[Sort, Mapping[str, tuple[Resource, Draft]]]] = field(default_factory=list)

    def see(self, sort: Sort, here: Mapping[str, tuple[Resource, Draft]]) -> None:
        """Remember what is on one target."""
        self._seen.append((sort, here))

    def problems(self, document: Document) -> Iterator[Problem]:
        """Yield refs that lead nowhere and circles; all targets have to be seen by then."""
        sorts = {ref: sort for sort, here in self._seen for ref in here}
        between: dict[str, dict[str, tuple[str, str, Draft]]] = {}
        for sort, here in self._seen:
            needs = {ref: (*each.depends_on, *each.restart_on) for ref, (each, _) in here.items()}
            for ref, (resource, draft) in here.items():
                for each in needs[ref]:
                    if each in here:
                        continue
                    other = sorts.get(each, sort)
                    if other is not sort and each in resource.depends_on:
                        between.setdefault(sort, {}).setdefault(other, (ref, each, draft))
                    else:
                        yield _nowhere(document, (ref, draft), each, (other, sorts, here))
            for circle in circles(needs):
                message = f"these wait for each other: {' -> '.join((*circle, circle[0]))}"
                yield document.problem(here[circle[0]][1].path, message)
        yield from _between(document, between)


def _nowhere(
    document: Document,
    written: tuple[str, Draft],
    wanted: str,
    known: tuple[Sort, Mapping[str, Sort], Mapping[str, tuple[Resource, Draft]]],
) -> Problem:
    (ref, draft), (other, sorts, here) = written, known
    key = "onChange" if "onChange" in draft.body else "restartOn"
    if wanted in draft.common.depends_on:
        key = "dependsOn"
    if wanted in sorts and sorts[wanted] is other and key != "dependsOn":
        message = f"{wanted} is on a target of another sort ({other}), and what it changes there restarts nothing here"
        return document.problem((*draft.path, key), message, "write it under dependsOn where only the order counts")
    names = sorted({*(sorts if key == "dependsOn" else here)} - {ref})
    message = f"there is no resource {wanted} in this app{expected(names)}"
    return document.problem((*draft.path, key), message, nearest(wanted, names))


def _between(document: Document, between: Mapping[str, Mapping[str, tuple[str, str, Draft]]]) -> Iterator[Problem]:
    """Targets of a sort are changed together: sorts that wait for each other could never begin."""
    for circle in circles(between):
        steps = [between[sort][after] for sort, after in zip(circle, (*circle[1:], circle[0]), strict=True)]
        ways = ", ".join(f"{ref} for {wanted}" for ref, wanted, _ in steps)
        message = f"all {' and all '.join(f'{sort}s' for sort in circle)} would wait for each other: {ways}"
        hint = "the targets of a sort are changed together; take one of these out of dependsOn, or make two Apps"
        yield document.problem((*steps[0][2].path, "dependsOn"), message, hint)
