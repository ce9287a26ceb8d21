"""Small true values for the tables of this folder."""

from dataclasses import replace
from datetime import UTC, datetime

from reconciler.model.access import Placed
from reconciler.model.event import Event
from reconciler.model.identity import UnitId
from reconciler.model.notification import CommitTold, Course, Notice, Severity, Topic
from reconciler.model.record import Entry
from reconciler.model.rollout import State
from reconciler.notify.facts import Facts
from tests.sim import plans

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SHOP = UnitId("shop", "production")
CRITICAL = Placed(environment={"tier": "critical"}, app={"team": "checkout"})

UNIT = plans.shop("2", ("web-1", "web-2"))
PLAN = plans.rolling(UNIT)
ROLLOUT = replace(plans.pending(PLAN, "r1", NOW), state=State.RUNNING, cursor=1)
FACTS = Facts(
    placed=CRITICAL,
    unit=UNIT,
    services=("cart@production",),
    rollout=ROLLOUT,
    forward=PLAN,
    plan=PLAN,
    commit=CommitTold(id="commit-2", subject="two", author="ann@example.com"),
    links="https://reconciler.example/",
)


def entry(event: Event, number: int = 7) -> Entry:
    return Entry(number, NOW, event)


def notice(topic: Topic = Topic.ROLLOUT_FAILED, severity: Severity = Severity.ERROR, **more: object) -> Notice:
    said = Notice(
        id="7",
        topic=topic,
        severity=severity,
        title="shop@production failed",
        at=NOW,
        thread="plan:p1",
        course=Course.UNDER_WAY,
        unit=SHOP,
        environment="production",
        labels={"team": "checkout"},
    )
    return replace(said, **more)  # type: ignore[arg-type]
