"""The journal is lost: what is ours is learned again from Git and from what hosts keep, before anything is planned."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from reconciler import observe
from reconciler.daemon.relearning_unit import of_unit
from reconciler.daemon.world import World
from reconciler.desired.load import Invalid
from reconciler.model.canonical import Digest
from reconciler.model.identity import UnitId
from reconciler.model.mark import Marked
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired
from reconciler.policy.relearning import Learned, States, news
from reconciler.ports.errors import WorldError
from reconciler.ports.marks import Keeper, Recorded, Records
from reconciler.ports.source import Commit, Source, SourceError
from reconciler.ports.targets import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Relearning:
    """What it is learned with. ``source`` tells whether a commit that a host names is in the branch."""

    world: World
    records: Records
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was learned: of each unit, with the contents it speaks of; and of which hosts nothing could be, and why."""

    commit: str
    units: tuple[Learned, ...]
    away: Mapping[str, str]
    contents: Mapping[Digest, bytes]


async def relearn(by: Relearning, desired: Desired, standing: Standing, only: Collection[UnitId]) -> Findings:
    """Look at all hosts and conclude; nothing is written down. ``only`` are the units that are asked about."""
    recorded, away = await _records(by, _keepers(desired))
    marked: dict[UnitId, list[Marked]] = {}
    for kept in (one for found in recorded.values() for one in found.units):
        marked.setdefault(kept.unit, []).append(kept)
    history = await _history(by, desired.commit, {commit for many in marked.values() for commit in _named(many)})
    units = [each for each in {**dict.fromkeys(desired.units), **dict.fromkeys(marked)} if each in only or not only]
    learned = []
    for each in units:
        at = {commit: there.units[each] for commit, there in history.items() if each in there.units}
        states = States(wanted=desired.units.get(each), at=at)
        learned.append(await of_unit(by.world, desired, states, each, marked.get(each, ())))
    contents = {digest: data for there in (*history.values(), desired) for digest, data in there.contents.items()}
    new = tuple(each for each in learned if _says_something(each, standing))
    return Findings(commit=desired.commit, units=new, away=away, contents=contents)


def _says_something(learned: Learned, standing: Standing) -> bool:
    known = standing.of(learned.unit)
    new = bool(news(learned, known.owned))
    good = learned.good is not None and (known.last_good is None or known.last_good.unit.digest != learned.good.digest)
    bad = any(each.digest not in known.verdicts for each in learned.rejected)
    return new or good or bad or bool(learned.lost) or not (known.owned or known.last_good)


def _named(marked: Collection[Marked]) -> set[str]:
    own = {commit for each in marked for commit in (each.commit, each.rejected)}
    return {commit for commit in (*own, *(mark.commit for each in marked for mark in each.marks)) if commit}


def _keepers(desired: Desired) -> Mapping[str, Keeper]:
    return {name: each for name, each in desired.targets.items() if isinstance(each, Keeper)}


async def settle(by: Relearning, desired: Desired) -> None:
    """Have every host take back what was cut off there, as a pass does before anything is concluded.

    Where that cannot be done now, ``relearn`` says so.
    """
    recorded, _ = await _asked(by, _keepers(desired))
    half_way = [name for name, found in recorded.items() if found.ground.interrupted and not found.ground.running]

    async def one(name: str) -> None:
        with suppress(WorldError):  # The next look at it tells how it is.
            await by.world.targets.apply(
                desired.targets[name], Transaction(id=f"settle-{by.world.clock.new_id()}", operations=())
            )

    await asyncio.gather(*map(one, half_way))


async def _records(by: Relearning, keepers: Mapping[str, Keeper]) -> tuple[Mapping[str, Recorded], Mapping[str, str]]:
    """What targets keep, of those that can be asked and stand still; why the others say nothing."""
    found, away = await _asked(by, keepers)
    moving = {name: reason for name, each in found.items() if (reason := _half_way(each))}
    return {name: each for name, each in found.items() if name not in moving}, {**away, **moving}


def _half_way(recorded: Recorded) -> str | None:
    running = recorded.ground.running
    return f"a change by {running.by} is still under way there" if running else recorded.ground.unsettled


async def _asked(by: Relearning, keepers: Mapping[str, Keeper]) -> tuple[Mapping[str, Recorded], Mapping[str, str]]:
    room = asyncio.Semaphore(observe.MOST_AT_ONCE)

    async def ask(target: Keeper) -> Recorded | str:
        try:
            async with room:
                return await by.records.of(target)
        except WorldError as error:
            return str(error)

    answers = dict(zip(keepers, await asyncio.gather(*map(ask, keepers.values())), strict=True))
    found = {name: answer for name, answer in answers.items() if isinstance(answer, Recorded)}
    return found, {name: answer for name, answer in answers.items() if isinstance(answer, str)}


async def _history(by: Relearning, head: str, named: Collection[str]) -> Mapping[str, Desired]:
    """What each of the commits asked for, of those that are in the branch: a host may name any."""
    found: dict[str, Desired] = {}
    for commit in sorted(named):
        try:
            if commit.isalnum() and await by.source.contains(head, commit):
                found[commit] = await by.world.commits.at(Commit(commit, ""))
        except (Invalid, SourceError):
            continue  # A commit that cannot be read any more is as one that is not there: told per resource.
    return found
