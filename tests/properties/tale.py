"""A random rollout, drawn from one number: the fleet, the policy, what is asked for, and what goes wrong when."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from random import Random

from reconciler.model.canonical import Digest, digest_bytes
from reconciler.model.content import Content
from reconciler.model.health import HttpCheck, Timing
from reconciler.model.policy import BlueGreen, Canary, FailureBudget, OnFailure, RevertPace, RolloutPolicy
from reconciler.model.resource import Resource
from reconciler.model.target import Sort, Target
from reconciler.model.traffic import HaproxyRouter, Member
from reconciler.model.unit import Desired, Unit
from reconciler.simulate.life import Death
from reconciler.simulate.world import Fault
from tests import factory
from tests.properties import strategies
from tests.properties.kind import OF_SORT

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CHECK = HttpCheck(port=80, timing=Timing(initial_delay=SECOND, period=5 * SECOND, failure_threshold=2))
FAULTS = (
    Fault.UNREACHABLE,
    Fault.REFUSED,
    Fault.DIES_BEFORE,
    Fault.DIES_AFTER,
    Fault.RUNS_ON,
    Fault.CUT_OFF,
    Fault.HALFWAY,
)


@dataclass(frozen=True, slots=True)
class Away:
    """A host that is away for a while."""

    host: str
    since: timedelta
    until: timedelta


@dataclass(frozen=True, slots=True)
class Said:
    """What a person does, and when."""

    at: timedelta
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """``versions`` come at ``commits``; those in ``sick`` are bad on the hosts named. The first is there already."""

    seed: int
    hosts: tuple[str, ...]
    policy: RolloutPolicy
    commits: tuple[tuple[timedelta, str], ...]
    sick: dict[str, tuple[str, ...]]
    takes: timedelta
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)
    away: tuple[Away, ...] = ()
    deaths: tuple[Death, ...] = ()
    persons: tuple[Said, ...] = ()
    fresh: bool = False
    routed: bool = False
    slots: tuple[str, ...] = ()
    figures: dict[str, str] = field(default_factory=dict)
    reloads: tuple[timedelta, ...] = ()
    sorts: dict[str, Sort] = field(default_factory=dict)
    needs: dict[Sort, Sort] = field(default_factory=dict)

    def sort(self, name: str) -> Sort:
        """Of which sort the target is; most are hosts."""
        return self.sorts.get(name, Sort.HOST)

    @property
    def deterministic(self) -> bool:
        """Whether nothing in it depends on how long the controller was away."""
        return not (self.away or self.persons or self.faults or self.reloads or len(self.commits) > 1)


def drawn(seed: int) -> Tale:
    """Return the tale of that seed."""
    chance = Random(seed)
    hosts = tuple(f"web-{number}" for number in range(1, chance.choice((1, 2, 3, 4, 6, 9)) + 1))
    commits = [(timedelta(0), "2")]
    if chance.random() < 0.3:
        commits.append((chance.randint(1, 120) * SECOND, "3"))
    versions = [version for _, version in commits]
    policy = _policy(chance)
    routed = chance.random() < 0.5
    in_slots = isinstance(policy.strategy, BlueGreen) or (routed and isinstance(policy.strategy, Canary))
    return Tale(
        seed=seed,
        hosts=hosts,
        policy=policy,
        commits=tuple(commits),
        sick={version: _some(chance, hosts) for version in versions if chance.random() < 0.35},
        takes=chance.choice((0, 0, 1, 7)) * SECOND,
        faults={host: _faults(chance) for host in hosts if chance.random() < 0.1},
        away=tuple(_away(chance, host) for host in hosts if chance.random() < 0.06),
        deaths=tuple(Death(chance.randint(1, 25), chance.random() < 0.5) for _ in range(chance.choice((0, 0, 1, 2)))),
        persons=_persons(chance),
        fresh=chance.random() < 0.15,
        routed=routed,
        slots=("blue", "green") if in_slots and chance.random() < 0.6 else (),
        figures={version: chance.choice(("bad", "none", "away")) for version in versions if chance.random() < 0.2},
        reloads=(chance.randint(0, 100) * SECOND,) if routed and chance.random() < 0.15 else (),
        **_sorts(chance, hosts),
    )


def desired(tale: Tale, version: str) -> Desired:
    """Return what the commit of that version asks for."""
    unit = shop(tale, version)
    contents = {blob.blob: _data(one) for one in unit.resources for blob in one.contents.values()}
    return Desired(commit=unit.commit, targets=_hosts(tale), units={unit.id: unit}, contents=contents)


def shop(tale: Tale, version: str) -> Unit:
    """Return the unit as that version asks for it."""
    names = [("/conf", ""), *((f"/app-{slot}" if slot else "/app", slot) for slot in tale.slots or ("",))]
    things = [_thing(tale, place, host, version) for host in tale.hosts for place in names]
    sorts = dict.fromkeys(tale.sort(host) for host in tale.hosts)
    checks = tuple(replace(CHECK, slot=slot, on=sort) for sort in sorts for slot in tale.slots or ("",))
    unit = factory.unit(*things, commit=f"c{version}", version=version, policy=tale.policy, health=checks)
    return replace(unit, slots=tale.slots, traffic=_router(tale) if tale.routed else None)


def _hosts(tale: Tale) -> dict[str, Target]:
    sides, zones = ("a", "b"), ("x", "y", "z")
    made = {
        name: replace(
            factory.target(name, tale.sort(name)), labels={"side": sides[number % 2], "zone": zones[number % 3]}
        )
        for number, name in enumerate(tale.hosts)
    }
    return {**made, "lb-1": factory.host("lb-1"), "lb-2": factory.host("lb-2")}


def _router(tale: Tale) -> HaproxyRouter:
    members = tuple(Member(host, f"{host}{slot}", slot) for host in tale.hosts for slot in tale.slots or ("",))
    return HaproxyRouter(hosts=("lb-1", "lb-2"), backend="shop", members=members)


def contents(unit: Unit) -> dict[Digest, bytes]:
    """Return the bytes that the unit speaks of."""
    return {content.blob: _data(one) for one in unit.resources for content in one.contents.values()}


def _thing(tale: Tale, place: tuple[str, str], host: str, version: str) -> Resource:
    (name, slot), sort = place, tale.sort(host)
    needs = tale.needs.get(sort)
    app = {"running": True} if name.startswith("/app") else {}
    bare = factory.thing(name, host, version=f"{version} on {host}" if app else version, **app)
    data = _data(bare)
    content = Content(digest_bytes(data), digest_bytes(data), len(data))
    return replace(
        bare,
        id=replace(bare.id, kind=OF_SORT[sort]),
        slot=slot,
        contents={"content": content},
        depends_on=(f"{OF_SORT[needs]}:/conf",) if needs else (),
    )


def _data(resource: Resource) -> bytes:
    return str(sorted(resource.attributes.items())).encode()


def _policy(chance: Random) -> RolloutPolicy:
    return RolloutPolicy(
        name="random",
        strategy=strategies.drawn(chance),
        background=strategies.background(chance),
        revert_pace=chance.choice(list(RevertPace)),
        failure_budget=FailureBudget(chance.choice((0, 0, 0, 1, 2)), chance.choice((0, 0, 1, 2))),
        progress_deadline=chance.choice((30, 120, 600)) * SECOND,
        on_failure=chance.choice((OnFailure.REVERT, OnFailure.REVERT, OnFailure.REVERT, *OnFailure)),
        revert_within=chance.choice((30, 60)) * SECOND,
    )


def _sorts(chance: Random, hosts: Sequence[str]) -> dict[str, dict]:
    """Targets of up to three sorts, of which a later one in some order may need the one before it."""
    if chance.random() < 0.6:
        return {}
    order = chance.sample([*Sort], 3)
    pairs = [pair for pair in pairwise(order) if chance.random() < 0.5]
    return {"sorts": {host: chance.choice(order) for host in hosts}, "needs": {later: first for first, later in pairs}}


def _some(chance: Random, hosts: Sequence[str]) -> tuple[str, ...]:
    return tuple(hosts) if chance.random() < 0.5 else tuple(host for host in hosts if chance.random() < 0.4)


def _faults(chance: Random) -> list[Fault | None]:
    return [chance.choice((*FAULTS, None)) for _ in range(chance.randint(1, 3))]


def _away(chance: Random, host: str) -> Away:
    since = chance.randint(0, 60) * SECOND
    return Away(host, since, since + chance.randint(1, 400) * SECOND)


def _persons(chance: Random) -> tuple[Said, ...]:
    if chance.random() > 0.2:
        return ()
    first = chance.randint(0, 60)
    what = chance.choice(
        ("pause", "retry", "abort", "leave", "pause everything", "promote", "promote", "fully", "approve", "reject")
    )
    said = [Said(first * SECOND, what)]
    if what.startswith("pause"):
        said.append(Said((first + chance.randint(1, 200)) * SECOND, what.replace("pause", "resume")))
    return tuple(said)
