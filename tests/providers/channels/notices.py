"""Notices for tests of channels: one of each sort that matters to how it is told."""

from dataclasses import replace
from datetime import UTC, datetime

from reconciler.model.channel import Channel, Via
from reconciler.model.identity import UnitId
from reconciler.model.notification import (
    Changes,
    CommitTold,
    Consent,
    Course,
    Figure,
    Link,
    Notice,
    Severity,
    Topic,
)
from reconciler.ports.channels import Outgoing

AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)

REVERTED = Notice(
    id="n1",
    topic=Topic.ROLLOUT_REVERTED,
    severity=Severity.ERROR,
    title="shop@production was taken back to 2.0",
    at=AT,
    thread="rollout-1",
    course=Course.ENDED_BADLY,
    unit=UnitId("shop", "production"),
    environment="production",
    version="2.1",
    stage="batch 2 of 4",
    detail="health of web-1 failed: HTTP 500 from http://web-1/health",
    changes=Changes(updates=2, first=("update file:/etc/shop.conf on web-1",), more=1),
    services=("till@production",),
    targets=("web-1", "web-2"),
    figures=(Figure(name="error rate", seen="5 %", wanted="at most 1 %", good=False),),
    consents=(Consent(author="ann", roles=("sre",), reason="tested"),),
    commit=CommitTold(id="abcdef1234567890", subject="A faster till", author="bob"),
    rollout="rollout-1",
    links=(Link(label="Rollout", url="https://fleet.example/rollouts/1"),),
    commands=("reconciler explain shop@production",),
)
BEGUN = replace(
    REVERTED,
    id="n0",
    topic=Topic.ROLLOUT_BEGUN,
    severity=Severity.INFO,
    title="shop@production goes to 2.1",
    course=Course.UNDER_WAY,
    figures=(),
    detail="",
)
SUCCEEDED = replace(
    BEGUN, id="n2", topic=Topic.ROLLOUT_SUCCEEDED, course=Course.ENDED_WELL, title="shop@production is at 2.1"
)
EVIL = replace(
    BEGUN,
    id="n3",
    title="A title\r\nBcc: everybody@example.org <!channel> <b>",
    detail="<!here> @everyone [free](https://evil.example) `x` **b** \x00\u202e",
    commit=CommitTold(id="abc", subject="</p><script>alert(1)</script> <@U123> *all*", author="eve"),
    links=(Link(label="Here", url="javascript:alert(1)"), Link(label="x|y", url="https://a.example/>|<!channel")),
)
HUGE = replace(
    BEGUN,
    id="n4",
    detail="long " * 20_000,
    targets=tuple(f"web-{number}" for number in range(5_000)),
    changes=Changes(updates=9, first=tuple(f"update file:/etc/{'x' * 100}/{n} on web-{n}" for n in range(500))),
)


def outgoing(via: Via, notice: Notice = REVERTED, thread: str = "", template: str = "") -> Outgoing:
    """A message for a channel named ``ops``."""
    return Outgoing(
        key=f"ops-{notice.id}", channel=Channel(name="ops", via=via), notice=notice, thread=thread, template=template
    )
