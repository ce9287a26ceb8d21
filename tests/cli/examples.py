"""Reviews and standings that golden files show, built by hand so that each says exactly what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reconciler.diff.compare import describe
from reconciler.model.analysis import Analysis, Comparison, PrometheusQuery
from reconciler.model.assessment import Assessment, Review, Signal
from reconciler.model.change import Action, Cause, Change, FieldDiff
from reconciler.model.guard import Guard
from reconciler.model.health import ExecCheck, HealthCheck, HttpCheck, ResourceCheck, Timing
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.plan import (
    Apply,
    Confirm,
    Drain,
    LeftOut,
    Mirror,
    Plan,
    Probe,
    Shift,
    Step,
    Stop,
    TargetChanges,
    Tier,
)
from reconciler.model.policy import FailureBudget, OnFailure, RolloutPolicy
from reconciler.model.resource import Resource
from reconciler.model.rollout import Trigger
from reconciler.model.step import (
    Analyse,
    AwaitApproval,
    AwaitPromotion,
    Bake,
    CallHook,
    CommandHook,
    HttpHook,
)
from reconciler.model.target import Sort
from reconciler.model.traffic import HaproxyRouter, Share
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.model.waiting import Reason, WaitingOn
from tests.factory import tier

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GOOD, NEWER = "3f2a8c1" + "0" * 33, "91bc4d2" + "0" * 33
SHOP, DATABASE = UnitId("shop", "production"), UnitId("database", "production")
CHECK = HttpCheck(
    port=8080,
    path="/healthz",
    timing=Timing(
        initial_delay=timedelta(seconds=2),
        period=timedelta(seconds=5),
        timeout=timedelta(seconds=2),
        success_threshold=2,
    ),
)
CRITICAL = RolloutPolicy(name="critical", failure_budget=FailureBudget(total=2, per_batch=1))


def unit(
    of: UnitId = SHOP,
    commit: str = NEWER,
    targets: Sequence[str] = ("web-1", "web-2"),
    refs: Sequence[str] = ("file:/etc/shop/app.toml",),
    policy: RolloutPolicy = CRITICAL,
    version: str = "1.4.2",
) -> Unit:
    resources = tuple(
        Resource(id=ResourceId(of, target, *ref.split(":", 1)), attributes={}) for target in targets for ref in refs
    )
    return Unit(
        id=of,
        version=version,
        commit=commit,
        digest="sha256:" + "d" * 64,
        targets=tuple(targets),
        resources=resources,
        policy=policy,
    )


def change(
    of: UnitId, target: str, ref: str, action: Action, *fields: FieldDiff, cause: Cause = Cause.COMMIT
) -> Change:
    return Change(resource=ResourceId(of, target, *ref.split(":", 1)), action=action, cause=cause, fields=fields)


def plan(of: Unit, *steps: Step, cause: Cause = Cause.COMMIT, **more: tuple[LeftOut, ...] | tuple[str, ...]) -> Plan:
    made = Plan(
        id="sha256:" + "1" * 64,
        unit=of,
        cause=cause,
        parent=None,
        observation="sha256:" + "2" * 64,
        targets=(),
        steps=steps,
    )
    return replace(made, **more)  # type: ignore[arg-type] # the two fields that are tuples


def apply(batch: int, *changes: Change) -> Apply:
    targets = dict.fromkeys(each.resource.target for each in changes)
    return Apply(
        batch, tuple(TargetChanges(t, tuple(c for c in changes if c.resource.target == t), ()) for t in targets)
    )


def probe(batch: int, targets: Sequence[str], *checks: HealthCheck) -> Probe:
    return Probe(batch, tuple(targets), checks or (CHECK,))


def assessment(of: Unit, **fields: object) -> Assessment:
    return replace(Assessment(unit=of.id, wanted=of, effective=of), **fields)  # type: ignore[arg-type]


CONFIG = describe(
    "content",
    b'# shop\nlog = "info"\nworkers = 4\nurl = "http://db"\n',
    b'# shop\nlog = "warning"\nworkers = 4\nurl = "http://db"\n',
    "/etc/shop/app.conf",
)
SETTINGS = describe(
    "content",
    b'{"server": {"port": 80, "workers": 4}, "debug": true}',
    b'{"server": {"port": 8080, "workers": 4}, "log": "warning"}',
    "/etc/shop/app.json",
)
PASSWORD = FieldDiff(path="content", before="keyed:" + "a" * 64, after="keyed:" + "b" * 64, secret=True)
TEN = [f"web-{number}" for number in range(1, 11)]


def rolling() -> Review:
    """Ten targets in three batches: every sort of field, one target that differs from the others."""
    shop = unit(targets=TEN)

    def on(target: str) -> list[Change]:
        mode = FieldDiff(path="mode", before="0644" if target == "web-7" else "0640", after="0600")
        return [
            change(SHOP, target, "release:shop", Action.CREATE, FieldDiff(path="version", before=None, after="1.4.2")),
            change(SHOP, target, "file:/etc/shop/app.conf", Action.UPDATE, mode, *CONFIG),
            change(SHOP, target, "file:/etc/shop/app.json", Action.UPDATE, *SETTINGS),
            change(SHOP, target, "file:/etc/shop/db.pw", Action.UPDATE, PASSWORD, cause=Cause.DRIFT),
            change(
                SHOP, target, "symlink:/opt/shop/old", Action.DELETE, FieldDiff(path="to", before="/opt/a", after=None)
            ),
        ]

    steps: list[Step] = []
    for batch, targets in enumerate((TEN[:1], TEN[1:4], TEN[4:]), start=1):
        steps += [apply(batch, *(each for target in targets for each in on(target))), probe(batch, targets)]
        steps += [Bake(timedelta(seconds=30))] if batch < 3 else []
    return Review(commit=NEWER, assessments=(assessment(shop, plan=plan(shop, *steps)), in_sync(DATABASE)))


def in_sync(of: UnitId) -> Assessment:
    return assessment(unit(of, targets=("db-1",), refs=("package:postgresql", "file:/etc/pg.conf"), version="16"))


def first_rollout() -> Review:
    """Two units that depend on each other in order; files that are new."""
    database = unit(DATABASE, targets=("db-1",), version="16", policy=RolloutPolicy(name="default"))
    shop = unit()
    content = FieldDiff(path="mode", before=None, after="0640")
    new_file = describe("content", None, b"listen = 5432\n", "/etc/pg.conf")
    create_database = apply(1, change(DATABASE, "db-1", "file:/etc/pg.conf", Action.CREATE, content, *new_file))
    create_shop = apply(
        1,
        *(change(SHOP, target, "file:/etc/shop/app.toml", Action.CREATE, content) for target in shop.targets),
    )
    checks = (CHECK, ExecCheck(command=("/usr/bin/test", "-e", "/run/shop")))
    waiting = WaitingOn(Reason.DEPENDENCY, "database@production has to be good first")
    return Review(
        commit=NEWER,
        assessments=(
            assessment(database, plan=plan(database, create_database)),
            assessment(shop, plan=plan(shop, create_shop, probe(1, shop.targets, *checks)), waiting=waiting),
        ),
    )


def every_step() -> Review:
    """A plan with every sort of step, a router, a guard, downtime and figures."""
    shop = unit()
    errors = Analysis(
        name="errors",
        query=PrometheusQuery(url="http://prometheus:9090", query='rate(errors{app="shop"}[1m])'),
        count=5,
        success="result < 0.05",
        failure_limit=1,
        comparison=Comparison(baseline=PrometheusQuery(url="http://prometheus:9090", query="rate(old[1m])")),
    )
    first = apply(1, change(SHOP, "web-1", "file:/etc/ssh/sshd_config", Action.UPDATE))
    guarded = replace(first, targets=tuple(replace(each, guard=Guard(persistent=True)) for each in first.targets))
    second = replace(apply(2, change(SHOP, "web-2", "file:/etc/shop/app.toml", Action.UPDATE)), slot="blue")
    steps: tuple[Step, ...] = (
        *(Drain(1, ("web-1",), timedelta(seconds=30)), Stop(1, first.targets), guarded, probe(1, ["web-1"])),
        Shift((Share("web-1", 10), Share("web-2", 90)), "10% to the canary"),
        *(Mirror(("web-1",), 20), Bake(timedelta(minutes=5)), Analyse((errors,), passes_at=80)),
        *(AwaitPromotion(), AwaitApproval(2, ("ann", "bob")), CallHook(HttpHook(url="https://gate.example/ask"))),
        *(CallHook(CommandHook(command=("/usr/bin/ask", "me"))), Mirror(("web-1",), 0), second),
        *(probe(2, ["web-2"]), Confirm(2, ("web-1", "web-2")), Shift((Share("web-1", 1), Share("web-2", 1)))),
    )
    router = HaproxyRouter(hosts=("lb-1", "lb-2"), backend="shop", members=())
    made = replace(
        plan(shop, *steps),
        tiers=(tier("web-1", "web-2", may_be_down=1),),
        router=router,
        background=(replace(errors, count=None),),
    )
    return Review(commit=NEWER, assessments=(assessment(shop, plan=made),))


def several_sorts() -> Review:
    """One app on hosts, engines and a cluster."""
    shop = replace(unit(), targets=("web-1", "web-2", "engine-1", "engine-2", "kube-1"))
    places = (("web-1", "file:/etc/shop/app.toml"), ("engine-1", "container:worker"), ("kube-1", "kubernetes:web"))
    steps: list[Step] = []
    for number, (target, ref) in enumerate(places, start=1):
        steps.append(apply(number, change(SHOP, target, ref, Action.UPDATE)))
        check = ResourceCheck(ref=ref, subject="", on=Sort.DOCKER_ENGINE) if number > 1 else CHECK
        steps.append(probe(number, [target], check))
    tiers = (
        Tier(sort=Sort.HOST, targets=("web-1", "web-2"), may_be_down=1),
        Tier(sort=Sort.DOCKER_ENGINE, targets=("engine-1", "engine-2"), may_be_down=1),
        Tier(sort=Sort.KUBERNETES_CLUSTER, targets=("kube-1",)),
    )
    made = replace(plan(shop, *steps), tiers=tiers)
    return Review(commit=NEWER, assessments=(assessment(shop, plan=made),))


def nothing() -> Review:
    """A converged world."""
    return Review(commit=GOOD, assessments=(in_sync(DATABASE), assessment(unit(commit=GOOD))))


def unproven() -> Review:
    """Everything is as it shall be, but nobody has asked yet whether it is healthy; another unit is held at rest."""
    shop, mail = unit(), unit(UnitId("mail", "production"))
    verdict = VerdictRecord(
        unit=mail.id, digest=mail.digest, verdict=Verdict.BAD, reason="tcp :25 failed 3 times", commit=NEWER, at=NOW
    )
    waiting = WaitingOn(Reason.REJECTED, "holding at 3f2a8c10, Git says 91bc4d20 (rejected: tcp :25 failed 3 times)")
    return Review(
        commit=NEWER,
        assessments=(
            assessment(shop, plan=plan(shop, probe(1, shop.targets))),
            assessment(mail, effective=replace(mail, commit=GOOD), rejected=verdict, waiting=waiting),
        ),
    )


def empty() -> Review:
    """A commit that asks for nothing."""
    return Review(commit=GOOD, assessments=())


def held() -> Review:
    """A rejected commit, a rollout that is told to end, targets that were not seen, resources that stay."""
    shop = unit()
    good = replace(shop, commit=GOOD, version="1.4.1")
    verdict = VerdictRecord(
        unit=SHOP, digest=shop.digest, verdict=Verdict.BAD, reason="error rate 7.2 % > 5 %", commit=NEWER, at=NOW
    )
    unseen = tuple(LeftOut(target, "cannot be reached: no route to host") for target in ("web-2", "web-3"))
    heal = apply(
        1,
        change(
            SHOP,
            "web-1",
            "systemdUnit:shop.service",
            Action.UPDATE,
            FieldDiff(path="running", before=False, after=True),
            cause=Cause.DRIFT,
        ),
    )
    kept = ("shop@production/web-1/file:/etc/shop/old.conf: policy says keep",)
    drift = plan(good, heal, cause=Cause.DRIFT, left_out=unseen, kept=kept)
    mail = unit(UnitId("mail", "production"), policy=RolloutPolicy(name="x", on_failure=OnFailure.HOLD))
    waiting = WaitingOn(Reason.DRIFT_REPORTED, "policy says report; nothing is done about it")
    signal = Signal(rollout="01JQ", trigger=Trigger.SUPERSEDE, reason="a newer desired state of the unit")
    return Review(
        commit=NEWER,
        assessments=(
            assessment(
                shop,
                effective=good,
                plan=drift,
                rejected=verdict,
                unseen=unseen,
                drifted=("web-1/systemdUnit:shop.service",),
            ),
            assessment(mail, waiting=waiting, signal=signal, drifted=("web-1/file:/etc/mail",)),
        ),
    )


def refused() -> Review:
    """A newer commit that did not load, and a revert under way."""
    good = unit(commit=GOOD)
    problems = (
        "desired-state/shop.yaml:12:3: spec.targets: expected a mapping, got a list",
        "desired-state/shop.yaml:20:5: spec.helth: unknown key (did you mean health?)",
    )
    back = apply(
        1,
        *(
            change(SHOP, t, "file:/etc/shop/app.conf", Action.REPLACE, *CONFIG, cause=Cause.REVERT)
            for t in good.targets
        ),
    )
    revert = plan(good, back, probe(1, good.targets), cause=Cause.REVERT)
    return Review(commit=GOOD, assessments=(assessment(good, plan=revert),), refused=problems)


EVIL_NAME = "file:/tmp/\x1b[2J\x1b[1;31mPlan: 0 to create`</code></details>\n# @root ![x](http://evil)\u202egnp.exe"
EVIL_CONTENT = (
    b"```\n</details>\n# No changes.\n````diff\n\x1b]0;owned\x07 \x1b[2K\rNo changes.\n"
    b"\xe2\x80\xaeevil\n<script>alert(1)</script>\n"
)


def hostile() -> Review:
    """Names, reasons and contents that try to break out of the place they are shown in."""
    shop = unit(version="1\x1b[31m\n2")
    fields = (
        FieldDiff(path="\x1b[8mmode\n", before="\x9b31m", after="a\nPlan: 0 to create"),
        *describe("content", b"", EVIL_CONTENT, "x"),
        FieldDiff(path="pw", before="hunter2", after="hunter3", text="-hunter2\n+hunter3", secret=True),
    )
    update = apply(1, change(SHOP, "web-1\x1b[0m", EVIL_NAME, Action.UPDATE, *fields))
    waiting = WaitingOn(Reason.BLOCKED, "no value for \x1b[31m`shop/db`\n\n# @everyone <b>owned</b>")
    unseen = (LeftOut("web-2", "\x1b]8;;http://evil\x07click\x1b]8;;\x07 @admin | x"),)
    return Review(
        commit="91\x1b[31mb",
        assessments=(assessment(shop, plan=plan(shop, update), waiting=waiting, unseen=unseen),),
        refused=("desired-state/\x1b[31mx.yaml:1:1: `oops` </code> @root",),
    )
