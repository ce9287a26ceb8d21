"""Stop-watches around what acts, put on by wiring: those that are timed know nothing of it."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from reconciler.daemon.one_pass import NothingToDo
from reconciler.model.canonical import Digest
from reconciler.model.event import Event
from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.plan import Plan
from reconciler.model.resource import Resource, Survey
from reconciler.model.rollout import Rollout
from reconciler.model.standing import Standing
from reconciler.model.target import Host, Target
from reconciler.ports.journal import Journal, Lease, RolloutLog, ToldOfGit
from reconciler.ports.shell import Completed, Question, Reply, Script, Shell
from reconciler.ports.targets import Targets, Transaction
from reconciler.telemetry import table
from reconciler.telemetry.recorder import Recorder


class TracedShell:
    """``ports.shell.Shell`` around another: each call that has an end is timed."""

    def __init__(self, shell: Shell, recorder: Recorder) -> None:
        self._shell = shell
        self._recorder = recorder

    async def run(self, host: Host, script: Script) -> Completed:
        """Run the script."""
        with self._recorder.calling("run", host.name):
            return await self._shell.run(host, script)

    async def run_anew(self, host: Host, script: Script) -> Completed:
        """Run the script over a connection of its own."""
        with self._recorder.calling("run_anew", host.name):
            return await self._shell.run_anew(host, script)

    async def ask(self, host: Host, question: Question) -> Reply:
        """Ask the question."""
        with self._recorder.calling("ask", host.name):
            return await self._shell.ask(host, question)

    def follow(self, host: Host, text: str) -> AsyncGenerator[bytes, None]:
        """Run a script without end: how long that takes says nothing."""
        return self._shell.follow(host, text)

    async def close(self) -> None:
        """Close all connections."""
        await self._shell.close()


class TracedTargets:
    """``ports.targets.Targets`` around others: each transaction is a span below its step."""

    def __init__(self, targets: Targets, recorder: Recorder) -> None:
        self._targets = targets
        self._recorder = recorder

    async def survey(self, target: Target, resources: Sequence[Resource]) -> Survey:
        """Look at the resources."""
        return await self._targets.survey(target, resources)

    async def apply(self, target: Target, transaction: Transaction) -> None:
        """Do all of it, or raise."""
        with self._recorder.applying(transaction.id, target.name):
            await self._targets.apply(target, transaction)

    async def check(self, target: Target, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        return await self._targets.check(target, check)


class TracedJournal:
    """``ports.journal.Journal`` around another: each write is timed, and which pass began a rollout is remembered."""

    def __init__(self, journal: Journal, recorder: Recorder) -> None:
        self._journal = journal
        self._recorder = recorder

    async def standing(self) -> Standing:
        """Return what is known of every unit."""
        return await self._journal.standing()

    async def append(self, events: Sequence[Event], at: datetime) -> None:
        """Append the events."""
        with self._recorder.meter.timed(table.WRITE_DURATION):
            await self._journal.append(events, at)

    async def begin(self, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> None:
        """Store the rollout."""
        with self._recorder.meter.timed(table.WRITE_DURATION):
            await self._journal.begin(rollout, plan, contents, at)
        self._recorder.began(rollout.id)

    async def accepted_commit(self) -> str | None:
        """Return the newest commit that loaded."""
        return await self._journal.accepted_commit()

    async def told_of_git(self) -> ToldOfGit:
        """Return what was written down of Git last."""
        return await self._journal.told_of_git()


class TracedLog:
    """``ports.journal.RolloutLog`` around another: each write of a rollout is timed."""

    def __init__(self, log: RolloutLog, recorder: Recorder) -> None:
        self._log = log
        self._recorder = recorder

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout."""
        return await self._log.claim(rollout, owner, now, until)

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer."""
        await self._log.renew(lease, until)

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and the plan it is executing."""
        return await self._log.load(rollout)

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Write the move of a rollout."""
        with self._recorder.meter.timed(table.WRITE_DURATION):
            await self._log.record(lease, rollout, events, at, plan)

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents."""
        return await self._log.contents(blobs)


@contextmanager
def passing(recorder: Recorder) -> Iterator[None]:
    """Time a pass; one with nothing to do is no failure."""
    with recorder.passing() as taking:
        try:
            yield
        except NothingToDo:
            taking.outcome = "nothing"
            raise
