"""Archives show what policy wants before the rollout that delivers them begins; what was shown is remembered.

What goes back, or is kept up, is not asked again: it was asked when it came.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.daemon.fetches import AT_HAND
from reconciler.model.canonical import Digest, digest, plain
from reconciler.model.carried import archives_of
from reconciler.model.change import Cause
from reconciler.model.content import Artifact
from reconciler.model.plan import Apply, Plan
from reconciler.model.provenance import ArtifactPolicy, Proof, Unverified, Verified
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.policy.provenance import short
from reconciler.ports.errors import WorldError
from reconciler.ports.provenance import Provenance

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)
_MOST = 1000
"""So many proofs are remembered; what is forgotten is looked at again."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked: an archive, and a policy by its digest, so that another policy asks again."""

    artifact: Artifact
    policy: Digest


@dataclass(frozen=True, slots=True)
class _Missed:
    reason: str
    times: int
    until: datetime


class Proofs:
    """What is being verified now, what was, and what could not be."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._tasks: dict[_Question, asyncio.Task[Proof]] = {}
        self._verified: dict[_Question, Verified] = {}
        self._missed: dict[_Question, _Missed] = {}

    @property
    def busy(self) -> bool:
        """Whether anything is being verified."""
        return any(not task.done() for task in self._tasks.values())

    async def missing(
        self, plan: Plan, policies: Sequence[ArtifactPolicy], provenance: Provenance, now: datetime
    ) -> WaitingOn | None:
        """Return why the plan cannot begin yet, None when all its archives show what the policies want.

        What is not known is looked at from now on, and it rings when that has ended.
        """
        if plan.cause is not Cause.COMMIT or not policies:
            return None
        asked = {
            _Question(artifact, digest(plain(policy))): policy
            for artifact in dict.fromkeys(_archives(plan))
            for policy in policies
        }
        for question, policy in asked.items():
            if not self._known(question, now) and question not in self._tasks:
                name = f"verifying {question.artifact.url}"
                work = provenance.prove(question.artifact, policy, now)
                self._tasks[question] = asyncio.create_task(_whole(work), name=name)
        if tasks := [self._tasks[question] for question in asked if question in self._tasks]:
            await asyncio.wait(tasks, timeout=AT_HAND)
        waits = [self._waits(question, now) for question in asked]
        return next((each for each in waits if each), None)

    async def stop(self) -> None:
        """Verify no more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    def _known(self, question: _Question, now: datetime) -> bool:
        verified, missed = self._verified.get(question), self._missed.get(question)
        if verified and (verified.until is None or now < verified.until):
            return True
        return missed is not None and now < missed.until

    def _waits(self, question: _Question, now: datetime) -> WaitingOn | None:
        task = self._tasks.get(question)
        if task and not task.done():
            task.remove_done_callback(self._ended)
            task.add_done_callback(self._ended)
            return WaitingOn(Reason.UNVERIFIED, f"verifying {short(question.artifact)}")
        if task:
            del self._tasks[question]
            self._note(question, task.result(), now)
            if not self._known(question, now):
                # Nobody has asked for long, and what was found then is too old by now.
                self._ring()
                return WaitingOn(Reason.UNVERIFIED, f"verifying {short(question.artifact)}")
        missed = self._missed.get(question)
        return WaitingOn(Reason.UNVERIFIED, missed.reason, missed.until) if missed else None

    def _note(self, question: _Question, proof: Proof, now: datetime) -> None:
        before = self._missed.pop(question, None)
        self._verified.pop(question, None)
        if isinstance(proof, Verified):
            while len(self._verified) >= _MOST:
                del self._verified[next(iter(self._verified))]
            self._verified[question] = proof
        else:
            times = before.times + 1 if before else 0
            wait = min(_FIRST_WAIT * 2 ** min(times, 10), _LONGEST_WAIT)
            self._missed[question] = _Missed(proof.why, times, now + wait)

    def _ended(self, _: "asyncio.Task[Proof]") -> None:
        self._ring()


async def _whole(work: Coroutine[Any, Any, Proof]) -> Proof:
    """What cannot be had is not verified."""
    try:
        return await work
    except WorldError as error:
        return Unverified(str(error))


def _archives(plan: Plan) -> Iterator[Artifact]:
    """Yield the archives that a plan delivers, also those that come with the repository."""
    applied = (target for step in plan.steps if isinstance(step, Apply) for target in step.targets)
    yield from (artifact for target in applied for artifact in archives_of(target.operations))
