"""What is particular to Slack: its words for what went wrong, and a first message that is gone."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from reconciler.model.channel import SlackBot, SlackWebhook
from reconciler.model.notification import Course, Notice
from reconciler.ports.channels import TooMany
from reconciler.ports.errors import Denied, Refused, Unreachable, WorldError
from reconciler.providers.channels import slack
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from tests.providers.answering import Answer
from tests.providers.channels import receivers
from tests.providers.channels.notices import BEGUN, EVIL, HUGE, REVERTED, outgoing
from tests.providers.channels.receivers import Receiver
from tests.providers.secret_values import SecretValues


@pytest.fixture
def bot() -> Iterator[Receiver]:
    with receivers.slack_bot() as there:
        yield there


@pytest.fixture
async def channels(bot: Receiver) -> AsyncIterator[AllChannels]:
    http = Http()
    yield AllChannels(http, SecretValues(bot.secrets), SystemClock())
    await http.close()


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("not_in_channel", Denied),
        ("missing_scope", Denied),
        ("token_revoked", Denied),
        ("channel_not_found", Denied),
        ("ratelimited", TooMany),
        ("msg_too_long", Refused),
        ("internal_error", Unreachable),
        ("a_word_of_next_year", Unreachable),
    ],
)
async def test_slacks_words_say_who_can_mend_it(
    bot: Receiver, channels: AllChannels, word: str, error: type[WorldError]
) -> None:
    bot.got.failing.append(Answer(200, json.dumps({"ok": False, "error": word}).encode()))
    with pytest.raises(error, match=word) as caught:
        await channels.deliver(outgoing(bot.via))
    assert type(caught.value) is error
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("pause", ["", "soon", "-1", "²", "9" * 400])
async def test_a_pause_that_makes_no_sense_is_none_or_an_hour(bot: Receiver, channels: AllChannels, pause: str) -> None:
    bot.got.failing.append(Answer(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": pause}))
    with pytest.raises(TooMany) as caught:
        await channels.deliver(outgoing(bot.via))
    after = caught.value.after
    assert after is None or after.total_seconds() == 3600


async def test_a_first_message_that_somebody_deleted_keeps_nobody_from_being_told(
    bot: Receiver, channels: AllChannels
) -> None:
    gone = json.dumps({"channel": "C0FFEE", "ts": "1600000000.000001"})
    told = await channels.deliver(outgoing(bot.via, REVERTED, gone))
    assert told.detail.endswith("the first message can no longer be changed")
    assert told.thread == gone
    assert [each["method"] for each in bot.got.taken] == ["chat.postMessage"]


async def test_a_reply_whose_thread_is_gone_begins_a_new_one(bot: Receiver, channels: AllChannels) -> None:
    first = await channels.deliver(outgoing(bot.via, BEGUN))
    bot.got.gone.add(json.loads(first.thread)["ts"])
    told = await channels.deliver(outgoing(bot.via, REVERTED, first.thread))
    then = await channels.deliver(outgoing(bot.via, REVERTED, told.thread))
    assert told.thread == then.thread != first.thread
    begun, anew, reply, _ = bot.got.taken
    assert [each.get("thread_ts") for each in (begun, anew, reply)] == [None, None, anew["its_ts"]]
    assert anew["channel"] == "#ops"


async def test_a_channel_that_leads_elsewhere_now_gets_no_replies_where_it_led_before(
    bot: Receiver, channels: AllChannels
) -> None:
    first = await channels.deliver(outgoing(bot.via, BEGUN))
    assert isinstance(bot.via, SlackBot)
    told = await channels.deliver(outgoing(replace(bot.via, channel="#elsewhere"), REVERTED, first.thread))
    assert [(each["channel"], "thread_ts" in each) for each in bot.got.taken] == [
        ("#ops", False),
        ("#elsewhere", False),
    ]
    assert told.thread != first.thread


@pytest.mark.parametrize("thread", ["<ops-n1@example.org>", "[]", "{}", "7", '{"ts": "1"}'])
async def test_a_thread_of_another_sort_of_channel_is_none(bot: Receiver, channels: AllChannels, thread: str) -> None:
    await channels.deliver(outgoing(bot.via, BEGUN, thread))
    assert [each["method"] for each in bot.got.taken] == ["chat.postMessage"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "7"}),
        Answer(200, b'{"ok": false, "error": "missing_scope"}'),
        Answer(200, b'{"ok": false, "error": "msg_too_long"}'),
        Answer(500, b"oops"),
    ],
)
async def test_a_reply_that_people_have_is_told_whatever_becomes_of_the_first_message(
    bot: Receiver, channels: AllChannels, answer: Answer
) -> None:
    first = await channels.deliver(outgoing(bot.via, BEGUN))
    bot.got.failing_changes.append(answer)
    told = await channels.deliver(outgoing(bot.via, REVERTED, first.thread))
    assert told.thread == first.thread
    assert "the first message says what it said before: Slack " in told.detail


LOST = replace(REVERTED, thread="git", course=Course.NEEDS_SOMEBODY)
FOUND = replace(REVERTED, thread="git", course=Course.ENDED_WELL)


async def test_what_lasts_begins_a_new_thread_when_it_had_ended_well(bot: Receiver, channels: AllChannels) -> None:
    first = await channels.deliver(outgoing(bot.via, LOST))
    assert first.thread
    assert (await channels.deliver(outgoing(bot.via, FOUND, first.thread))).thread == ""
    assert (await channels.deliver(outgoing(bot.via, FOUND))).thread == ""


@pytest.mark.parametrize("thread", ["plan:p1", "rollout:r1"])
async def test_a_rollout_that_ended_well_keeps_its_thread(bot: Receiver, channels: AllChannels, thread: str) -> None:
    first = await channels.deliver(outgoing(bot.via, replace(BEGUN, thread=thread)))
    ended = replace(FOUND, thread=thread)
    assert (await channels.deliver(outgoing(bot.via, ended, first.thread))).thread == first.thread != ""


async def test_a_reply_that_needs_somebody_is_not_hidden_in_an_old_thread(bot: Receiver, channels: AllChannels) -> None:
    first = await channels.deliver(outgoing(bot.via, LOST))
    for notice in (LOST, replace(LOST, course=Course.UNDER_WAY), replace(LOST, thread="plan:p1")):
        await channels.deliver(outgoing(bot.via, notice, first.thread))
    posted = [each for each in bot.got.taken if each["method"] == "chat.postMessage"]
    assert [each.get("reply_broadcast") for each in posted] == [None, True, None, None]


async def test_each_message_has_its_key_so_that_a_second_one_can_be_known(bot: Receiver, channels: AllChannels) -> None:
    for _ in range(2):
        await channels.deliver(outgoing(bot.via, BEGUN))
    keys = [each["metadata"]["event_payload"]["key"] for each in bot.got.taken]
    assert keys == ["ops-n0", "ops-n0"]


async def test_where_slacks_library_is_not_installed_it_is_said_how_to(
    bot: Receiver, channels: AllChannels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "slack_sdk", None)
    with pytest.raises(Denied, match=r"pip install 'reconciler\[slack\]'"):
        await channels.deliver(outgoing(bot.via))


@pytest.mark.parametrize("notice", [REVERTED, EVIL, HUGE], ids=lambda each: each.id)
def test_blocks_are_within_what_slack_takes(notice: Notice) -> None:
    template = "{{ detail }}\n" * 12 + "{% for each in targets %}{{ link(each, 'https://a.example') }}\n{% endfor %}"
    made = slack.blocks(outgoing(SlackWebhook(url=""), notice, template=template))
    assert 2 <= len(made) <= 5
    assert all(0 < len(each["text"]["text"]) <= 3000 for each in made[1:])
