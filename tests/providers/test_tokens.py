"""An issuer's tokens, against a real one over HTTP: whose they are, and everything that must not be taken for one."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.access import Identity, Login
from reconciler.ports.identities import Stranger
from reconciler.providers.http import Http
from reconciler.providers.token_keys import APART, FRESH, STALE
from reconciler.providers.tokens import LEEWAY, Issuer, IssuerTokens
from tests.providers.oidc import AUDIENCE, Issuing, by_hand, key, sign
from tests.sim.clock import SimClock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STRANGE = key("rsa", "RSA")
"""A key of the same name as the issuer's, which is somebody else's."""


@pytest.fixture
def issuing() -> Iterator[Issuing]:
    with Issuing() as running:
        yield running


@pytest.fixture
def clock() -> SimClock:
    return SimClock(NOW)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    client = Http()
    yield client
    await client.close()


@pytest.fixture
def tokens(issuing: Issuing, http: Http, clock: SimClock) -> IssuerTokens:
    return IssuerTokens(Issuer(url=issuing.url, audiences=(AUDIENCE, "other")), http, clock)


async def refused(tokens: IssuerTokens, token: str) -> str:
    stranger = await tokens.identify(token)
    assert isinstance(stranger, Stranger)
    return stranger.reason


async def test_a_right_token_says_who_somebody_is(issuing: Issuing, tokens: IssuerTokens):
    token = issuing.token(NOW, groups=["sre", "staff", "sre"], email="ada@example.net")
    assert await tokens.identify(token) == Identity(
        name="ada", login=Login.OIDC, groups=("sre", "staff"), emails=("ada@example.net",)
    )


@pytest.mark.parametrize(
    ("sort", "algorithm"), [("RSA", "RS256"), ("RSA", "PS384"), ("EC", "ES256"), ("OKP", "EdDSA"), ("OKP", "Ed25519")]
)
async def test_signatures_of_key_pairs_are_checked(issuing: Issuing, tokens: IssuerTokens, sort: str, algorithm: str):
    signer = key("it", sort)
    issuing.publish(signer)
    assert isinstance(await tokens.identify(sign(signer, algorithm, issuing.claims(NOW))), Identity)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"iss": "https://evil.example"}, "the token is not from http://127.0.0.1"),
        ({"iss": None}, "the token is not from"),
        ({"iss": ["http://127.0.0.1"]}, "the token is not from"),
        ({"aud": "another-app"}, "not made out for reconciler or other"),
        ({"aud": ["a", "b"]}, "not made out for"),
        ({"aud": None}, "not made out for"),
        ({"aud": {"reconciler": 1}}, "not made out for"),
        ({"exp": None}, "does not say how long it is good"),
        ({"exp": (NOW - LEEWAY).timestamp()}, "was good until 2026-11-21 11:59:30Z"),
        ({"exp": "never"}, "no time where one belongs (exp)"),
        ({"exp": True}, "no time where one belongs (exp)"),
        ({"exp": 1e300}, "no time where one belongs (exp)"),
        ({"nbf": (NOW + LEEWAY + timedelta(seconds=1)).timestamp()}, "is good from 2026-11-21 12:00:31Z on (nbf)"),
        ({"iat": (NOW + timedelta(hours=1)).timestamp()}, "is good from 2026-11-21 13:00:00Z on (iat)"),
        ({"sub": None}, "does not say who it is for (sub)"),
        ({"sub": ""}, "does not say who it is for (sub)"),
        ({"sub": ["ada"]}, "does not say who it is for (sub)"),
        ({"sub": "ada\nroot"}, "does not say who it is for (sub)"),
        ({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, "tells of an event"),
    ],
)
async def test_a_signed_token_that_is_not_for_this_is_refused(
    issuing: Issuing, tokens: IssuerTokens, claims: dict[str, Any], says: str
):
    assert says in await refused(tokens, issuing.token(NOW, **claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": (NOW - LEEWAY + timedelta(seconds=1)).timestamp()},
        {"nbf": (NOW + LEEWAY).timestamp()},
        {"iat": (NOW + LEEWAY).timestamp()},
        {"iat": None},
        {"aud": ["else", "other"]},
    ],
)
async def test_clocks_may_differ_by_a_little(issuing: Issuing, tokens: IssuerTokens, claims: dict[str, Any]):
    assert isinstance(await tokens.identify(issuing.token(NOW, **claims)), Identity)


def public_pem(issuing: Issuing) -> bytes:
    return issuing.keys["rsa"].as_pem(private=False)


def changed(token: str) -> str:
    header, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "root"}).encode()).rstrip(b"=").decode()
    return f"{header}.{forged}.{signature}"


ATTACKS: dict[str, Callable[[Issuing], str]] = {
    "no signature at all": lambda it: by_hand({"alg": "none", "kid": "rsa"}, it.claims(NOW)),
    "no signature, written differently": lambda it: by_hand({"alg": "nOnE", "kid": "rsa"}, it.claims(NOW)),
    "an algorithm that is no text": lambda it: by_hand({"alg": ["RS256"], "kid": "rsa"}, it.claims(NOW)),
    "no algorithm": lambda it: by_hand({"kid": "rsa"}, it.claims(NOW)),
    "no signature though one is said": lambda it: by_hand({"alg": "RS256", "kid": "rsa"}, it.claims(NOW)),
    "the public key taken for a shared secret": lambda it: by_hand(
        {"alg": "HS256", "kid": "rsa"}, it.claims(NOW), public_pem(it)
    ),
    "an empty shared secret": lambda it: by_hand({"alg": "HS256", "kid": "rsa"}, it.claims(NOW), b""),
    "an HMAC called RS256": lambda it: by_hand({"alg": "RS256", "kid": "rsa"}, it.claims(NOW), public_pem(it)),
    "another key of the same name": lambda it: sign(STRANGE, "RS256", it.claims(NOW)),
    "the key brought along": lambda it: sign(
        STRANGE, "RS256", it.claims(NOW), jwk=STRANGE.as_dict(private=False), kid="own"
    ),
    "an address to get the key from": lambda it: sign(
        STRANGE, "RS256", it.claims(NOW), jku=f"{it.url}/evil", kid="own"
    ),
    "a key that is a path": lambda it: sign(STRANGE, "RS256", it.claims(NOW), kid="../../dev/null"),
    "a key that is no text": lambda it: by_hand({"alg": "RS256", "kid": {"a": 1}}, it.claims(NOW)),
    "claims changed after signing": lambda it: changed(it.token(NOW)),
    "an extension nobody knows": lambda it: by_hand(
        {"alg": "RS256", "kid": "rsa", "crit": ["own"], "own": 1}, it.claims(NOW)
    ),
    "a logout token": lambda it: sign(it.keys["rsa"], "RS256", it.claims(NOW), typ="logout+jwt"),
    "a type that is no text": lambda it: sign(it.keys["rsa"], "RS256", it.claims(NOW), typ=None) + ".x",
    "an elliptic algorithm with a key that is not": lambda it: by_hand({"alg": "ES256", "kid": "rsa"}, it.claims(NOW)),
    "too long": lambda it: it.token(NOW, padding="x" * 20_000),
    "nothing": lambda it: "",
    "dots": lambda it: "..",
    "text": lambda it: "hunter2",
    "not ASCII": lambda it: "é.é.é",
    "deep": lambda it: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".a.b",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_is_refused_and_nothing_of_the_token_is_repeated(
    issuing: Issuing, tokens: IssuerTokens, attack: str
):
    token = ATTACKS[attack](issuing)
    reason = await refused(tokens, token)
    assert len(reason) < 300
    assert not any(len(part) > 12 and part in reason for part in token.split("."))
    assert "/evil" not in issuing.asked


async def test_a_key_is_good_for_the_algorithm_it_is_published_for_only(issuing: Issuing, tokens: IssuerTokens):
    signer = key("it", "RSA")
    issuing.publish(signer, beside=())
    issuing.publish(beside=(signer.as_dict(private=False) | {"alg": "RS256"},))
    assert isinstance(await tokens.identify(sign(signer, "RS256", issuing.claims(NOW))), Identity)
    assert "not signed by the issuer" in await refused(tokens, sign(signer, "PS256", issuing.claims(NOW)))


async def test_a_published_secret_or_a_key_for_encryption_checks_nothing(issuing: Issuing, tokens: IssuerTokens):
    secret = {"kty": "oct", "kid": "shared", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}
    other = key("enc", "RSA")
    issuing.publish(key("rsa", "RSA"), beside=(secret, {**other.as_dict(private=False), "use": "enc"}))
    assert "does not have" in await refused(tokens, sign(other, "RS256", issuing.claims(NOW)))
    assert "does not have" in await refused(tokens, by_hand({"alg": "RS256", "kid": "shared"}, issuing.claims(NOW)))


async def test_without_an_id_the_only_key_is_meant(issuing: Issuing, tokens: IssuerTokens, clock: SimClock):
    nameless = sign(issuing.keys["rsa"], "RS256", issuing.claims(NOW), kid=None)
    assert isinstance(await tokens.identify(nameless), Identity)
    issuing.publish(issuing.keys["rsa"], key("second", "RSA"))
    clock.jump(NOW + FRESH)
    later = sign(issuing.keys["rsa"], "RS256", issuing.claims(clock.now()), kid=None)
    assert "does not have" in await refused(tokens, later)


async def test_keys_are_asked_for_once_and_anew_when_the_issuer_rotates_them(
    issuing: Issuing, tokens: IssuerTokens, clock: SimClock
):
    for _ in range(5):
        assert isinstance(await tokens.identify(issuing.token(NOW)), Identity)
    assert issuing.times_asked_for_keys == 1

    old = issuing.keys["rsa"]
    new = key("new", "EC")
    issuing.publish(new, old)
    clock.jump(NOW + APART)
    assert isinstance(await tokens.identify(sign(new, "ES256", issuing.claims(clock.now()))), Identity)
    assert issuing.times_asked_for_keys == 2

    issuing.publish(new)
    clock.jump(NOW + APART + FRESH)
    assert "does not have" in await refused(tokens, sign(old, "RS256", issuing.claims(clock.now())))


async def test_a_flood_of_unknown_keys_asks_the_issuer_once(issuing: Issuing, tokens: IssuerTokens, clock: SimClock):
    await tokens.identify(issuing.token(NOW))
    clock.jump(NOW + APART)
    flood = [sign(STRANGE, "RS256", issuing.claims(NOW), kid=f"k{number}") for number in range(50)]
    answers = await asyncio.gather(*map(tokens.identify, flood))
    assert all(isinstance(each, Stranger) for each in answers)
    assert issuing.times_asked_for_keys == 2
    assert isinstance(await tokens.identify(issuing.token(NOW)), Identity)


async def test_many_who_come_first_ask_once(issuing: Issuing, tokens: IssuerTokens):
    answers = await asyncio.gather(*(tokens.identify(issuing.token(NOW)) for _ in range(20)))
    assert all(isinstance(each, Identity) for each in answers)
    assert issuing.times_asked_for_keys == 1


async def test_while_the_issuer_is_away_its_keys_count_for_hours_but_not_for_ever(
    issuing: Issuing, tokens: IssuerTokens, clock: SimClock
):
    await tokens.identify(issuing.token(NOW))
    issuing.fail()
    clock.jump(NOW + FRESH)
    assert isinstance(await tokens.identify(issuing.token(clock.now())), Identity)
    clock.jump(NOW + STALE)
    assert "/keys answers HTTP 503" in await refused(tokens, issuing.token(clock.now()))


async def test_an_issuer_that_cannot_be_asked_is_no_reason_to_believe_anybody(
    http: Http, clock: SimClock, issuing: Issuing
):
    token = issuing.token(NOW)
    away = IssuerTokens(Issuer(url="http://127.0.0.1:1", audiences=(AUDIENCE,)), http, clock)
    assert "cannot get the keys of http://127.0.0.1:1: no answer from" in await refused(away, token)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"issuer": "https://evil.example"}, "it calls itself 'https://evil.example'"),
        ({"jwks_uri": None}, "does not say where its keys are"),
        ({"jwks_uri": "file:///etc/passwd"}, "does not say where its keys are"),
        ({"jwks_uri": "ftp://127.0.0.1/keys"}, "does not say where its keys are"),
    ],
)
async def test_an_issuer_that_describes_itself_wrongly_is_not_believed(
    issuing: Issuing, tokens: IssuerTokens, about: dict[str, Any], says: str
):
    issuing.describe(**about)
    assert says in await refused(tokens, issuing.token(NOW))


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": 1}', b'{"keys": [1, null]}', b"\xff", b"[" * 100_000])
async def test_an_answer_that_is_no_list_of_keys_lets_nobody_in(issuing: Issuing, tokens: IssuerTokens, body: bytes):
    issuing.fail(200, body)
    await refused(tokens, issuing.token(NOW))


@pytest.mark.parametrize("broken", [{"kty": "RSA", "kid": "rsa"}, {"kty": "EC", "kid": "rsa", "crv": "P-0", "x": 1}])
async def test_a_published_key_that_makes_no_sense_checks_nothing(
    issuing: Issuing, tokens: IssuerTokens, broken: dict[str, Any]
):
    token = issuing.token(NOW)
    issuing.publish(beside=(broken,))
    assert "not signed by the issuer" in await refused(tokens, token)


@pytest.mark.parametrize(
    ("claims", "groups", "emails"),
    [
        ({"groups": "one"}, ("one",), ()),
        ({"groups": [1, None, "ok", "", "a\tb", " x"]}, ("ok",), ()),
        ({"groups": {"a": "b"}}, (), ()),
        ({"email": "a@b.c", "email_verified": False}, (), ()),
        ({"email": "a@b.c", "email_verified": "false"}, (), ()),
        ({"email": "a@b.c", "email_verified": "true"}, (), ("a@b.c",)),
        ({"email": ["a@b.c"]}, (), ()),
    ],
)
async def test_groups_and_addresses_are_taken_where_they_are_some(
    issuing: Issuing, tokens: IssuerTokens, claims: dict[str, Any], groups: tuple[str, ...], emails: tuple[str, ...]
):
    who = await tokens.identify(issuing.token(NOW, **claims))
    assert isinstance(who, Identity)
    assert (who.groups, who.emails) == (groups, emails)


async def test_claims_may_have_other_names_paths_and_a_prefix(issuing: Issuing, http: Http, clock: SimClock):
    issuer = Issuer(url=issuing.url, audiences=(AUDIENCE,), name_claim="upn", groups_claim="realm_access.roles")
    token = issuing.token(NOW, upn="ada@corp", realm_access={"roles": ["sre"]}, **{"https://x/groups": ["dotted"]})
    who = await IssuerTokens(replace(issuer, prefix="corp:"), http, clock).identify(token)
    assert who == Identity(name="corp:ada@corp", login=Login.OIDC, groups=("corp:sre",))
    dotted = replace(issuer, groups_claim="https://x/groups")
    other = await IssuerTokens(dotted, http, clock).identify(token)
    assert isinstance(other, Identity)
    assert other.groups == ("dotted",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(noise=st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_=-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}"))
async def test_whatever_is_no_token_is_refused_without_asking_anybody(
    issuing: Issuing, tokens: IssuerTokens, noise: str
):
    assert isinstance(await tokens.identify(noise), Stranger)
