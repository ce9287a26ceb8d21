"""Microsoft Teams: an Adaptive Card 1.5 to a workflow that posts cards. There are no threads in workflows."""

from datetime import datetime
from functools import partial
from typing import Any

from reconciler.model.canonical import canonical
from reconciler.model.notification import Notice, Severity
from reconciler.policy.dialects import CARD
from reconciler.ports.channels import Delivered, Outgoing
from reconciler.providers.channels import answered, content
from reconciler.providers.channels.aside import aside
from reconciler.providers.http import Http, Request

_LARGEST = 28 * 1000
"""Bytes of a whole message that Teams takes."""

_TEXTS = (20_000, 12_000, 6_000, 2_000)
"""Bytes of text that are tried, one after the other: how much JSON makes of them is seen when it is made."""

_COLOURS = {
    Severity.INFO: "Default",
    Severity.WARNING: "Warning",
    Severity.ERROR: "Attention",
    Severity.CRITICAL: "Attention",
}
_LINKS = 5


async def deliver(http: Http, url: str, message: Outgoing, now: datetime) -> Delivered:
    """Send the card to the workflow at the URL, which is a secret."""
    body = await aside(partial(card, message))
    headers = {"Content-Type": "application/json", "X-Request-Id": message.key}
    request = Request(url=url, method="POST", headers=headers, body=body, largest=64 * 1024)
    answer = await answered.exchange(http, request)
    answered.check(message.channel.name, answer, now)
    return Delivered(detail=f"HTTP {answer.status}")


def card(message: Outgoing) -> bytes:
    """Return the message with its one card as JSON, with as much of the text as Teams takes."""
    text = content.body(message, CARD)
    made = [canonical(_card(message, content.lines_within(text, longest))).encode() for longest in _TEXTS]
    return next((each for each in made if len(each) <= _LARGEST), made[-1])


def _card(message: Outgoing, text: str) -> Any:
    notice = message.notice
    # A single line break is a space in the Markdown of cards.
    lines = [{"type": "TextBlock", "text": part, "wrap": True, "spacing": "Small"} for part in _blocks(text)]
    heading = {
        "type": "TextBlock",
        "text": CARD.escape(content.title(notice, 300)),
        "size": "Large",
        "weight": "Bolder",
        "wrap": True,
        "color": _COLOURS[notice.severity],
    }
    made = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "msteams": {"width": "Full"},
        "body": [heading, *lines],
        "actions": _actions(notice),
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": made}
    return {"type": "message", "attachments": [attachment]}


def _blocks(text: str) -> list[str]:
    """Lists stay together, every other line is a block of its own."""
    blocks: list[str] = []
    for line in text.split("\n"):
        if line.startswith("- ") and blocks and blocks[-1].startswith("- "):
            blocks[-1] += f"\n{line}"
        elif line:
            blocks.append(line)
    return blocks


def _actions(notice: Notice) -> list[Any]:
    return [
        {"type": "Action.OpenUrl", "title": content.shortened(each.label, 40), "url": each.url}
        for each in notice.links[:_LINKS]
        if each.url.startswith(("https://", "http://"))
    ]
