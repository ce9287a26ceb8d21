"""A notice of something that has not happened, to see where it arrives and how it reads. Pure."""

from datetime import datetime, timedelta

from reconciler.model.identity import UnitId
from reconciler.model.notification import (
    Brief,
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

UNIT = UnitId("example", "test")
_OF_NO_UNIT = frozenset(
    {Topic.GIT_LOST, Topic.GIT_FOUND, Topic.COMMIT_REFUSED, Topic.CHANNEL_DEAD, Topic.SEVERAL, Topic.TEST}
)
_CRITICAL = frozenset({Topic.ROLLOUT_REVERT_FAILED})
_ERRORS = frozenset(
    {
        Topic.ROLLOUT_FAILED,
        Topic.ROLLOUT_REVERTED,
        Topic.ROLLOUT_HELD,
        Topic.APPROVAL_ESCALATED,
        Topic.HEALTH_DEGRADED,
        Topic.COMMIT_REFUSED,
        Topic.GIT_LOST,
        Topic.CHANNEL_DEAD,
    }
)
_ENDED_WELL = frozenset({Topic.ROLLOUT_SUCCEEDED, Topic.DRIFT_HEALED, Topic.HEALTH_HEALTHY, Topic.GIT_FOUND})


def sample(topic: Topic, at: datetime, key: str) -> Notice:
    """Return a notice about the topic with something in every field; ``key`` is the same for no other sample.

    It says first that it is a test. It is in a thread of its own.
    """
    unit = None if topic in _OF_NO_UNIT else UNIT
    what = "a message of reconciler" if topic is Topic.TEST else f"{topic} of {unit}" if unit else str(topic)
    return Notice(
        id=key,
        topic=topic,
        severity=_severity(topic),
        title=f"TEST: {what}; nothing has happened",
        at=at,
        thread=f"test:{key}",
        course=Course.ENDED_WELL if topic in _ENDED_WELL else Course.UNDER_WAY,
        unit=unit,
        environment=UNIT.environment if unit else "",
        labels={"team": "example"},
        version="1.4.2" if unit else "",
        stage="batch 2 of 4" if unit else "",
        detail="This was sent by reconciler notify test, to see that it arrives and how it reads.",
        changes=Changes(updates=2, first=("update file:/etc/example.conf on web-1",), more=1),
        services=("shop@test",),
        targets=("web-1", "web-2"),
        figures=(Figure(name="error rate", seen="0.2 %", wanted="at most 1 %", good=True),),
        consents=(Consent(author="ann", roles=("release",), reason="an example"),),
        actor="bob",
        reason="an example",
        commit=CommitTold(id="4f2a9c1", subject="An example", author="bob"),
        rollout=key,
        plan=key,
        links=(Link(label="An example of a link", url="https://reconciler.example/v1/units/example@test"),),
        commands=(f"reconciler explain {UNIT}",),
        several=_several(at) if topic is Topic.SEVERAL else (),
        more=1 if topic is Topic.SEVERAL else 0,
    )


def _severity(topic: Topic) -> Severity:
    if topic in _CRITICAL:
        return Severity.CRITICAL
    return Severity.ERROR if topic in _ERRORS else Severity.INFO


def _several(at: datetime) -> tuple[Brief, ...]:
    return tuple(
        Brief(
            topic=Topic.DRIFT_FOUND,
            severity=Severity.WARNING,
            title=f"TEST: {name}@test has drifted",
            at=at - timedelta(minutes=1),
            unit=UnitId(name, "test"),
        )
        for name in ("cart", "shop")
    )
