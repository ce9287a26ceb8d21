"""The plan in the pull request: each open one is told what would follow from its merge, each merged one how that goes.

A task beside the passes. It is level-triggered like everything else: it asks which requests there are, and says what
has not been said yet; a webhook only makes it look sooner. A forge that is away costs comments and nothing else.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from reconciler.daemon.after_merge import AfterMerge, Present
from reconciler.daemon.foresight import Foresight
from reconciler.daemon.logs import log
from reconciler.daemon.revert_requests import RevertRequests
from reconciler.daemon.troubles import Troubles
from reconciler.daemon.wake import Wake
from reconciler.desired.load import Invalid
from reconciler.desired.proposed import Clash
from reconciler.model.assessment import Review
from reconciler.model.forge import Mark, Outcome, Progress, PullRequest, Requests
from reconciler.ports.errors import Unreachable, WorldError
from reconciler.ports.forge import Forge
from reconciler.ports.journal import JournalUnavailable
from reconciler.ports.source import Commit, SourceError, TooLarge

LONGEST_REST = timedelta(minutes=30)
"""How long a forge that is away is left alone at most."""

PROGRESS = timedelta(seconds=5)
"""How often it is looked in the journal whether there is something new to tell of a merged request."""

RECENT = timedelta(days=1)
"""So long after the merge a request is told how it goes."""

AGAIN = timedelta(minutes=10)
"""A head that Git has trouble with is not tried again sooner: each try may cost a minute, and anybody may push."""

MOST_OPEN = 200
PLAN, ROLLOUT = "reconciler/plan", "reconciler/rollout"
"""The contexts of our commit statuses: of the head of a request, and of what came to the branch."""


class Wording(Protocol):
    """What is written on a forge, in markdown, and in a line for statuses."""

    def plan(self, review: Review) -> str:
        """Return the comment with the plan."""
        ...

    def line(self, review: Review) -> str:
        """Return the plan in a line."""
        ...

    def obstacle(self, head: str, problems: tuple[str, ...]) -> str:
        """Return the comment that says why there is no plan."""
        ...

    def progress(self, progress: Progress) -> str:
        """Return the comment on a request that was merged."""
        ...

    def rolled_out(self, progress: Progress) -> str:
        """Return in a line how far it has come."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is written: comments, statuses, and whether also on requests from other repositories; how often to ask."""

    comment: bool
    status: bool
    forks: bool
    poll: timedelta


@dataclass(slots=True)
class PullRequests:
    """The task. ``ring`` makes it look sooner; ``reverts`` opens requests of our own, None where nobody wants that."""

    forge: Forge
    foresight: Foresight
    after: AfterMerge
    wording: Wording
    wanted: Wanted
    reverts: RevertRequests | None = None
    _bell: Wake = field(default_factory=Wake)
    _due: datetime | None = None
    _merged: tuple[PullRequest, ...] = ()
    _planned: dict[int, tuple[str, str]] = field(default_factory=dict)
    _put_off: dict[int, tuple[str, datetime, SourceError]] = field(default_factory=dict)
    _told: dict[int, Progress] = field(default_factory=dict)
    _troubles: Troubles = field(default_factory=Troubles)

    def ring(self) -> None:
        """Look as soon as can be: something has changed on the forge."""
        self._due = None
        self._bell.ring()

    async def keep(self) -> None:
        """Tell, and rest until somebody rings or it is time again; until cancelled."""
        clock, rest = self.foresight.world.clock, self.wanted.poll
        while True:
            try:
                if self._due is None or clock.now() >= self._due:
                    self._due = clock.now() + clock.jitter(rest)
                    await self.look()
                    rest = self.wanted.poll
                else:
                    await self._tell_all(self._under_way())
            except (WorldError, JournalUnavailable) as error:
                self._troubles.tell("the forge", str(error))
                rest = min(2 * rest, LONGEST_REST)
                self._rest(rest)
            except Exception:  # noqa: BLE001 - the outermost place of a task; it shall not end the daemon
                log.exception("internal error; pull requests are looked at again later")
                self._rest(LONGEST_REST)
            await self._bell.heard(min(PROGRESS, self.wanted.poll))

    def _rest(self, rest: timedelta) -> None:
        """Ask no sooner than that, unless somebody has rung meanwhile."""
        clock = self.foresight.world.clock
        if self._due is not None:
            self._due = clock.now() + clock.jitter(rest)

    async def look(self) -> None:
        """Ask which requests there are and say what is new; raise WorldError when the forge cannot be asked."""
        requests = await self.forge.requests()
        self._troubles.over("the forge")
        self._forget(requests)
        for request in requests.open[:MOST_OPEN]:
            if self.wanted.forks or not request.fork:
                await self._aside(f"request {request.number}", self._tell_plan(request))
        await self.tell_progress()
        if self.reverts:
            await self._aside("revert requests", self.reverts.propose())

    async def tell_progress(self) -> None:
        """Say how the requests that were merged lately go, where that is new; raises WorldError, JournalUnavailable."""
        await self._tell_all(self._recent())

    def _recent(self) -> list[PullRequest]:
        now = self.foresight.world.clock.now()
        return [each for each in self._merged if each.merged_at and now - each.merged_at < RECENT]

    def _under_way(self) -> list[PullRequest]:
        told = {number: progress.outcome for number, progress in self._told.items()}
        return [each for each in self._recent() if told.get(each.number, Outcome.PENDING) is Outcome.PENDING]

    async def _tell_all(self, requests: Sequence[PullRequest]) -> None:
        if not requests:
            return
        present = await self.after.present()
        for request in requests:
            await self._aside(f"request {request.number}", self._tell_progress(request, present))

    def _forget(self, requests: Requests) -> None:
        there = {each.number for each in (*requests.open, *requests.merged)}
        self._merged = requests.merged
        self._planned = {number: told for number, told in self._planned.items() if number in there}
        self._put_off = {number: why for number, why in self._put_off.items() if number in there}
        self._told = {number: told for number, told in self._told.items() if number in there}

    async def _aside(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Do it for one request; what is wrong with that one keeps no other from being told."""
        try:
            await work
            self._troubles.over(what)
        except Unreachable:
            raise
        except (WorldError, SourceError) as error:
            self._troubles.tell(what, str(error))

    async def _tell_plan(self, request: PullRequest) -> None:
        followed = self.foresight.world.commits.newest.desired
        if followed is None or self._planned.get(request.number) == (request.head, followed.commit):
            return
        head = await self.foresight.source.resolve(request.ref)
        if head.id != request.head:
            return  # it was pushed to since; the forge will say so when it is asked next
        self._patient(request)
        await self._mark(head.id, Mark(PLAN, Outcome.PENDING, "is being planned"))
        try:
            text, mark = await self._said_of(head)
        except SourceError as error:
            self._put_off[request.number] = (request.head, self.foresight.world.clock.now() + AGAIN, error)
            raise
        if self.wanted.comment:
            await self.forge.comment(request.number, text)
        await self._mark(head.id, mark)
        self._planned[request.number] = (request.head, followed.commit)

    def _patient(self, request: PullRequest) -> None:
        """Raise again what was wrong with this head until it is time for another try."""
        head, due, error = self._put_off.get(request.number, ("", self.foresight.world.clock.now(), SourceError()))
        if head == request.head and self.foresight.world.clock.now() < due:
            raise error

    async def _said_of(self, head: Commit) -> tuple[str, Mark]:
        try:
            review = replace(await self.foresight.review(head), commit=head.id)
        except Invalid as invalid:
            problems = tuple(str(each) for each in invalid.problems)
            line = f"{len(problems)} mistakes: {problems[0]}" if len(problems) > 1 else problems[0]
            return self.wording.obstacle(head.id, problems), Mark(PLAN, Outcome.FAILURE, line)
        except (Clash, TooLarge) as obstacle:
            return self.wording.obstacle(head.id, (str(obstacle),)), Mark(PLAN, Outcome.FAILURE, str(obstacle))
        return self.wording.plan(review), Mark(PLAN, Outcome.SUCCESS, self.wording.line(review))

    async def _tell_progress(self, request: PullRequest, present: Present) -> None:
        if request.merged is None:
            return
        try:
            progress = await self.after.progress(request.merged, present)
        except Invalid as invalid:
            raise SourceError(f"{request.merged[:7]} does not load any more: {invalid}") from invalid
        if progress is None or self._told.get(request.number) == progress:
            return
        if self.wanted.comment:
            await self.forge.amend(request.number, self.wording.progress(progress))
        await self._mark(request.merged, Mark(ROLLOUT, progress.outcome, self.wording.rolled_out(progress)))
        self._told[request.number] = progress

    async def _mark(self, commit: str, mark: Mark) -> None:
        if self.wanted.status:
            await self.forge.mark(commit, mark)
