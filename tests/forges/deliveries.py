"""Deliveries as forges send them: documented payloads, signed with the secret of the webhook."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.model.forge import ForgeKind
from tests import factory

SECRET = "it is nobody's business"
SIGNING = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, as is").decode()
FOLDER = Path(__file__).with_name("payloads")
Headers = dict[str, str]


def body(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def _hex(data: bytes) -> str:
    return hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()


def github(event: str, data: bytes, identity: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958") -> Headers:
    sha1 = hmac.new(SECRET.encode(), data, hashlib.sha1).hexdigest()
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": identity,
        "x-hub-signature": f"sha1={sha1}",
        "x-hub-signature-256": f"sha256={_hex(data)}",
    }


def gitlab(event: str, data: bytes, identity: str = "13792a34-cac6-4fda-95a8-c58e00a3954e") -> Headers:
    return {
        "x-gitlab-event": event,
        "x-gitlab-token": SECRET,
        "idempotency-key": identity,
        "content-length": str(len(data)),
    }


def gitlab_signed(event: str, data: bytes, identity: str = "f5e5f430") -> Headers:
    moment = str(int(factory.NOW.timestamp()))
    key = base64.b64decode(SIGNING.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{moment}.".encode() + data, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {
        "x-gitlab-event": event,
        "webhook-id": identity,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,bm90IHRoaXM= {signature}",
    }


def gitea(event: str, data: bytes, identity: str = "f6266f16-1bf3-46a5-9ea4-602e06ead473") -> Headers:
    return {
        "x-gitea-event": event,
        "x-gitea-delivery": identity,
        "x-gitea-signature": _hex(data),
        "x-github-event": event,
    }


def forgejo(event: str, data: bytes, identity: str = "f6266f16-1bf3-46a5-9ea4-602e06ead474") -> Headers:
    return {
        **gitea(event, data, identity),
        "x-forgejo-event": event,
        "x-forgejo-delivery": identity,
        "x-forgejo-signature": _hex(data),
    }


def bitbucket(event: str, data: bytes, identity: str = "a8a8a8a8-0000-4000-8000-000000000001") -> Headers:
    return {"x-event-key": event, "x-request-uuid": identity, "x-hub-signature": f"sha256={_hex(data)}"}


Signer = Callable[[str, bytes, str], Headers]
PUSHES: Mapping[str, tuple[ForgeKind, str, str, Signer]] = {
    "github": (ForgeKind.GITHUB, "push", "github-push", github),
    "gitlab": (ForgeKind.GITLAB, "Push Hook", "gitlab-push", gitlab),
    "gitlab signed": (ForgeKind.GITLAB, "Push Hook", "gitlab-push", gitlab_signed),
    "gitlab system": (ForgeKind.GITLAB, "System Hook", "gitlab-push", gitlab),
    "gitea": (ForgeKind.GITEA, "push", "gitea-push", gitea),
    "forgejo": (ForgeKind.GITEA, "push", "gitea-push", forgejo),
    "bitbucket cloud": (ForgeKind.BITBUCKET, "repo:push", "bitbucket-cloud-push", bitbucket),
    "bitbucket data center": (ForgeKind.BITBUCKET, "repo:refs_changed", "bitbucket-server-push", bitbucket),
}
REQUESTS: Mapping[str, tuple[ForgeKind, str, str, Signer]] = {
    "github": (ForgeKind.GITHUB, "pull_request", "github-pull-request", github),
    "gitlab": (ForgeKind.GITLAB, "Merge Request Hook", "gitlab-merge-request", gitlab),
    "gitea": (ForgeKind.GITEA, "pull_request", "gitea-pull-request", gitea),
}


def secret_of(name: str) -> str:
    return SIGNING if name == "gitlab signed" else SECRET
