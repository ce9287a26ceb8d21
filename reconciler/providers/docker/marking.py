"""What is ours on an engine: a label on containers, networks and volumes says so, for when the journal is lost.

An engine has no transactions and labels do not change; so each thing says for itself who made it and which commit asked
for it. What is made anew in the place of another is as much ours as that one was.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.model.canonical import canonical
from reconciler.model.ground import Ground
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.mark import Mark, Marked, Marks
from reconciler.model.target import DockerEngine
from reconciler.ports.errors import Broken
from reconciler.ports.marks import Recorded
from reconciler.providers.docker.asking import Request, decoded, refusal
from reconciler.providers.docker.engines import Engines

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

LABEL = "reconciler/mark"
MADE_AT = {"/networks/create": "network", "/volumes/create": "volume"}
"""Which kind a request makes, by its path."""

_ONE = {"container": "/containers/{}/json", "network": "/networks/{}", "volume": "/volumes/{}"}
_ALL = {"container": "/containers/json", "network": "/networks", "volume": "/volumes"}


async def labels(engine: "Engine", marks: Marks | None) -> Mapping[str, str]:
    """Return the text of the label for each thing that the transaction may make, by its ref."""
    found = {}
    for mark in marks.put if marks else ():
        if mark.resource.kind in _ONE:
            created = mark.created or await _made_by_us(engine, mark.resource)
            found[mark.resource.ref] = _text(mark, created=created)
    return found


def labelled(body: bytes, kind: str, texts: Mapping[str, str], name: str | None = None) -> bytes:
    """Return the body of a request that makes a thing of the kind, with its label; as it was for one that has none.

    ``name`` is the thing's, where the body does not say it.
    """
    document = json.loads(body)
    text = texts.get(f"{kind}:{name or document.get('Name')}")
    if text is None:
        return body
    document["Labels"] = {**(document.get("Labels") or {}), LABEL: text}
    return json.dumps(document).encode()


def _text(mark: Mark, *, created: bool) -> str:
    said = {"unit": str(mark.resource.unit), "ref": mark.resource.ref, "commit": mark.commit, "digest": mark.digest}
    return canonical({**said, "created": created})


async def _made_by_us(engine: "Engine", resource: ResourceId) -> bool:
    answer = await engine.ask(Request(path=_ONE[resource.kind].format(quote(resource.name, safe=""))))
    if not answer.fine:
        return False
    there = decoded(engine.name, answer.body)
    before = _read(engine.name, there if resource.kind != "container" else there.get("Config") or {})
    return before is not None and before.resource == resource and before.created


class EngineRecords:
    """Reads what engines keep of us; see ``ports.marks.Records``."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    async def of(self, target: DockerEngine) -> Recorded:
        """Return what the labels on an engine say; raise WorldError when it cannot be asked."""
        engine = self._engines.of(target)
        marks = [mark for kind, path in _ALL.items() for mark in _named(target.name, kind, await _list(engine, path))]
        return Recorded(Ground(), tuple(_by_unit(target.name, marks)))


async def _list(engine: "Engine", path: str) -> list[Any]:
    query = (("filters", json.dumps({"label": [LABEL]})), *((("all", "1"),) if path.endswith("json") else ()))
    answer = await engine.ask(Request(path=path, query=query))
    if not answer.fine:
        raise refusal(engine.name, "look for what is ours", answer)
    try:
        found = json.loads(answer.body)
        return list(found.get("Volumes") or () if isinstance(found, dict) else found)
    except (ValueError, TypeError) as error:
        raise Broken(f"{engine.name} says what makes no sense of {path}: {error}") from error


def _named(target: str, kind: str, there: Iterable[Any]) -> Iterator[Mark]:
    """Yield the marks of things that have the name that their label says; a container that was kept aside has not."""
    for each in there:
        names = [name.removeprefix("/") for name in each.get("Names") or [each.get("Name") or ""]]
        mark = _read(target, each)
        if mark is not None and mark.resource.kind == kind and mark.resource.name in names:
            yield mark


def _read(target: str, there: Mapping[str, Any]) -> Mark | None:
    """What the label says; None where there is none, or one that somebody else has written."""
    try:
        said = json.loads((there.get("Labels") or {}).get(LABEL) or "null")
        unit, ref, created = UnitId.parse(said["unit"]), str(said["ref"]), said["created"] is True
        resource = ResourceId.parse(f"{unit}/{target}/{ref}")
        return Mark(resource=resource, created=created, commit=str(said["commit"]), digest=str(said["digest"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _by_unit(target: str, marks: Iterable[Mark]) -> Iterator[Marked]:
    """Yield them by unit and commit: any of the commits may be the one that the unit was brought to last."""
    found: dict[tuple[UnitId, str], list[Mark]] = {}
    for mark in marks:
        found.setdefault((mark.resource.unit, mark.commit), []).append(mark)
    for (unit, commit), ours in sorted(found.items()):
        yield Marked(unit=unit, target=target, commit=commit, marks=tuple(ours))
