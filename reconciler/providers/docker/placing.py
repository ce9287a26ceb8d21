"""How a container takes the place of another: from what is there to the one next request. Pure.

Whatever cut it off before, looking again and asking for the next request leads to the same end: nothing is remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from reconciler.model.canonical import Digest
from reconciler.model.container import PutContainer

SPEC = "reconciler/spec"
LIMITS = ("RestartPolicy", "Memory", "MemorySwap", "NanoCpus", "PidsLimit")
"""What the engine changes in a container that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """A container as it is. ``spec`` None: it was not made by us. ``health`` None: it has no healthcheck."""

    id: str
    spec: Digest | None
    state: str
    limits: Mapping[str, Any] = field(default_factory=dict)
    networks: tuple[str, ...] = ()
    health: str | None = None
    why: str = ""

    @property
    def stays_down(self) -> bool:
        """Whether the engine leaves it as it is once it has ended."""
        return (self.limits.get("RestartPolicy") or {}).get("Name") in (None, "", "no")

    @property
    def runs(self) -> bool:
        """Whether its process is there, or will be again."""
        return self.state in ("running", "restarting", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Who has the name, who is made beside it, and who was kept."""

    current: There | None = None
    new: There | None = None
    previous: There | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What cannot be seen. ``limits`` are the wanted ones, by their names in the API.

    ``started``: it was started just now; ``settled``: that is long enough ago to count.
    """

    limits: Mapping[str, Any] = field(default_factory=dict)
    started: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Create:
    """Make ``<name>.new``."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect ``<name>.new`` with a network."""

    container: There
    network: str


@dataclass(frozen=True, slots=True)
class Do:
    """Ask for something of one container. ``name`` is that of its place, for a person.

    ``retire``: the engine does not start it again by itself. ``limit``: limits and restart policy are the wanted ones.
    """

    verb: Literal["start", "stop", "remove", "rename", "retire", "limit"]
    container: There
    name: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again soon: the new one starts."""

    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It cannot be done; the new one goes, and what was there stays."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """It is as it shall be."""


Next: TypeAlias = Create | Connect | Do | Wait | GiveUp | Done


def next_step(places: Places, wanted: PutContainer, known: Known) -> Next:
    """Return what to ask for next."""
    stranger = _stranger(places, wanted.name)
    if stranger is not None:
        return GiveUp(stranger)
    if places.current is not None and is_wanted(places.current, wanted):
        return _tidied(places.current, places, wanted, known)
    return _switched(places, wanted, known)


def _stranger(places: Places, name: str) -> str | None:
    for place, container in ((f"{name}.new", places.new), (f"{name}.previous", places.previous)):
        # One that we took over has no label of ours, and was stopped and kept.
        if container is not None and container.spec is None and (container is places.new or container.runs):
            return f"there is a container {place} that is not ours; rename it or remove it"
    return None


def _tidied(current: There, places: Places, wanted: PutContainer, known: Known) -> Next:
    """The wanted one has the name: the others must not stand in its way."""
    previous = places.previous
    if places.new is not None:
        return Do("remove", places.new, f"{wanted.name}.new")
    if previous is not None and not previous.stays_down:
        # Whatever the person at the engine does, and whenever it starts anew, this one shall not run.
        return Do("retire", previous, f"{wanted.name}.previous")
    if previous is not None and previous.runs:
        return Do("stop", previous, f"{wanted.name}.previous")
    if wanted.running and not current.runs and not known.started:
        return Do("start", current, wanted.name)
    if not wanted.running and current.runs:
        return Do("stop", current, wanted.name)
    return Done()


def _switched(places: Places, wanted: PutContainer, known: Known) -> Next:
    current, new, previous = places.current, places.new, places.previous
    if new is None:
        taken = previous is not None and previous.spec == wanted.spec
        return (
            Do("rename", previous, f"{wanted.name}.previous", f"{wanted.name}.new") if taken and previous else Create()
        )
    before = _made(new, wanted, known) or (_brought_up(current, new, wanted, known) if wanted.running else None)
    if before is not None:
        return before
    if current is None:
        return Do("rename", new, f"{wanted.name}.new", wanted.name)
    if previous is not None:
        return Do("remove", previous, f"{wanted.name}.previous")
    if current.spec is None and current.runs:
        # Once it has another name, nobody could tell it from a stranger's.
        return Do("stop", current, wanted.name)
    return Do("rename", current, wanted.name, f"{wanted.name}.previous")


def is_wanted(container: There, wanted: PutContainer) -> bool:
    """Whether it is the container that shall be there."""
    return container.spec == wanted.spec and container.id != wanted.instead_of


def _made(new: There, wanted: PutContainer, known: Known) -> Next | None:
    """What is to be done before the new one is as it shall be; None when nothing is."""
    name = f"{wanted.name}.new"
    if not is_wanted(new, wanted) or new.state == "paused":
        # One that somebody paused shows nothing, and is not started by a start.
        return Do("remove", new, name)
    if any(new.limits.get(name) != value for name, value in known.limits.items()):
        return Do("limit", new, name)
    missing = next((network for network in wanted.networks if network not in new.networks), None)
    return Connect(new, missing) if missing else None


def _brought_up(current: There | None, new: There, wanted: PutContainer, known: Known) -> Next | None:
    """What is to be done before the new one has earned the name; None when nothing is."""
    if current is not None and current.runs and not wanted.ahead:
        return Do("stop", current, wanted.name)
    if not new.runs and not known.started:
        return Do("start", new, f"{wanted.name}.new")
    return _watched(new, wanted, known) if current is not None else None


def _watched(new: There, wanted: PutContainer, known: Known) -> Next | None:
    if new.state != "running":
        return GiveUp(f"the new container {wanted.name} does not keep running ({new.why})")
    match new.health:
        case "unhealthy":
            return GiveUp(f"the new container {wanted.name} is unhealthy ({new.why})")
        case "starting":
            return Wait(f"the new container {wanted.name} is not healthy yet")
        case "healthy":
            return None
        case _:
            # One that was found running was started before us: what it shows now is all that there is to see.
            young = known.started and not known.settled
            return Wait(f"the new container {wanted.name} was just started") if young else None


def there(inspected: Mapping[str, Any]) -> There:
    """Return a container as the engine tells of it; KeyError when that makes no sense."""
    state = inspected["State"]
    health = state.get("Health") or {}
    log = health.get("Log") or [{}]
    said = " ".join(str(log[-1].get("Output", "")).split())[:200]
    ended = f"exit {state.get('ExitCode')}" + (f": {state['Error']}" if state.get("Error") else "")
    return There(
        id=inspected["Id"],
        spec=(inspected["Config"].get("Labels") or {}).get(SPEC),
        state=state["Status"],
        limits={name: inspected["HostConfig"].get(name) for name in LIMITS},
        networks=tuple(sorted((inspected.get("NetworkSettings") or {}).get("Networks") or {})),
        health=health.get("Status"),
        why=said if health.get("Status") == "unhealthy" and said else ended,
    )
