"""Webhooks as forges send them: who sent it is checked first, then what it tells is read. Pure.

Each forge signs in a way of its own:

- GitHub: ``X-Hub-Signature-256: sha256=<hex>``, an HMAC of the body
  (docs.github.com, "Validating webhook deliveries").
- Gitea and Forgejo: the same in bare hex, as ``X-Gitea-Signature`` and ``X-Forgejo-Signature``.
- Bitbucket: ``X-Hub-Signature: sha256=<hex>`` (Cloud and Data Center, "Manage webhooks").
- GitLab: an HMAC of id, time and body by the Standard Webhooks specification where the secret is a signing token
  (``whsec_...``), else the secret itself as ``X-Gitlab-Token``.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, assert_never
from urllib.parse import parse_qs

from reconciler.model.forge import ForgeKind, HookEvent, Told

TOLERANCE = timedelta(minutes=5)
"""How far the time of a signature may be from ours."""

_SIGNING = "whsec_"
_BRANCH = "refs/heads/"
_IDS = {
    ForgeKind.GITHUB: ("x-github-delivery",),
    ForgeKind.GITLAB: ("webhook-id", "idempotency-key", "x-gitlab-event-uuid"),
    ForgeKind.GITEA: ("x-forgejo-delivery", "x-gitea-delivery"),
    ForgeKind.BITBUCKET: ("x-request-uuid", "x-request-id"),
}
_EVENTS = {
    ForgeKind.GITHUB: ("x-github-event",),
    ForgeKind.GITLAB: ("x-gitlab-event",),
    ForgeKind.GITEA: ("x-forgejo-event", "x-gitea-event"),
    ForgeKind.BITBUCKET: ("x-event-key",),
}
_PUSHES = {"push", "push hook", "repo:push", "repo:refs_changed"}
_REQUESTS = {"pull_request", "pull_request_sync", "merge request hook"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook as it came: headers by lower-case name (one that came more than once is left out), and the raw body."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class NotSigned(Exception):
    """Whoever sent it does not have the secret. The text says what is wrong, and nothing that helps to guess."""


class Unreadable(Exception):
    """It is signed as it should be, and makes no sense."""


def heard(kind: ForgeKind, delivery: Delivery, secret: str, now: datetime) -> Told:
    """Return what the delivery tells; raise NotSigned before anything of it is read, then Unreadable."""
    if not secret:
        raise NotSigned("no secret is set for this webhook")
    _check(kind, delivery, secret, now)
    return Told(_event(kind, delivery), frozenset(_branches(kind, delivery)), tuple(_marks(kind, delivery)))


def _check(kind: ForgeKind, delivery: Delivery, secret: str, now: datetime) -> None:
    match kind:
        case ForgeKind.GITHUB:
            _check_hex(delivery, secret, "x-hub-signature-256", "sha256=")
        case ForgeKind.BITBUCKET:
            _check_hex(delivery, secret, "x-hub-signature", "sha256=")
        case ForgeKind.GITEA:
            forgejo = "x-forgejo-signature" in delivery.headers
            _check_hex(delivery, secret, "x-forgejo-signature" if forgejo else "x-gitea-signature", "")
        case ForgeKind.GITLAB:
            if secret.startswith(_SIGNING):
                _check_standard(delivery, secret, now)
            elif not _same(delivery.headers.get("x-gitlab-token", ""), secret):
                raise NotSigned("the header X-Gitlab-Token is not the secret")
        case _:
            assert_never(kind)


def _check_hex(delivery: Delivery, secret: str, header: str, prefix: str) -> None:
    given = delivery.headers.get(header)
    if given is None:
        raise NotSigned(f"the header {header} is missing")
    wanted = prefix + hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    if not _same(given, wanted):
        raise NotSigned(f"the header {header} is not the signature of this body with the secret")


def _check_standard(delivery: Delivery, secret: str, now: datetime) -> None:
    """As www.standardwebhooks.com has it; several signatures are words of one header."""
    identity, moment = delivery.headers.get("webhook-id", ""), delivery.headers.get("webhook-timestamp", "")
    if not identity or not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise NotSigned("the headers webhook-id and webhook-timestamp are missing")
    if abs(int(moment) - now.timestamp()) > TOLERANCE.total_seconds():
        raise NotSigned("the header webhook-timestamp is more than 5 minutes away from the time here")
    try:
        key = base64.b64decode(secret.removeprefix(_SIGNING), validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("the secret of this webhook is not base64 behind whsec_") from None
    signed = f"{identity}.{moment}.".encode() + delivery.body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = delivery.headers.get("webhook-signature", "").split(" ")
    if not any([_same(each, wanted) for each in given]):  # noqa: C419 - all are compared, whichever fits
        raise NotSigned("the header webhook-signature is not the signature of this delivery with the secret")


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _event(kind: ForgeKind, delivery: Delivery) -> HookEvent:
    name = _first(delivery, _EVENTS[kind]).lower()
    if kind is ForgeKind.GITLAB and name == "system hook":
        told = str(_read(delivery).get("object_kind"))
        name = {"push": "push", "merge_request": "merge request hook"}.get(told, told)
    if name in _PUSHES:
        return HookEvent.PUSH
    known = name in _REQUESTS or name.startswith("pullrequest:")
    return HookEvent.PULL_REQUEST if known else HookEvent.OTHER


def _branches(kind: ForgeKind, delivery: Delivery) -> Iterator[str]:
    if _event(kind, delivery) is not HookEvent.PUSH:
        return
    said = _read(delivery)
    refs = [said.get("ref")]
    for change in _list(said, "changes"):  # Bitbucket Data Center
        ref = change.get("ref")
        refs.append(ref.get("id") if isinstance(ref, dict) else None)
    push = said.get("push")
    for change in _list(push, "changes") if isinstance(push, dict) else ():  # Bitbucket Cloud
        for side in (change.get("new"), change.get("old")):
            if isinstance(side, dict) and side.get("type") == "branch":
                refs.append(f"{_BRANCH}{side.get('name')}")
    yield from (ref.removeprefix(_BRANCH) for ref in refs if isinstance(ref, str) and ref.startswith(_BRANCH))


def _list(said: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    value = said.get(key)
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _marks(kind: ForgeKind, delivery: Delivery) -> Iterator[str]:
    """Yield what tells it again. Mostly only the body is signed, so whoever sends it again may give it another id."""
    if identity := _first(delivery, _IDS[kind]):
        yield f"{kind} {identity[:200]}"
    signed = delivery.headers.get("webhook-id", "") + delivery.headers.get("webhook-timestamp", "")
    yield f"{kind} {hashlib.sha256(signed.encode() + b'.' + delivery.body).hexdigest()}"


def _first(delivery: Delivery, names: tuple[str, ...]) -> str:
    return next((delivery.headers[name] for name in names if name in delivery.headers), "")


def _read(delivery: Delivery) -> dict[str, Any]:
    """Return the JSON object, also from a form as GitHub may be told to send it."""
    body = delivery.body
    try:
        if delivery.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            body = parse_qs(body.decode(), max_num_fields=10).get("payload", [""])[0].encode()
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the body is not JSON") from error
    if not isinstance(said, dict):
        raise Unreadable("the body is not a JSON object")
    return said
