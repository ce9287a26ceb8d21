"""What apprise tells, tried with its own JSON service, and what is said where it is not installed."""

import json
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from reconciler.model.channel import Apprise
from reconciler.ports.channels import Delivered
from reconciler.ports.errors import Denied, Unreachable
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from tests.leaks import unmistakable
from tests.providers.answering import Answer, Got, answering
from tests.providers.channels.notices import EVIL, HUGE, REVERTED, outgoing
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of its plugins
VIA = Apprise(url="apprise/url")


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.close()


@pytest.fixture
def got() -> Iterator[tuple[str, list[Got], list[Answer]]]:
    """The address of a receiver without its scheme, what it got, and what it answers first."""
    asked, first = list[Got](), list[Answer]()

    def answer(each: Got) -> Answer:
        asked.append(each)
        return first.pop(0) if first else Answer(200)

    with answering(answer) as url:
        yield url.removeprefix("http://"), asked, first


async def told(http: Http, url: str, notice: object = REVERTED) -> Delivered:
    channels = AllChannels(http, SecretValues({"apprise/url": url}), SystemClock())
    return await channels.deliver(outgoing(VIA, EVIL if notice is EVIL else HUGE if notice is HUGE else REVERTED))


async def test_apprise_tells_it_as_text(http: Http, got: tuple[str, list[Got], list[Answer]]) -> None:
    address, asked, _ = got
    assert (await told(http, f"json://{address}/in")).detail == "apprise says it is told"
    [request] = asked
    said = json.loads(request.body)
    assert said["title"] == "Error: shop@production was taken back to 2.0"
    assert said["type"] == "failure"
    assert "error rate: 5 %, wanted at most 1 %, BAD" in said["message"]
    assert "reconciler explain shop@production" in said["message"]


@pytest.mark.parametrize("notice", [EVIL, HUGE], ids=["evil", "huge"])
async def test_apprise_takes_whatever_people_have_written(
    http: Http, got: tuple[str, list[Got], list[Answer]], notice: object
) -> None:
    address, asked, _ = got
    await told(http, f"json://{address}/in", notice)
    said = json.loads(asked[0].body)
    assert "\x00" not in said["message"]
    assert "@everyone" not in said["message"] + said["title"]


async def test_what_apprise_cannot_tell_is_tried_again(
    http: Http, got: tuple[str, list[Got], list[Answer]], capfd: pytest.CaptureFixture[str]
) -> None:
    address, _, first = got
    first.append(Answer(500))
    key = unmistakable("a key in a URL of apprise")
    with pytest.raises(Unreachable, match="apprise could not tell it through channel ops"):
        await told(http, f"json://{address}/{key}")
    assert "json://" not in "".join(capfd.readouterr())


async def test_a_url_that_apprise_does_not_know_is_for_a_person_to_mend(http: Http) -> None:
    key = unmistakable("a URL of no service")
    with pytest.raises(Denied, match="the URL of channel ops is none that apprise knows") as caught:
        await told(http, f"nothing-known://{key}")
    assert key not in str(caught.value)


async def test_where_apprise_is_not_installed_it_is_said_how_to(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Denied, match=r"pip install 'reconciler\[apprise\]'"):
        await told(http, "json://localhost/")
