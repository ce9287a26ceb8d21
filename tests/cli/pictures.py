"""What the journal may say about a fleet, for the renderings of status and explain."""

from dataclasses import replace
from datetime import timedelta

from reconciler.model.change import Action, Cause
from reconciler.model.event import Assessed, CommitAccepted, CommitRefused, Condition, HealthChanged, Paused
from reconciler.model.health import CheckProgress
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.plan import Plan
from reconciler.model.problem import Problem
from reconciler.model.record import Picture
from reconciler.model.resource import Resource
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.standing import Heals, Standing, UnitStanding
from reconciler.model.step import Bake
from reconciler.model.verdict import Snapshot, Verdict, VerdictRecord
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import Locked
from reconciler.policy.drift import in_words
from tests.cli.examples import GOOD, NEWER, NOW, SHOP, apply, change, plan, probe, unit

ACCEPTED = CommitAccepted(commit=NEWER, subject="shop 1.4.2")
GOOD_DIGEST, BAD_DIGEST = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def named(app: str) -> UnitId:
    return UnitId(app, "production")


def assessed(of: UnitId, **fields: object) -> Assessed:
    found = Assessed(unit=of, commit=NEWER, digest=BAD_DIGEST, version="1.4.2", in_sync=True, waiting=None)
    return replace(found, **fields)  # type: ignore[arg-type]


def rollout(of: UnitId = SHOP, state: State = State.RUNNING, **fields: object) -> Rollout:
    made = Rollout(
        id="01jq8-" + of.app,
        unit=of,
        cause=Cause.COMMIT,
        commit=NEWER,
        version="1.4.2",
        digest=BAD_DIGEST,
        state=state,
        forward="sha256:" + "1" * 64,
        plan="sha256:" + "1" * 64,
        started_at=NOW - timedelta(minutes=5),
        updated_at=NOW - timedelta(minutes=2),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def five_steps() -> Plan:
    shop = unit()
    first, second = (
        apply(number, change(SHOP, target, "file:/etc/shop.conf", Action.UPDATE))
        for number, target in enumerate(("web-1", "web-2"), start=1)
    )
    return plan(shop, first, probe(1, ["web-1"]), Bake(timedelta(seconds=30)), second, probe(2, ["web-2"]))


def good(of: UnitId) -> Snapshot:
    return Snapshot(replace(unit(of, commit=GOOD, version="1.4.1"), digest=GOOD_DIGEST), NOW - timedelta(days=3))


def bad(of: UnitId) -> VerdictRecord:
    return VerdictRecord(
        unit=of,
        digest=BAD_DIGEST,
        verdict=Verdict.BAD,
        reason="http :8080/healthz on web-1: status 500, 3 times in a row",
        commit=NEWER,
        at=NOW - timedelta(minutes=4),
    )


def in_sync(of: UnitId) -> UnitStanding:
    ended = rollout(of, State.SUCCEEDED, updated_at=NOW - timedelta(hours=2))
    return UnitStanding(unit=of, assessed=assessed(of), last=ended)


def held(of: UnitId) -> UnitStanding:
    detail = f"holding at {GOOD[:8]}, Git says {NEWER[:8]} (rejected: {bad(of).reason})"
    reason = "http :8080/healthz on web-1: status 500, 3 times in a row"
    return UnitStanding(
        unit=of,
        assessed=assessed(
            of,
            commit=GOOD,
            digest=GOOD_DIGEST,
            version="1.4.1",
            waiting=WaitingOn(Reason.REJECTED, detail),
            rejected=BAD_DIGEST,
        ),
        verdicts={BAD_DIGEST: bad(of)},
        last_good=good(of),
        last=rollout(of, State.REVERTED, reason=reason),
    )


def rolling(of: UnitId, state: State = State.RUNNING) -> UnitStanding:
    progress = CheckProgress(
        target="web-1", check=0, successes=1, next_at=NOW + timedelta(seconds=3), detail="status 200"
    )
    record = StepRecord(
        plan="sha256:" + "1" * 64, index=1, state=StepState.STARTED, attempt=1, started_at=NOW, progress=(progress,)
    )
    going = rollout(
        of,
        state,
        cursor=1,
        step=record,
        failures=(TargetFailure(target="web-9", batch=1, reason="cannot be reached: no route to host"),),
        wake_at=NOW + timedelta(seconds=3),
        deadline=NOW + timedelta(minutes=9),
    )
    return UnitStanding(unit=of, rollout=going, assessed=assessed(of, in_sync=False), last_good=good(of))


def waits(of: UnitId, reason: Reason, detail: str, **fields: object) -> UnitStanding:
    until = NOW + timedelta(minutes=5) if reason is Reason.BACKOFF else None
    return UnitStanding(unit=of, assessed=assessed(of, waiting=WaitingOn(reason, detail, until), **fields))


def picture(*units: UnitStanding, **fields: object) -> Picture:
    made = Picture(
        standing=Standing(units={each.unit: each for each in units}),
        accepted=ACCEPTED,
        refused=None,
        refused_at=None,
        plans={each.rollout.plan: five_steps() for each in units if each.rollout},
        now=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


PAUSE = Paused(unit=None, author="ann", reason="network work until noon")
UNITS = {
    "in-sync": in_sync(named("in-sync")),
    "held": held(named("held")),
    "rolling": rolling(named("rolling")),
    "reverting": rolling(named("reverting"), State.REVERTING),
    "paused": replace(rolling(named("paused"), State.PAUSED), paused=replace(PAUSE, unit=named("paused"))),
    "drifted": waits(
        named("drifted"),
        Reason.DRIFT_REPORTED,
        "drift is only reported (drift: report)",
        in_sync=False,
        drifted=("web-1/file:/etc/shop.conf", "web-2/file:/etc/shop.conf"),
    ),
    "dependent": waits(named("dependent"), Reason.DEPENDENCY, "held@production has to be good first", in_sync=False),
    "backing-off": waits(named("backing-off"), Reason.BACKOFF, "the last attempt failed: disk full", in_sync=False),
    "unseen": waits(
        named("unseen"),
        Reason.UNREACHABLE,
        "cannot see web-3: no route to host",
        in_sync=None,
        unseen=("web-3: cannot be reached: no route to host",),
    ),
    "new": UnitStanding(unit=named("new")),
}


def fleet() -> Picture:
    """A fleet with one unit of every sort."""
    return picture(*UNITS.values())


def calm() -> Picture:
    return picture(in_sync(named("database")), in_sync(SHOP))


def refused() -> Picture:
    """Everything runs, but the newest commit did not load."""
    problems = tuple(
        Problem(file="desired-state/shop.yaml", line=line, column=3, path="spec.targets", message="expected a mapping")
        for line in range(1, 8)
    )
    commit = CommitRefused(commit="c0ffee1" + "0" * 33, subject="more hosts", problems=problems)
    return replace(calm(), refused=commit, refused_at=NOW - timedelta(minutes=5))


def stopped() -> Picture:
    """A person stopped everything."""
    made = calm()
    return replace(made, standing=replace(made.standing, paused=PAUSE))


def fought() -> Picture:
    """Something is changed again after each heal, now or lately, and something was changed on most hosts at once."""
    file = ResourceId(SHOP, "web-1", "file", "/etc/shop.conf")
    heals = Heals(
        count=4, since=NOW - timedelta(minutes=4), last=NOW - timedelta(minutes=1), fields=("content", "mode")
    )
    lately, many = named("lately"), named("many")
    again = WaitingOn(Reason.FIGHT, in_words(file, heals), NOW + timedelta(seconds=54))
    drifted = tuple(f"web-{number}/file:/etc/motd" for number in range(6))
    motds = tuple(
        Resource(id=ResourceId(many, f"web-{number}", "file", "/etc/motd"), attributes={}) for number in range(10)
    )
    whole = replace(good(many).unit, resources=motds)
    return picture(
        UnitStanding(unit=SHOP, assessed=assessed(SHOP, waiting=again, in_sync=False), heals={file: heals}),
        replace(in_sync(lately), heals={replace(file, unit=lately): heals}),
        replace(
            in_sync(many),
            assessed=assessed(many, in_sync=False, drifted=drifted),
            rollout=rollout(many, cause=Cause.DRIFT),
            last_good=Snapshot(whole, NOW),
        ),
    )


def ailing() -> Picture:
    """Apps that do badly since their rollout: one somewhere, one on many hosts, one that has just begun to."""

    def told(of: UnitId, target: str, minutes: int, *, only_begun: bool = False) -> HealthChanged:
        return HealthChanged(
            unit=of,
            target=target,
            condition=Condition.DEGRADED if only_begun else Condition.UNHEALTHY,
            detail="http :8080/healthz: HTTP 500 from http://203.0.113.11:8080/healthz",
            since=NOW - timedelta(minutes=minutes),
        )

    def does(of: UnitId, *health: HealthChanged) -> UnitStanding:
        return replace(in_sync(of), health={each.target: each for each in health})

    shop, mail, base = named("shop"), named("mail"), named("base")
    return picture(
        does(base, told(base, "web-1", 1, only_begun=True)),
        does(mail, *(told(mail, f"web-{number}", number, only_begun=number < 3) for number in range(1, 7))),
        does(shop, told(shop, "web-2", 12), replace(told(shop, "web-1", 3), condition=Condition.HEALTHY)),
    )


def governed() -> Picture:
    """What a window, a lock and another rollout keep from beginning, and a rollout that a window has paused."""
    opens = NOW + timedelta(hours=15)
    shut = "shut by office-hours; opens 2026-05-04 09:00 CEST"
    halted = "paused by office-hours; goes on 2026-05-04 09:00 CEST"
    lock = Locked(unit=None, environment="production", author="ann", reason="audit", at=NOW - timedelta(hours=1))
    mine = replace(lock, unit=named("windowed"), until=NOW + timedelta(hours=1), reason="my own")
    rolls = rolling(named("halted"), State.PAUSED)
    made = picture(
        replace(waits(named("windowed"), Reason.WINDOW, shut, in_sync=False), words=(mine,)),
        waits(named("locked"), Reason.LOCKED, "production is locked by ann", in_sync=False),
        waits(named("next"), Reason.CONCURRENCY, "waits for halted@production (one: 1 at once)", in_sync=False),
        replace(rolls, assessed=assessed(named("halted"), waiting=WaitingOn(Reason.WINDOW, halted, opens))),
    )
    return replace(made, standing=replace(made.standing, words=(lock,)))


def nobody() -> Picture:
    return picture(accepted=None)


PICTURES = {each.__name__: each for each in (fleet, calm, refused, stopped, fought, ailing, governed, nobody)}
