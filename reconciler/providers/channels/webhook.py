"""Any address that takes JSON, signed as the Standard Webhooks specification 1.0 says.

The signature is HMAC-SHA256 over ``ID.TIMESTAMP.BODY`` with the secret; a secret that begins with ``whsec_`` is base64
after that. Headers: ``webhook-id`` (the same for each try), ``webhook-timestamp`` (Unix seconds), ``webhook-signature``
(``v1,`` and base64).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from reconciler.model.canonical import Json, canonical, plain
from reconciler.model.channel import Webhook
from reconciler.policy.dialects import PLAIN
from reconciler.ports.channels import Delivered, Outgoing
from reconciler.ports.errors import Denied
from reconciler.providers.channels import answered, content
from reconciler.providers.channels.aside import aside
from reconciler.providers.http import Http, Request

_PREFIX = "whsec_"


async def deliver(http: Http, via: Webhook, message: Outgoing, keys: tuple[str, str], now: datetime) -> Delivered:
    """Send it; ``keys`` are the signing secret and the bearer token, which is empty where there is none."""
    secret, token = keys
    sent, stamp = await aside(partial(document, message)), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "reconciler",
        "webhook-id": message.key,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret, message.key, stamp, sent),
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = await answered.exchange(
        http, Request(url=via.url, method="POST", headers=headers, body=sent, largest=64 * 1024)
    )
    answered.check(message.channel.name, answer, now)
    return Delivered(detail=f"HTTP {answer.status}")


def document(message: Outgoing) -> bytes:
    """Return what is sent: all of the notice, and the message in words."""
    notice = message.notice
    data: Json = {**_object(plain(notice)), "unit": str(notice.unit or ""), "text": content.body(message, PLAIN)}
    made: Json = {"type": notice.topic.value, "timestamp": notice.at.isoformat(), "data": data}
    return canonical(made).encode()


def signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    """Return the value of ``webhook-signature``; raise Denied when the secret is no base64 after ``whsec_``."""
    try:
        raw = base64.b64decode(secret[len(_PREFIX) :], validate=True) if secret.startswith(_PREFIX) else secret.encode()
    except ValueError:
        raise Denied("the signing secret begins with whsec_ and is no base64 after that") from None
    made = hmac.new(raw, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def _object(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, Mapping)
    return value
