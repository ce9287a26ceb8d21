"""A journal that tells the log what was written to it. Nothing that decides or acts logs by itself."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from reconciler.daemon.logs import log
from reconciler.daemon.news import News
from reconciler.daemon.words_told import tell_word
from reconciler.model.canonical import Digest
from reconciler.model.event import (
    CommitAccepted,
    CommitRefused,
    Condition,
    Event,
    Healed,
    HealthChanged,
    Mended,
    RolloutMoved,
    SourceFound,
    SourceLost,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, StepState
from reconciler.model.standing import Standing
from reconciler.model.verdict import Verdict
from reconciler.model.word import Said
from reconciler.ports.journal import Lease, ToldOfGit
from reconciler.store.journal import SqliteStore


class Narrated:
    """``ports.journal.Journal`` and ``RolloutLog``: a store's, what is written told to the log and to readers."""

    def __init__(self, store: SqliteStore, news: News) -> None:
        self._store = store
        self._news = news

    async def standing(self) -> Standing:
        """Return what is known of every unit."""
        return await self._store.standing()

    async def append(self, events: Sequence[Event], at: datetime) -> None:
        """Append the events and tell them."""
        await self._store.append(events, at)
        self._tell(events)

    async def begin(self, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> None:
        """Store the rollout and tell what it is for."""
        await self._store.begin(rollout, plan, contents, at)
        self._news.ring()
        log.info(
            "rollout planned",
            unit=str(rollout.unit),
            cause=rollout.cause.value,
            commit=rollout.commit[:7],
            changes=len(plan.changes),
            rollout=rollout.id,
        )

    async def accepted_commit(self) -> str | None:
        """Return the newest commit that loaded."""
        return await self._store.accepted_commit()

    async def told_of_git(self) -> ToldOfGit:
        """Return what was written down of Git last."""
        return await self._store.told_of_git()

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout."""
        return await self._store.claim(rollout, owner, now, until)

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer."""
        await self._store.renew(lease, until)

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and the plan it is executing."""
        return await self._store.load(rollout)

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Write the move of a rollout and tell it."""
        await self._store.record(lease, rollout, events, at, plan)
        self._tell(events)

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents."""
        return await self._store.contents(blobs)

    def _tell(self, events: Sequence[Event]) -> None:
        self._news.ring()
        for event in events:
            _tell_one(event)


def _tell_one(event: Event) -> None:
    match event:
        case CommitAccepted() | CommitRefused() | SourceLost() | SourceFound():
            _tell_of_git(event)
        case RolloutMoved():
            log.info(f"rollout {event.after}", unit=str(event.unit), **_said(reason=event.reason))
        case StepStarted():
            log.debug("step started", unit=str(event.unit), step=event.what)
        case StepEnded(record=record) if record.state is StepState.FAILED:
            log.warning("step failed", unit=str(event.unit), step=event.what, detail=event.detail)
        case StepEnded():
            log.info("step done", unit=str(event.unit), step=event.what, **_said(detail=event.detail))
        case Healed():
            log.info("drift healed", unit=str(event.unit), resources=[_changed(each) for each in event.mended])
        case HealthChanged():
            tell = log.info if event.condition is Condition.HEALTHY else log.warning
            tell(f"app {event.condition}", unit=str(event.unit), host=event.target, **_said(detail=event.detail))
        case VerdictGiven(verdict=Verdict.BAD):
            log.error("rejected", unit=str(event.unit), commit=event.commit[:7], reason=event.reason)
        case Said():
            tell_word(event)
        case _:
            log.debug(event.event)


def _changed(mended: Mended) -> str:
    return f"{mended.resource.target}/{mended.resource.ref}: {', '.join(mended.fields) or 'gone'}"


def _tell_of_git(event: CommitAccepted | CommitRefused | SourceLost | SourceFound) -> None:
    match event:
        case CommitAccepted():
            log.info("commit loaded", commit=event.commit[:7], subject=event.subject)
        case CommitRefused():
            problems = [str(each) for each in event.problems]
            log.error("commit refused", commit=event.commit[:7], why=event.why.value, problems=problems)
        case SourceLost():
            log.warning("Git cannot be asked; the last commit that loaded, if any, stays in force", reason=event.reason)
        case SourceFound():
            log.info("Git can be asked again")


def _said(**words: str) -> dict[str, str]:
    return {key: value for key, value in words.items() if value}
