"""PagerDuty, Events API v2: an alarm begins, is acknowledged and ends with what its thread is about."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

from reconciler.model.canonical import canonical
from reconciler.model.channel import PagerDuty
from reconciler.model.notification import Course, Notice, Severity, Topic
from reconciler.policy.dialects import PLAIN
from reconciler.ports.channels import Delivered, Outgoing
from reconciler.providers.channels import answered, content
from reconciler.providers.channels.aside import aside
from reconciler.providers.http import Http, Request

_SUMMARY, _KEY, _DETAIL = 1024, 255, 100 * 1024

Act: TypeAlias = Literal["trigger", "acknowledge", "resolve"]


async def deliver(http: Http, via: PagerDuty, message: Outgoing, key: str, now: datetime) -> Delivered:
    """Send the event, if the notice is one that somebody is woken for or that ends an alarm."""
    act = action(message.notice)
    if act is None:
        return Delivered(thread=message.notice.thread[:_KEY], detail="nothing to wake anybody for")
    body = await aside(lambda: canonical(event(message, key, act)).encode())
    request = Request(
        url=f"{via.api.rstrip('/')}/v2/enqueue",
        method="POST",
        headers={"Content-Type": "application/json"},
        body=body,
        largest=64 * 1024,
    )
    answer = await answered.exchange(http, request)
    answered.check(message.channel.name, answer, now)
    return Delivered(thread=message.notice.thread[:_KEY], detail=f"{act}: HTTP {answer.status}")


def action(notice: Notice) -> Act | None:
    """Return what becomes of the alarm; None: nothing."""
    if notice.course is Course.ENDED_WELL:
        return "resolve"
    if notice.topic in (Topic.APPROVAL_GIVEN, Topic.WAIVER_REVIEWED):
        return "acknowledge"
    if notice.severity.rank >= Severity.WARNING.rank or notice.topic is Topic.TEST:
        return "trigger"
    return None


def event(message: Outgoing, key: str, act: Act) -> Any:
    """Return the event as the API wants it."""
    notice = message.notice
    made: dict[str, Any] = {"routing_key": key, "event_action": act, "dedup_key": notice.thread[:_KEY]}
    if act != "trigger":
        return made
    source = str(notice.unit or notice.environment or "reconciler")
    payload = {
        "summary": content.title(notice, _SUMMARY),
        "source": source,
        "severity": notice.severity.value,
        "timestamp": notice.at.isoformat(),
        "component": source,
        "group": notice.environment,
        "class": notice.topic.value,
        "custom_details": {
            "text": content.lines_within(content.body(message, PLAIN), _DETAIL),
            "commands": list(notice.commands),
            "rollout": notice.rollout,
        },
    }
    links = [{"href": each.url, "text": each.label} for each in notice.links if each.url.startswith("http")]
    return {**made, "payload": payload, "client": "reconciler", "links": links}
