"""Slack: a bot with a thread for each rollout, whose first message is kept up to date, or an incoming webhook."""

import json
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from reconciler.model.canonical import canonical
from reconciler.model.channel import SlackBot
from reconciler.policy.dialects import SLACK
from reconciler.ports.channels import Delivered, Outgoing, TooMany
from reconciler.ports.errors import Denied, Refused, TimedOut, Unreachable
from reconciler.providers.channels import answered, content
from reconciler.providers.channels.aside import aside
from reconciler.providers.http import Http, Request

if TYPE_CHECKING:
    from slack_sdk import WebClient

LIMIT = timedelta(seconds=20)
_HEADER, _SECTION, _SECTIONS, _TEXT = 150, 3000, 4, 3000
"""Characters and pieces. There may be 50 blocks, but not with so much text in all (``msg_blocks_too_long``)."""

_LONGEST_PAUSE = 3600
_FOR_A_PERSON = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "no_permission",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_NEVER = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
_FIRST_IS_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})


async def deliver_by_bot(via: SlackBot, message: Outgoing, token: str) -> Delivered:
    """Post it, in the thread that there is, whose first message then says how it stands; raise as the port says."""
    return await aside(partial(_posted, via, message, token))


async def deliver_to_webhook(http: Http, url: str, message: Outgoing, now: datetime) -> Delivered:
    """Post it to an incoming webhook, whose URL is a secret."""
    body = await aside(lambda: canonical({"text": _fallback(message), "blocks": blocks(message)}).encode())
    headers = {"Content-Type": "application/json"}
    answer = await answered.exchange(http, Request(url=url, method="POST", headers=headers, body=body, limit=LIMIT))
    answered.check(message.channel.name, answer, now)
    return Delivered(detail=answered.said(answer))


def blocks(message: Outgoing) -> list[Any]:
    """Return the message as blocks, within what Slack takes."""
    heading = {"type": "plain_text", "text": content.title(message.notice, _HEADER), "emoji": False}
    texts = content.parts(content.body(message, SLACK), _SECTION, _SECTIONS)
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}} for text in texts]
    return [{"type": "header", "text": heading}, *sections]


def _fallback(message: Outgoing) -> str:
    """What a phone shows of it."""
    return SLACK.escape(content.title(message.notice, _TEXT // 2))


def _client(via: SlackBot, token: str) -> "WebClient":
    try:
        from slack_sdk import WebClient  # noqa: PLC0415 - an extra, and slow
    except ImportError:
        raise Denied("this needs the Slack library: pip install 'reconciler[slack]'") from None
    return WebClient(token=token, base_url=via.api, timeout=int(LIMIT.total_seconds()), retry_handlers=[])


def _posted(via: SlackBot, message: Outgoing, token: str) -> Delivered:
    client, first = _client(via, token), _first(message.thread)
    post: dict[str, Any] = {
        "text": _fallback(message),
        "blocks": blocks(message),
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": "reconciler_notice", "event_payload": {"key": message.key}},
    }
    if first is None:
        said = _call(client, "chat.postMessage", {"channel": via.channel, **post})
        return Delivered(thread=canonical({"channel": said["channel"], "ts": said["ts"]}), detail=f"ts {said['ts']}")
    reply = _call(client, "chat.postMessage", {"channel": first["channel"], "thread_ts": first["ts"], **post})
    try:
        _call(client, "chat.update", {**first, "text": post["text"], "blocks": post["blocks"]})
    except _FirstIsGone:
        return Delivered(thread=message.thread, detail=f"ts {reply['ts']}; the first message can no longer be changed")
    return Delivered(thread=message.thread, detail=f"ts {reply['ts']}, in the thread of {first['ts']}")


def _first(thread: str) -> dict[str, str] | None:
    if not thread:
        return None
    found = json.loads(thread)
    return {"channel": str(found["channel"]), "ts": str(found["ts"])}


class _FirstIsGone(Exception):
    """The message that was to be changed cannot be changed any more."""


def _call(client: "WebClient", method: str, arguments: dict[str, Any]) -> Any:
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415 - an extra

    try:
        return client.api_call(method, json=arguments).data
    except SlackApiError as error:
        word = str(error.response.get("error", "")) or f"HTTP {error.response.status_code}"
        told = f"Slack does not take it ({method}): {word}"
        if error.response.status_code == 429 or word == "ratelimited":
            raise TooMany(told, _pause(error.response.headers)) from None
        if word in _FIRST_IS_GONE:
            raise _FirstIsGone from None
        if word in _FOR_A_PERSON:
            raise Denied(f"{told}; see to the bot's token, its scopes and its channel") from None
        if word in _NEVER:
            raise Refused(told) from None
        raise Unreachable(told) from None
    except TimeoutError:
        raise TimedOut(f"Slack did not answer within {LIMIT.total_seconds():g} s") from None
    except (SlackClientError, OSError) as error:
        raise Unreachable(f"Slack cannot be asked: {type(error).__name__}: {getattr(error, 'reason', '')}") from None


def _pause(headers: Any) -> timedelta | None:
    text = next((str(value) for name, value in dict(headers).items() if name.lower() == "retry-after"), "")
    return timedelta(seconds=min(int(text[:9]), _LONGEST_PAUSE)) if text.isascii() and text.isdigit() else None
