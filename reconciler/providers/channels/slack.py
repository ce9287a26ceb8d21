"""Slack: a bot with a thread for each rollout, whose first message is kept up to date, or an incoming webhook."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from reconciler.model.canonical import canonical
from reconciler.model.channel import SlackBot
from reconciler.model.notification import Course, Notice
from reconciler.policy.dialects import SLACK
from reconciler.ports.channels import Delivered, Outgoing, TooMany
from reconciler.ports.errors import Denied, Refused, TimedOut, Unreachable, WorldError
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
_OF_ROLLOUTS = ("plan:", "rollout:")


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
    client, first = _client(via, token), _first(via, message.thread)
    post: dict[str, Any] = {
        "text": _fallback(message),
        "blocks": blocks(message),
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": "reconciler_notice", "event_payload": {"key": message.key}},
    }
    if first is None:
        return _begun(client, via, message, post)
    there: dict[str, Any] = {"channel": first["channel"], "thread_ts": first["ts"]}
    if _lasting(message.notice) and message.notice.course is Course.NEEDS_SOMEBODY:
        # Deep in an old thread nobody sees it.
        there["reply_broadcast"] = True
    try:
        reply = _call(client, "chat.postMessage", {**there, **post})
    except _FirstIsGone:
        return _begun(client, via, message, post)
    return Delivered(thread=_from_now_on(message), detail=f"ts {_ts(reply)}{_kept_up(client, first, post)}")


def _begun(client: "WebClient", via: SlackBot, message: Outgoing, post: dict[str, Any]) -> Delivered:
    """Post it as the first message of a thread, which is known by where it was asked for too."""
    said = _call(client, "chat.postMessage", {"channel": via.channel, **post})
    thread = canonical({"channel": str(said["channel"]), "ts": _ts(said), "via": via.channel})
    return Delivered(thread=_from_now_on(replace(message, thread=thread)), detail=f"ts {_ts(said)}")


def _kept_up(client: "WebClient", first: dict[str, str], post: dict[str, Any]) -> str:
    """Change the first message and return in words how that went; people have the reply, so nothing is raised."""
    try:
        _call(client, "chat.update", {**first, "text": post["text"], "blocks": post["blocks"]})
    except _FirstIsGone:
        return "; the first message can no longer be changed"
    except WorldError as error:
        return f"; the first message says what it said before: {error}"
    return f", in the thread of {first['ts']}"


def _ts(said: Any) -> str:
    return str(said["ts"])


def _first(via: SlackBot, thread: str) -> dict[str, str] | None:
    """The first message; None where there is none, or it was posted to another place than this one."""
    try:
        found = json.loads(thread)
        # Threads of before have no ``via``.
        here = found.get("via", via.channel) == via.channel
        return {"channel": str(found["channel"]), "ts": str(found["ts"])} if here else None
    except (ValueError, AttributeError, KeyError):
        return None


def _lasting(notice: Notice) -> bool:
    """Return whether the thread is of something that there always is, as Git or a host, and of no rollout."""
    return not notice.thread.startswith(_OF_ROLLOUTS)


def _from_now_on(message: Outgoing) -> str:
    """The thread for what comes; empty when what it is about is over, and the next time is news."""
    over = _lasting(message.notice) and message.notice.course is Course.ENDED_WELL
    return "" if over else message.thread


class _FirstIsGone(Unreachable):
    """The message that was to be changed or answered is not there any more."""


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
            raise _FirstIsGone(told) from None
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
