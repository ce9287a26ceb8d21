"""The desk over a journal: what people ask for is checked, ruled on, written down, and the loop is woken."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.control.asked import NO_PAST, Asked, Past
from reconciler.control.ruling import rule, unit_of
from reconciler.control.states import state_meant
from reconciler.daemon.picture import picture
from reconciler.daemon.rulebook import Rulebook, action_of
from reconciler.model.access import Action, Identity
from reconciler.model.asking import HERE, Approve, Forbidden, GoBack, Origin, Refused, Request, Ruling, Waive
from reconciler.model.deed import Requested
from reconciler.model.event import Event
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture
from reconciler.model.rollout import State
from reconciler.model.unit import Desired
from reconciler.model.verdict import Snapshot, Verdict
from reconciler.model.word import AccessRefused, FactorUsed
from reconciler.policy.access import Denied
from reconciler.policy.refusals import Refusals, refused
from reconciler.ports.clock import Clock
from reconciler.ports.second_factor import FactorRefused, SecondFactor
from reconciler.store.blobs import named_by_unit
from reconciler.store.journal import SqliteStore

Append = Callable[[Sequence[Event], datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a desk has around it.

    ``append`` writes events down, ``wake`` has the fleet looked at. ``rules`` returns what Git says now, for a request
    (None: for a look), None when no commit has loaded. ``authors`` returns the e-mail addresses of who wrote what
    waits there; ``codes`` checks a second factor. ``at_work`` says whether somebody keeps the fleet; None when nobody
    can tell.
    """

    append: Append
    wake: Callable[[], None]
    rules: Callable[[Request | None], Awaitable[Desired | None]]
    authors: Callable[[UnitId], Awaitable[frozenset[str]]]
    codes: SecondFactor
    at_work: Callable[[], bool | None]
    secret: Callable[[], bytes]
    clock: Clock


class JournalDesk:
    """A ``ports.desk.Desk`` on a store. One request after the other: each sees what the one before has changed."""

    def __init__(self, store: SqliteStore, around: Surroundings) -> None:
        self._store = store
        self._around = around
        self._one_by_one = asyncio.Lock()
        self._refusals = Refusals()

    async def picture(self) -> Picture:
        """Return how everything stands now."""
        return await picture(self._store, self._around.clock.now(), self._around.at_work())

    async def may(self, who: Identity, action: str, unit: UnitId | None) -> bool:
        """Whether somebody may do that to the unit, or to everything."""
        return Rulebook(await self._around.rules(None)).may(who, Action(action), unit)

    async def took(self, unit: UnitId) -> Mapping[str, timedelta]:
        """Return how long each sort of step took in the unit's newest rollouts."""
        return await self._store.history.took(unit)

    async def decide(self, request: Request, who: Identity, origin: Origin = HERE) -> Ruling:
        """Rule on what is asked for and write down what follows; raises Forbidden, Refused, JournalUnavailable."""
        async with self._one_by_one:
            rules = Rulebook(await self._around.rules(request))
            await self._refuse_unless_granted(request, who, rules)
            seen = await self.picture()
            used = await self._code(request, who, seen)
            asked = await self._asked(request, who, rules, seen)
            ruling = rule(request, seen, replace(asked, factor=True) if used else asked)
            ruling = replace(ruling, events=(*used, *ruling.events))
            if isinstance(request, GoBack):
                await self._refuse_unless_stored(request, state_meant(request, seen, asked.past))
            if ruling.events:
                # What follows from it is written with it, so that all of it has the id of the request.
                await self._around.append((self._requested(request, who, origin), *ruling.events), seen.now)
        self._around.wake()
        return ruling

    def _requested(self, request: Request, who: Identity, origin: Origin) -> Requested:
        return Requested(
            id=origin.id or self._around.clock.new_id(),
            name=who.name,
            login=who.login,
            verb=request.verb,
            unit=unit_of(request),
            reason=getattr(request, "reason", ""),
            address=origin.address,
            trace=origin.trace,
        )

    async def state_to_go_back_to(self, request: GoBack) -> Snapshot:
        """Return the state that is meant, if it is kept whole and nothing is lost by it; else Refused."""
        seen = await self.picture()
        found = state_meant(request, seen, await self._past(request, seen))
        await self._refuse_unless_stored(request, found)
        return found

    async def _refuse_unless_stored(self, request: GoBack, at: Snapshot) -> None:
        if missing := await self._store.history.missing(named_by_unit(at.unit)):
            raise Refused(
                f"{request.unit} cannot go back to {at.unit.named}: "
                f"{len(missing)} of its contents are not stored any more"
            )

    async def _refuse_unless_granted(self, request: Request, who: Identity, rules: Rulebook) -> None:
        unit = unit_of(request)
        granted = rules.granted(request, who, unit)
        if isinstance(granted, Denied):
            await self._tell(who, request, unit if rules.knows(unit) else None, granted.reason)
            raise Forbidden(granted.reason)

    async def _tell(self, who: Identity, request: Request, unit: UnitId | None, reason: str) -> None:
        """Write down that something was refused, though not each time it is said again.

        A unit that Git does not know is None: who makes up names is told of as one and the same refusal.
        """
        word = AccessRefused(
            name=who.name,
            login=who.login.value,
            action=action_of(request).value,
            unit=unit,
            reason=reason,
            at=self._around.clock.now(),
        )
        known, told = refused(self._refusals, word)
        if told:
            await self._around.append([told], told.at)
        self._refusals = known

    async def _code(self, request: Request, who: Identity, seen: Picture) -> tuple[FactorUsed, ...]:
        """The code that came with the request, to be used up with it; Refused when it does not count."""
        code = request.code if isinstance(request, Approve | Waive) else ""
        if not code:
            return ()
        words = seen.standing.words
        last = next((each.step for each in words if isinstance(each, FactorUsed) and each.person == who.name), -1)
        try:
            step = self._around.codes.step(who.name, code, last, seen.now)
        except FactorRefused as wrong:
            unit = unit_of(request)
            await self._tell(who, request, unit if unit in seen.standing.units else None, str(wrong))
            raise Refused(str(wrong)) from wrong
        return (FactorUsed(person=who.name, step=step, at=seen.now),)

    async def _asked(self, request: Request, who: Identity, rules: Rulebook, seen: Picture) -> Asked:
        unit = unit_of(request)
        asked = Asked(
            who=who,
            at=seen.now,
            id=self._around.clock.new_id(),
            secret=self._around.secret(),
            roles=rules.roles(who, unit),
            instead_of=rules.instead_of(who, unit, seen.standing, seen.now),
            may_approve=rules.may(who, Action.APPROVE, unit),
            governance=rules.governance(unit),
            authors=await self._around.authors(unit) if unit and request.verb == "approve" else frozenset(),
        )
        return replace(asked, past=await self._past(request, seen)) if isinstance(request, GoBack) else asked

    async def _past(self, request: GoBack, seen: Picture) -> Past:
        if request.unit not in seen.standing.units:
            return NO_PAST
        known = seen.standing.of(request.unit)
        states = [each for each in await self._store.history.states(request.unit) if each.verdict is Verdict.GOOD]
        half_way = [
            each for each in (known.rollout, known.last) if each and each.state not in (State.SUCCEEDED, State.REVERTED)
        ]
        tried = [await self._store.history.plan(each.forward) for each in half_way]
        return Past(states=[each.snapshot for each in states], tried=tried)
