"""What every channel does: it tells, it says what is to be done when it cannot, and no error holds a secret."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.channel import (
    Apprise,
    Email,
    PagerDuty,
    SlackBot,
    SlackWebhook,
    Teams,
    Via,
    Webhook,
)
from reconciler.ports.channels import TooMany
from reconciler.ports.errors import Denied, Refused, Unreachable, WorldError
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.channels.keys import Keys
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from tests.providers.answering import Answer
from tests.providers.channels import receivers
from tests.providers.channels.notices import BEGUN, EVIL, HUGE, REVERTED, SUCCEEDED, outgoing
from tests.providers.channels.receivers import Receiver
from tests.providers.secret_values import SecretValues

OVER_HTTP = (
    receivers.slack_bot,
    receivers.slack_webhook,
    receivers.teams,
    receivers.pagerduty,
    receivers.webhook,
)


@pytest.fixture(params=OVER_HTTP, ids=lambda made: made.__name__)
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    made: Callable[[], AbstractContextManager[Receiver]] = request.param
    with made() as there:
        yield there


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.close()


def channels(http: Http, secrets: dict[str, str]) -> AllChannels:
    return AllChannels(http, SecretValues(secrets), SystemClock())


async def test_a_notice_arrives_as_the_receiver_wants_it(receiver: Receiver, http: Http) -> None:
    told = await channels(http, receiver.secrets).deliver(outgoing(receiver.via))
    assert receiver.got.refused == []
    assert len(receiver.got.taken) == 1
    assert told.detail
    assert "shop@production" in str(receiver.got.taken).replace("\\", "")


@pytest.mark.parametrize("notice", [EVIL, HUGE], ids=["evil", "huge"])
async def test_whatever_people_have_written_is_taken(receiver: Receiver, http: Http, notice: object) -> None:
    loud = replace(EVIL if notice is EVIL else HUGE, severity=REVERTED.severity)
    await channels(http, receiver.secrets).deliver(outgoing(receiver.via, loud))
    assert receiver.got.refused == []
    text = str(receiver.got.taken)
    assert not re.search(r"<javascript:|\]\(javascript:|['\"]javascript:", text) or receiver.via.via == "webhook"
    assert "<!here>" not in text or receiver.via.via not in ("slack", "slack_webhook")


async def test_a_thread_is_told_in_order_and_ends_well(receiver: Receiver, http: Http) -> None:
    telling, thread = channels(http, receiver.secrets), ""
    for notice in (BEGUN, REVERTED, SUCCEEDED):
        thread = (await telling.deliver(outgoing(receiver.via, notice, thread))).thread
    assert receiver.got.refused == []
    said = [str(each) for each in receiver.got.taken]
    if isinstance(receiver.via, PagerDuty):
        assert [each["event_action"] for each in receiver.got.taken] == ["trigger", "resolve"]
        assert {each["dedup_key"] for each in receiver.got.taken} == {"rollout-1"}
    elif isinstance(receiver.via, SlackBot):
        methods = [each["method"] for each in receiver.got.taken]
        assert methods == ["chat.postMessage", *("chat.postMessage", "chat.update") * 2]
        first = receiver.got.taken[0]["its_ts"]
        assert [each.get("thread_ts") for each in receiver.got.taken] == [None, first, None, first, None]
        assert receiver.got.taken[-1]["ts"] == first
        assert "is at 2.1" in receiver.got.taken[-1]["text"]
    else:
        assert ["goes to" in each for each in said] == [True, False, False]
        assert len(said) == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(429, b"slow down", {"Retry-After": "7"}), TooMany),
        (Answer(500, b"oops"), Unreachable),
        (Answer(503, b""), Unreachable),
    ],
)
async def test_what_may_go_well_later_is_told_as_that(
    receiver: Receiver, http: Http, answer: Answer, error: type[WorldError]
) -> None:
    receiver.got.failing.append(answer)
    with pytest.raises(error) as caught:
        await channels(http, receiver.secrets).deliver(outgoing(receiver.via))
    if isinstance(caught.value, TooMany):
        assert caught.value.after is not None
        assert caught.value.after.total_seconds() == 7
    assert "sesame" not in str(caught.value)


async def test_a_wrong_key_is_for_a_person_to_mend_and_is_not_told(receiver: Receiver, http: Http) -> None:
    wrong = {name: value.replace("sesame", "wrong").replace("0123", "3210") for name, value in receiver.secrets.items()}
    with pytest.raises((Denied, Refused)) as caught:
        await channels(http, wrong).deliver(outgoing(receiver.via))
    assert not any(part in str(caught.value) for part in ("wrong", "3210"))


async def test_a_secret_that_is_not_there_is_for_a_person_to_mend(receiver: Receiver, http: Http) -> None:
    with pytest.raises(Denied, match="cannot use channel ops"):
        await channels(http, {}).deliver(outgoing(receiver.via))


def _nowhere(via: Via, secrets: dict[str, str]) -> tuple[Via, dict[str, str]]:
    gone = "http://127.0.0.1:1"
    places = {name: (f"{gone}/sesame" if value.startswith("http") else value) for name, value in secrets.items()}
    match via:
        case SlackBot() | PagerDuty():
            return replace(via, api=f"{gone}/"), places
        case _:
            return (replace(via, url=f"{gone}/in") if via.via == "webhook" else via), places


async def test_a_receiver_that_is_away_is_unreachable_and_its_address_is_not_told(
    receiver: Receiver, http: Http
) -> None:
    via, secrets = _nowhere(receiver.via, receiver.secrets)
    with pytest.raises(Unreachable) as caught:
        await channels(http, secrets).deliver(outgoing(via))
    assert "sesame" not in str(caught.value)


WORD = "Zq7sesamezq7Zq7sesame"
TOKENS = (f"{WORD}\nsecond", f"{WORD} second", f"{WORD}\u00c4\u20ac", f"{WORD}\x00", f"{WORD}\udc80", " ")
ADDRESSES = (
    f"hooks.example/services/{WORD}",
    f"https:/hooks.example/services/{WORD}",
    f"htps://hooks.example/services/{WORD}",
    f"https://user:{WORD}@[bad/services",
    f"https://h ooks/{WORD}",
    f"https://hooks.example:{WORD}/",
    f"https://hooks.example/{WORD}\nsecond",
    f"https://hooks.example/{WORD}\u00c4",
    f"https:///{WORD}",
)
MAIL = Email(server="127.0.0.1", port=1, sender="a@b.c", to=("d@e.f",), user="u", password="key")
UNFIT = (
    *((SlackBot(channel="#ops", token="key", api="http://127.0.0.1:1/api/"), value) for value in TOKENS),
    *((PagerDuty(key="key", api="http://127.0.0.1:1"), value) for value in TOKENS),
    *((Webhook(url="http://127.0.0.1:1/in", secret="", token="key"), value) for value in TOKENS),
    *(
        (Webhook(url="http://127.0.0.1:1/in", secret="key"), value)
        for value in (f"{WORD}\udc80", f"whsec_{WORD}\u00c4")
    ),
    *((MAIL, value) for value in TOKENS if value != f"{WORD} second"),
    *((SlackWebhook(url="key"), value) for value in ADDRESSES),
    *((Teams(url="key"), value) for value in ADDRESSES),
    *((Apprise(url="key"), value) for value in (WORD, f"json:/{WORD}", f"json://a/{WORD}\nb", f"json://\udc80{WORD}")),
)


def _whole(error: BaseException | None) -> str:
    """All that a log would say of it, and of what it was raised for."""
    return f"{error!r} {error} {_whole(error.__cause__)} {_whole(error.__context__)}" if error else ""


@pytest.mark.parametrize(("via", "value"), UNFIT, ids=lambda each: ascii(getattr(each, "via", each)).replace(WORD, "W"))
async def test_a_key_that_cannot_be_one_is_for_a_person_to_mend_and_is_not_told(
    http: Http, via: Via, value: str
) -> None:
    with pytest.raises(Denied) as caught:
        await AllChannels(http, Odd(value), SystemClock()).deliver(outgoing(via))
    assert "Zq7" not in _whole(caught.value)
    assert "sesame" not in _whole(caught.value)
    assert not str(caught.value).startswith("channel ops: internal error")


async def test_what_a_receiver_says_again_of_its_address_is_not_told(http: Http) -> None:
    with receivers.teams() as there:
        told = Answer(400, f"no workflow {WORD} at /workflows/{WORD}?sig=a%20b".encode())
        there.got.failing.append(told)
        url = there.secrets["teams/url"].partition("/workflows")[0] + f"/workflows/{WORD}?sig=a"
        with pytest.raises(Refused, match="no workflow") as caught:
            await channels(http, {"teams/url": url}).deliver(outgoing(there.via))
    assert WORD not in _whole(caught.value)


async def test_an_error_that_nobody_has_foreseen_is_told_by_its_place_and_not_in_its_words(http: Http) -> None:
    with pytest.raises(Denied, match=r"internal error: UnicodeError in test_contract\.py, line \d+") as caught:
        await AllChannels(http, Failing(), SystemClock()).deliver(outgoing(MAIL))
    assert WORD not in _whole(caught.value)


async def test_a_pause_that_was_asked_for_stays_with_an_error_that_is_told_anew() -> None:
    keys = Keys(Odd(WORD), "ops")
    await keys.token("key")
    told = keys.told(TooMany(f"no more of {WORD}", timedelta(seconds=7)))
    assert isinstance(told, TooMany)
    assert (str(told), told.after) == ("no more of (secret)", timedelta(seconds=7))


class Odd(SecretValues):
    """One value for all references, however it is written."""

    def __init__(self, value: str) -> None:
        super().__init__({})
        self._value = value

    def value(self, reference: str) -> str:
        return self._value


class Failing(SecretValues):
    """A store with a bug, whose error holds what it was asked for."""

    def __init__(self) -> None:
        super().__init__({})

    def value(self, reference: str) -> str:
        raise UnicodeError(f"{WORD} cannot be read")
