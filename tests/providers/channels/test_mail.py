"""Mail over TLS and with a login, one thread a rollout, and headers that nobody else writes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.channel import MailSecurity
from reconciler.ports.errors import Broken, Denied, Refused, Unreachable
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from tests.providers.channels.mailbox import PASSWORD, Mailbox, mailbox
from tests.providers.channels.notices import BEGUN, EVIL, HUGE, REVERTED, outgoing
from tests.providers.secret_values import SecretValues
from tests.providers.tls import Authority


@pytest.fixture(params=MailSecurity, ids=lambda each: each.value)
async def box(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with mailbox(tmp_path, request.param) as there:
        yield there


@pytest.fixture
async def over_starttls(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with mailbox(tmp_path, MailSecurity.STARTTLS) as there:
        yield there


@pytest.fixture
async def channels() -> AsyncIterator[AllChannels]:
    http = Http()
    yield AllChannels(http, SecretValues({"mail/password": PASSWORD, "mail/wrong": "another-word"}), SystemClock())
    await http.close()


async def test_mail_arrives_with_text_and_html_as_safely_as_asked(box: Mailbox, channels: AllChannels) -> None:
    told = await channels.deliver(outgoing(box.via))
    safe = box.via.security is not MailSecurity.NONE
    assert box.envelopes == [("fleet@example.org", ("ops@example.org", "ann@example.org"), safe, safe)]
    [got] = box.taken
    assert got["Subject"] == "Error: shop@production was taken back to 2.0"
    assert got["Message-ID"] == told.thread == "<ops-n1@example.org>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in got.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain, html = got.get_body(("plain",)), got.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "reconciler explain shop@production" in plain.get_content()
    assert "<code>reconciler explain shop@production</code>" in html.get_content()


async def test_a_rollout_is_one_thread(over_starttls: Mailbox, channels: AllChannels) -> None:
    first = await channels.deliver(outgoing(over_starttls.via, BEGUN))
    then = await channels.deliver(outgoing(over_starttls.via, REVERTED, first.thread))
    assert then.thread == first.thread
    begun, reverted = over_starttls.taken
    assert begun["In-Reply-To"] is None
    assert reverted["In-Reply-To"] == reverted["References"] == begun["Message-ID"]
    assert reverted["Message-ID"] != begun["Message-ID"]


async def test_a_mail_that_is_tried_again_is_the_same_mail(over_starttls: Mailbox, channels: AllChannels) -> None:
    over_starttls.answers.append("451 come back later")
    with pytest.raises(Unreachable, match="451 come back later"):
        await channels.deliver(outgoing(over_starttls.via))
    await channels.deliver(outgoing(over_starttls.via))
    await channels.deliver(outgoing(over_starttls.via))
    assert len({got["Message-ID"] for got in over_starttls.taken}) == 1


async def test_nobody_writes_a_header_through_a_title(over_starttls: Mailbox, channels: AllChannels) -> None:
    await channels.deliver(outgoing(over_starttls.via, EVIL))
    [got] = over_starttls.taken
    assert got["Bcc"] is None
    assert got["Subject"] == "A title Bcc: everybody@example.org <!channel> <b>"
    assert over_starttls.envelopes[0][1] == ("ops@example.org", "ann@example.org")
    html = got.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()
    assert 'href="javascript' not in html.get_content()


async def test_what_is_huge_or_no_text_arrives(over_starttls: Mailbox, channels: AllChannels) -> None:
    await channels.deliver(outgoing(over_starttls.via, replace(HUGE, title="½ \ud800 " * 500)))
    [got] = over_starttls.taken
    assert len(bytes(got)) < 256 * 1024
    assert len(got["Subject"]) == 200


async def test_a_wrong_password_is_for_a_person_to_mend(over_starttls: Mailbox, channels: AllChannels) -> None:
    with pytest.raises(Denied, match="does not know fleet with this password: 535") as caught:
        await channels.deliver(outgoing(replace(over_starttls.via, password="mail/wrong")))
    assert "another-word" not in str(caught.value)


async def test_a_server_that_nobody_vouches_for_gets_no_password(over_starttls: Mailbox, channels: AllChannels) -> None:
    with pytest.raises(Broken, match="no safe connection to the mail server"):
        await channels.deliver(outgoing(replace(over_starttls.via, ca=Authority.make().pem)))
    assert over_starttls.taken == []


async def test_a_server_without_starttls_gets_no_password(tmp_path: Path, channels: AllChannels) -> None:
    async with mailbox(tmp_path, MailSecurity.NONE) as box:
        via = replace(box.via, security=MailSecurity.STARTTLS, user="fleet", password="mail/password")
        with pytest.raises(Denied, match="cannot do what the channel asks: STARTTLS"):
            await channels.deliver(outgoing(via))


async def test_whom_the_server_does_not_know_is_told(over_starttls: Mailbox, channels: AllChannels) -> None:
    over_starttls.unknown = frozenset({"ann@example.org"})
    assert (await channels.deliver(outgoing(over_starttls.via))).detail == "not for ann@example.org"
    over_starttls.unknown = frozenset({"ann@example.org", "ops@example.org"})
    with pytest.raises(Refused, match=r"takes nothing for ops@example\.org, ann@example\.org"):
        await channels.deliver(outgoing(over_starttls.via))


async def test_what_the_server_will_never_take_is_refused(over_starttls: Mailbox, channels: AllChannels) -> None:
    over_starttls.answers.append("554 this is spam")
    with pytest.raises(Refused, match="554 this is spam"):
        await channels.deliver(outgoing(over_starttls.via))


async def test_a_server_that_is_away_is_unreachable(channels: AllChannels, tmp_path: Path) -> None:
    async with mailbox(tmp_path, MailSecurity.NONE) as box:
        via = box.via
    with pytest.raises(Unreachable, match=f"no answer from the mail server 127.0.0.1:{via.port}"):
        await channels.deliver(outgoing(via))
