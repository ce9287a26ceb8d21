"""Receivers on loopback that are as strict as the vendors document: what is not as they want it is refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.channel import PagerDuty, SlackBot, SlackWebhook, Teams, Via, Webhook
from tests.providers.answering import Answer, Got, answering

SECRETS = {
    "chat/token": "xoxb-1-sesame",
    "chat/hook": "",
    "teams/url": "",
    "pager/key": "0123456789abcdef0123456789abcdef",
    "hook/secret": "whsec_" + base64.b64encode(b"a key of twenty-four byt").decode(),
    "hook/token": "bearer-sesame",
}


@dataclass
class Received:
    """What one receiver took, in order, and what it did not take, each with the reason."""

    taken: list[Any] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failing: list[Answer] = field(default_factory=list)
    """Answers that are given first, whatever is asked."""
    failing_changes: list[Answer] = field(default_factory=list)
    """Answers that are given first to whoever changes what is there already."""
    gone: set[str] = field(default_factory=set)
    """Threads that somebody deleted, by the time stamp of their first message."""


@dataclass
class Receiver:
    """A receiver that listens, the channel that leads to it, and its secrets."""

    via: Via
    secrets: dict[str, str]
    got: Received


@contextmanager
def slack_bot() -> Iterator[Receiver]:
    """chat.postMessage and chat.update as docs.slack.dev describes them."""
    got, posted = Received(), dict[str, str]()

    def answer(asked: Got) -> Answer:
        if got.failing:
            return got.failing.pop(0)
        said = json.loads(asked.body)
        wrong = _slack_faults(asked, said, got.gone)
        if wrong:
            got.refused.append(wrong)
            return Answer(200, json.dumps({"ok": False, "error": wrong}).encode())
        if asked.path == "/api/chat.update" and got.failing_changes:
            return got.failing_changes.pop(0)
        if asked.path == "/api/chat.update" and said["ts"] not in posted:
            return Answer(200, b'{"ok": false, "error": "message_not_found"}')
        ts = said.get("ts") if asked.path == "/api/chat.update" else f"17000000{len(posted):02d}.000100"
        posted[ts] = said["text"]
        got.taken.append({"method": asked.path.removeprefix("/api/"), **said, "its_ts": ts})
        return Answer(200, json.dumps({"ok": True, "ts": ts, "channel": "C0FFEE"}).encode())

    with answering(answer) as url:
        yield Receiver(SlackBot(channel="#ops", token="chat/token", api=f"{url}/api/"), dict(SECRETS), got)


def _slack_faults(asked: Got, said: Any, gone: set[str]) -> str:
    if asked.headers.get("Authorization") != "Bearer xoxb-1-sesame":
        return "invalid_auth"
    if asked.path not in ("/api/chat.postMessage", "/api/chat.update"):
        return "unknown_method"
    if said.get("thread_ts") in gone:
        return "thread_not_found"
    if "reply_broadcast" in said and "thread_ts" not in said:
        return "invalid_arguments"
    return _block_faults(said)


def _block_faults(said: Any) -> str:
    if not said.get("text"):
        return "no_text"
    blocks = said["blocks"]
    if len(blocks) > 50:
        return "invalid_blocks"
    for block in blocks:
        longest = {"header": 150, "section": 3000}[block["type"]]
        if not 0 < len(block["text"]["text"]) <= longest:
            return "invalid_blocks"
        if block["text"]["type"] != {"header": "plain_text", "section": "mrkdwn"}[block["type"]]:
            return "invalid_blocks"
    return ""


@contextmanager
def slack_webhook() -> Iterator[Receiver]:
    """An incoming webhook: 200 and ``ok``, 400 and a word."""
    got = Received()

    def answer(asked: Got) -> Answer:
        if got.failing:
            return got.failing.pop(0)
        if asked.path != "/services/T0/B0/sesame":
            return Answer(404, b"no_service")
        said = json.loads(asked.body)
        if wrong := _block_faults(said):
            got.refused.append(wrong)
            return Answer(400, wrong.encode())
        got.taken.append(said)
        return Answer(200, b"ok")

    with answering(answer) as url:
        secrets = {**SECRETS, "chat/hook": f"{url}/services/T0/B0/sesame"}
        yield Receiver(SlackWebhook(url="chat/hook"), secrets, got)


@contextmanager
def teams() -> Iterator[Receiver]:
    """A workflow that takes messages with one Adaptive Card, of 28 KB at most; it answers 202 and nothing."""
    got = Received()

    def answer(asked: Got) -> Answer:
        if got.failing:
            return got.failing.pop(0)
        if asked.target != "/workflows/1/triggers/manual/paths/invoke?sig=sesame":
            return Answer(401, b'{"error":{"code":"DirectApiAuthorizationRequired"}}')
        said = json.loads(asked.body)
        wrong = "too large" if len(asked.body) > 28 * 1024 else _card_faults(said)
        if wrong:
            got.refused.append(wrong)
            return Answer(400, wrong.encode())
        got.taken.append(said["attachments"][0]["content"])
        return Answer(202, b"")

    with answering(answer) as url:
        secrets = {**SECRETS, "teams/url": f"{url}/workflows/1/triggers/manual/paths/invoke?sig=sesame"}
        yield Receiver(Teams(url="teams/url"), secrets, got)


def _card_faults(said: Any) -> str:
    if said["type"] != "message" or len(said["attachments"]) != 1:
        return "no message with one attachment"
    attachment = said["attachments"][0]
    if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
        return "no card"
    card = attachment["content"]
    if (card["type"], card["version"]) != ("AdaptiveCard", "1.5") or not card["body"]:
        return "no AdaptiveCard 1.5"
    if any(part["type"] != "TextBlock" or not part["text"] for part in card["body"]):
        return "an empty block"
    if any(not act["url"].startswith("http") for act in card["actions"]):
        return "a link that leads nowhere"
    return ""


@contextmanager
def pagerduty() -> Iterator[Receiver]:
    """Events API v2: 202 for what is valid, 400 with the errors otherwise."""
    got = Received()

    def answer(asked: Got) -> Answer:
        if got.failing:
            return got.failing.pop(0)
        said = json.loads(asked.body)
        wrong = _event_faults(asked, said)
        if wrong:
            got.refused.append(wrong)
            return Answer(400, json.dumps({"status": "invalid event", "errors": [wrong]}).encode())
        got.taken.append(said)
        return Answer(202, json.dumps({"status": "success", "dedup_key": said["dedup_key"]}).encode())

    with answering(answer) as url:
        yield Receiver(PagerDuty(key="pager/key", api=url), dict(SECRETS), got)


def _event_faults(asked: Got, said: Any) -> str:
    if asked.path != "/v2/enqueue" or said["routing_key"] != SECRETS["pager/key"]:
        return "invalid routing key"
    if said["event_action"] not in ("trigger", "acknowledge", "resolve") or len(said["dedup_key"]) > 255:
        return "invalid action or key"
    if said["event_action"] != "trigger":
        return ""
    payload = said["payload"]
    if not payload["source"] or len(payload["summary"]) > 1024 or len(asked.body) > 512 * 1024:
        return "invalid payload"
    return "" if payload["severity"] in ("info", "warning", "error", "critical") else "invalid severity"


@contextmanager
def webhook() -> Iterator[Receiver]:
    """A receiver of Standard Webhooks, which checks the signature as the specification says."""
    got = Received()

    def answer(asked: Got) -> Answer:
        if got.failing:
            return got.failing.pop(0)
        wrong = _signature_faults(asked)
        if wrong:
            got.refused.append(wrong)
            return Answer(401, wrong.encode())
        got.taken.append({"id": asked.headers["webhook-id"], **json.loads(asked.body)})
        return Answer(200, b"")

    with answering(answer) as url:
        yield Receiver(Webhook(url=f"{url}/in", secret="hook/secret", token="hook/token"), dict(SECRETS), got)


def _signature_faults(asked: Got) -> str:
    if asked.headers.get("Authorization") != "Bearer bearer-sesame":
        return "who are you"
    key = base64.b64decode(SECRETS["hook/secret"].removeprefix("whsec_"))
    text = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return "" if hmac.compare_digest(wanted, asked.headers["webhook-signature"]) else "the signature is wrong"
