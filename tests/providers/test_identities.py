"""Who comes through a door: one way to know somebody at a time, and what is wrong is refused, never passed over."""

import inspect
import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.api_settings import ApiSettings
from reconciler.daemon.identities import identities
from reconciler.model.access import Action, Identity, Login, Match, Scope
from reconciler.model.word import TokenIssued, Word
from reconciler.policy.token_text import digest, token_text
from reconciler.ports.identities import REPEATED, Credentials, Peer, Stranger
from reconciler.providers.http import Http
from reconciler.providers.identities import KnownIdentities, TrustedProxy, _proved
from reconciler.providers.peers import ON_BEHALF, Peers
from tests.providers.oidc import AUDIENCE, Issuing
from tests.providers.secret_values import SecretValues
from tests.sim.clock import SimClock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKEN = token_text("01ABC", bytes(range(32)))
ISSUED = TokenIssued(
    id="01ABC",
    name="ci-shop",
    digest=digest(TOKEN),
    author="ada",
    at=NOW,
    until=NOW + timedelta(days=90),
    groups=("ci",),
    emails=("ci@example.net",),
    scope=Scope(actions=(Action.SYNC,), match=Match(units=("shop@*",))),
)
CI = Identity(
    name="ci-shop",
    login=Login.TOKEN,
    groups=("ci",),
    emails=("ci@example.net",),
    scope=ISSUED.scope,
    until=ISSUED.until,
)
WORD = "a-word-that-only-the-proxy-has"
PROXY = TrustedProxy(
    secret=lambda: WORD,
    addresses=(ip_network("10.0.0.0/8"), ip_network("fd00::/8"), "unix"),
    secret_header="x-proxy-secret",
    user_header="x-remote-user",
    groups_header="x-remote-groups",
    email_header="x-remote-email",
)
ROOT = Peer(uid=0, gid=0, pid=1)
SOMEBODY = next(user for user in pwd.getpwall() if user.pw_uid not in (0, 65534))
STRANGE_UID = next(uid for uid in range(3_000_000, 4_000_000) if uid not in {user.pw_uid for user in pwd.getpwall()})


def known(*words: Word, proxy: TrustedProxy | None = None, own: int = STRANGE_UID) -> KnownIdentities:
    async def said() -> Sequence[Word]:
        return words

    return KnownIdentities(said, SimClock(NOW), Peers(own), None, proxy)


def bearer(token: str) -> Credentials:
    return Credentials(authorization=f"Bearer {token}", address="203.0.113.9")


def by_proxy(address: str = "10.1.2.3", **headers: str) -> Credentials:
    shown = {"x-proxy-secret": WORD, "x-remote-user": "ada"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return Credentials(headers=shown, address=address)


async def refused(who: KnownIdentities, credentials: Credentials) -> str:
    stranger = await who.identify(credentials)
    assert isinstance(stranger, Stranger)
    return stranger.reason


async def test_who_shows_nothing_is_a_stranger_also_on_this_machine():
    assert "nobody has said who they are" in await refused(known(), Credentials(address="127.0.0.1"))


async def test_a_token_of_ours_is_whose_name_it_was_made_for_within_its_scope():
    assert await known(ISSUED).identify(bearer(TOKEN)) == CI


@pytest.mark.parametrize("authorization", [f"bearer {TOKEN}", f"BEARER  {TOKEN} "])
async def test_the_scheme_may_be_written_as_people_do(authorization: str):
    assert await known(ISSUED).identify(Credentials(authorization=authorization)) == CI


@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        (f"Bearer {TOKEN[:-1]}", "there is no such token"),
        (f"Bearer {TOKEN[:-1]}A", "there is no such token"),
        (f"Bearer {TOKEN}x", "there is no such token"),
        (f"Bearer {TOKEN.replace('01ABC', '01ABD')}", "there is no such token"),
        (f"Bearer rcl_01ABC_{ISSUED.digest[:43]}", "there is no such token"),
        ("Bearer rcl_", "there is no such token"),
        ("Bearer rcl_01ABC_", "there is no such token"),
        (f"Bearer {ISSUED.digest}", "this is no token of ours"),
        ("Bearer eyJhbGciOiJub25lIn0.e30.", "this is no token of ours"),
        ("Bearer ", "expected the header Authorization: Bearer TOKEN"),
        (TOKEN, "expected the header Authorization: Bearer TOKEN"),
        (f"Basic {TOKEN}", "expected the header Authorization: Bearer TOKEN"),
        (f"Negotiate {TOKEN}", "expected the header Authorization: Bearer TOKEN"),
    ],
)
async def test_what_is_no_good_token_lets_nobody_in_not_even_who_could_come_without(authorization: str, says: str):
    shown = Credentials(authorization=authorization, peer=ROOT)
    reason = await refused(known(ISSUED), shown)
    assert says in reason
    assert authorization.rpartition(" ")[2] not in reason or len(authorization.rpartition(" ")[2]) < 8


@pytest.mark.parametrize(
    ("later", "good"), [(timedelta(days=90) - timedelta(seconds=1), True), (timedelta(days=90), False)]
)
async def test_a_token_ends_by_itself(later: timedelta, good: bool):
    ended = replace(ISSUED, until=ISSUED.until - later if ISSUED.until else None)
    who = await known(ended).identify(bearer(TOKEN))
    assert isinstance(who, Identity) is good


async def test_a_revoked_token_is_one_that_is_not_there():
    assert await refused(known(), bearer(TOKEN)) == await refused(known(ISSUED), bearer(token_text("01ABC", bytes(32))))


@given(noise=st.text(max_size=120))
async def test_no_other_text_is_a_token(noise: str):
    assert isinstance(await known(ISSUED).identify(bearer(noise)), Stranger)


async def test_a_proxy_says_who_somebody_is():
    shown = by_proxy(x_remote_groups="sre, staff ,,sre", x_remote_email="ada@example.net")
    assert await known(proxy=PROXY).identify(shown) == Identity(
        name="ada", login=Login.PROXY, groups=("sre", "staff"), emails=("ada@example.net",)
    )


@pytest.mark.parametrize("address", ["10.255.0.1", "fd00::1", "::ffff:10.1.1.1"])
async def test_a_proxy_may_be_at_any_of_its_addresses(address: str):
    assert isinstance(await known(proxy=PROXY).identify(by_proxy(address)), Identity)


async def test_a_proxy_may_come_over_the_socket_where_that_is_said():
    shown = replace(by_proxy(address=""), peer=Peer(uid=SOMEBODY.pw_uid, gid=0, pid=9))
    who = await known(proxy=PROXY).identify(shown)
    assert isinstance(who, Identity)
    assert (who.name, who.login, who.owner) == ("ada", Login.PROXY, False)
    elsewhere = replace(PROXY, addresses=(ip_network("0.0.0.0/0"), ip_network("::/0")))
    assert "not come from a proxy" in await refused(known(proxy=elsewhere), shown)


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (by_proxy("203.0.113.9"), "not come from a proxy"),
        (by_proxy("::1"), "not come from a proxy"),
        (by_proxy(""), "not come from a proxy"),
        (by_proxy("10.0.0.1, 203.0.113.9"), "not come from a proxy"),
        (by_proxy(x_proxy_secret="another-word-of-the-same-length"), "not come from a proxy"),
        (by_proxy(x_proxy_secret=WORD[:-1]), "not come from a proxy"),
        (by_proxy(x_proxy_secret="\udcff\u00e9"), "not come from a proxy"),
        (by_proxy(x_proxy_secret=""), "nobody has said"),
        (by_proxy(x_remote_user=""), "nobody has said"),
        (by_proxy(x_remote_user="a\u202eb"), "says no name"),
        (by_proxy(x_remote_user=" "), "says no name"),
        (Credentials(headers={"x-remote-user": "ada"}, address="10.1.2.3"), "nobody has said"),
        (Credentials(headers={"x-remote-user": "root", "x-proxy-secret": "x"}, peer=ROOT), "not come from a proxy"),
    ],
)
async def test_who_only_looks_like_the_proxy_is_a_stranger(shown: Credentials, says: str):
    reason = await refused(known(proxy=PROXY), shown)
    assert says in reason
    assert WORD not in reason


async def test_what_looks_like_the_proxy_but_is_not_does_not_come_in_by_another_way():
    shown = replace(by_proxy("203.0.113.9"), authorization=f"Bearer {TOKEN}")
    assert "not come from a proxy" in await refused(known(ISSUED, proxy=PROXY), shown)


async def test_a_token_comes_through_the_proxy_where_that_names_nobody():
    shown = replace(by_proxy(x_remote_user=""), authorization=f"Bearer {TOKEN}")
    assert await known(ISSUED, proxy=PROXY).identify(shown) == CI


async def test_who_comes_through_the_proxy_and_is_nobody_is_not_taken_for_the_proxys_own_process():
    nobody = replace(by_proxy(address="", x_remote_user=""), peer=ROOT)
    assert "nobody has said" in await refused(known(proxy=PROXY), nobody)
    unproved = replace(by_proxy(address="", x_proxy_secret="", x_remote_user=""), peer=ROOT)
    assert "not come from a proxy" in await refused(known(proxy=PROXY), unproved)


async def test_without_a_proxy_in_the_settings_its_headers_say_nothing():
    assert "nobody has said" in await refused(known(), by_proxy())


values = st.sampled_from(("", WORD, WORD[:-1], WORD.upper(), REPEATED, "ada", "root")) | st.text(max_size=30)
shown_headers = st.dictionaries(
    st.sampled_from(("x-proxy-secret", "x-remote-user", "x-remote-groups", "x-remote-email", ON_BEHALF, "via")), values
)
places = st.sampled_from(("10.0.0.1", "203.0.113.9", "127.0.0.1", "::1", "", "unix", "10.0.0.0/8"))


@given(headers=shown_headers, address=places)
async def test_nobody_is_believed_as_the_proxy_without_its_secret_and_its_address(
    headers: dict[str, str], address: str
):
    found = await known(ISSUED, proxy=PROXY).identify(Credentials(headers=headers, address=address))
    is_proxy = headers.get("x-proxy-secret") == WORD and address == "10.0.0.1"
    assert isinstance(found, Stranger) or (is_proxy and found.name == headers["x-remote-user"])
    assert isinstance(found, Stranger) or not found.owner


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (by_proxy(x_proxy_secret=REPEATED), "not come from a proxy"),
        (by_proxy(x_remote_user=REPEATED), "says no name"),
        (Credentials(authorization=REPEATED, peer=ROOT), "expected the header"),
        (Credentials(headers={ON_BEHALF: REPEATED}, peer=ROOT), "is no name"),
    ],
)
async def test_a_header_that_came_twice_is_good_for_nothing(shown: Credentials, says: str):
    assert says in await refused(known(proxy=PROXY), shown)
    groups = await known(proxy=PROXY).identify(by_proxy(x_remote_groups=REPEATED, x_remote_email=REPEATED))
    assert groups == Identity(name="ada", login=Login.PROXY)


@pytest.mark.parametrize("word", ["", "short"])
async def test_a_secret_that_can_be_guessed_makes_no_proxy(word: str):
    weak = replace(PROXY, secret=lambda: word)
    reason = await refused(known(proxy=weak), by_proxy(x_proxy_secret=word or "x"))
    assert "less than 16 characters" in reason


async def test_a_proxy_whose_secret_cannot_be_read_is_not_believed():
    missing = replace(PROXY, secret=lambda: SecretValues({}).value("api/proxy"))
    assert "the secret api/proxy is in no store" in await refused(known(proxy=missing), by_proxy())


async def test_the_socket_tells_who_somebody_is():
    who = await known().identify(Credentials(peer=Peer(uid=SOMEBODY.pw_uid, gid=SOMEBODY.pw_gid, pid=9)))
    assert isinstance(who, Identity)
    assert (who.name, who.login, who.owner) == (SOMEBODY.pw_name, Login.LOCAL, False)
    assert len(who.groups) >= 1


async def test_root_and_the_daemons_own_user_are_owners():
    root = await known().identify(Credentials(peer=ROOT))
    assert isinstance(root, Identity)
    assert (root.name, root.owner) == ("root", True)
    own = await known(own=SOMEBODY.pw_uid).identify(Credentials(peer=Peer(uid=SOMEBODY.pw_uid, gid=0, pid=9)))
    assert isinstance(own, Identity)
    assert (own.name, own.owner) == (SOMEBODY.pw_name, True)
    nameless = await known(own=STRANGE_UID).identify(Credentials(peer=Peer(uid=STRANGE_UID, gid=0, pid=9)))
    assert nameless == Identity(name=f"uid-{STRANGE_UID}", login=Login.LOCAL, owner=True)


async def test_an_owner_says_for_whom_they_come_and_nobody_else_does():
    shown = Credentials(headers={ON_BEHALF: SOMEBODY.pw_name}, peer=ROOT)
    who = await known().identify(shown)
    assert isinstance(who, Identity)
    assert (who.name, who.owner, len(who.groups) >= 1) == (SOMEBODY.pw_name, True, True)
    stranger = await known().identify(replace(shown, headers={ON_BEHALF: "nobody here has that name"}))
    assert stranger == Identity(name="nobody here has that name", login=Login.LOCAL, owner=True)
    other = replace(shown, headers={ON_BEHALF: "root"}, peer=Peer(uid=SOMEBODY.pw_uid, gid=0, pid=9))
    same = await known().identify(other)
    assert isinstance(same, Identity)
    assert (same.name, same.owner) == (SOMEBODY.pw_name, False)
    remote = Credentials(headers={ON_BEHALF: "root"}, address="127.0.0.1")
    assert "nobody has said" in await refused(known(), remote)
    assert "is no name" in await refused(known(), replace(shown, headers={ON_BEHALF: "a\nb"}))


@pytest.mark.parametrize(
    ("uid", "says"), [(65534, "does not tell who you are"), (STRANGE_UID, "no user of this machine has the id")]
)
async def test_who_the_machine_does_not_know_is_a_stranger(uid: int, says: str):
    assert says in await refused(known(own=0), Credentials(peer=Peer(uid=uid, gid=0, pid=9)))


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip", "via"])
async def test_who_comes_through_a_proxy_at_the_socket_is_not_taken_for_the_proxy(header: str):
    shown = Credentials(headers={header: "203.0.113.9"}, peer=ROOT)
    assert "not come from a proxy" in await refused(known(), shown)


def test_the_secret_of_a_proxy_is_compared_in_constant_time():
    source = inspect.getsource(_proved)
    assert "hmac.compare_digest(shown, expected)" in source
    assert "==" not in source


async def test_credentials_are_not_in_what_is_logged():
    shown = replace(by_proxy(), authorization=f"Bearer {TOKEN}")
    assert TOKEN not in repr(shown)
    assert WORD not in repr(shown)


def settled(settings: Mapping[str, object], secrets: SecretValues, http: Http) -> KnownIdentities:
    async def said() -> Sequence[Word]:
        return (ISSUED,)

    return identities(ApiSettings.model_validate(settings), said, secrets, http, SimClock(NOW))


async def test_settings_say_who_is_believed():
    http = Http()
    with Issuing() as issuing:
        settings = {
            "oidc": {"issuer": issuing.url, "audience": AUDIENCE, "prefix": "corp:"},
            "proxy": {"secret": "api/proxy", "addresses": ["10.0.0.0/8"], "user_header": "X-User"},
        }
        both = settled(settings, SecretValues({"api/proxy": WORD}), http)
        ours = await both.identify(bearer(TOKEN))
        theirs = await both.identify(bearer(issuing.token(NOW)))
        headers = {"x-reconciler-proxy-secret": WORD, "x-user": "ada"}
        proxied = await both.identify(Credentials(headers=headers, address="10.0.0.1"))
    own = await settled({}, SecretValues({}), http).identify(Credentials(peer=Peer(uid=os.geteuid(), gid=0, pid=9)))
    await http.close()
    assert [each.name for each in (ours, theirs, proxied) if isinstance(each, Identity)] == [
        "ci-shop",
        "corp:ada",
        "ada",
    ]
    assert isinstance(own, Identity)
    assert own.owner


@pytest.mark.parametrize("forged", [lambda it: it, lambda it: it + "x"])
async def test_a_token_of_the_issuer_is_asked_about_and_no_other_way_is_tried(forged: Callable[[str], str]):
    http = Http()
    with Issuing() as issuing:
        who = settled({"oidc": {"issuer": issuing.url, "audience": AUDIENCE}}, SecretValues({}), http)
        shown = replace(bearer(forged(issuing.token(NOW))), peer=ROOT)
        found = await who.identify(shown)
    await http.close()
    assert isinstance(found, Stranger) or (found.name, found.owner) == ("ada", False)
