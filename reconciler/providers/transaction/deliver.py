"""What a transaction sends along: contents with their secrets filled in, and releases."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.canonical import Digest, digest_bytes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Content
from reconciler.model.operation import SetPassword, UnpackRelease, WriteFile
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.errors import Refused
from reconciler.ports.secrets import Secrets
from reconciler.ports.shell import Payload
from reconciler.ports.targets import Transaction
from reconciler.providers.secret_use import used


@dataclass(frozen=True, slots=True)
class Delivery:
    """One payload. ``size`` in bytes, ``sha256`` as 64 hex digits."""

    payload: Payload
    size: int
    sha256: str


async def deliveries(transaction: Transaction, artifacts: Artifacts, secrets: Secrets) -> Mapping[int, Delivery]:
    """Return what has to be sent, by the operation's place; raise Refused when it is not as planned."""
    found: dict[int, Delivery] = {}
    for place, operation in enumerate(transaction.operations):
        match operation:
            case WriteFile():
                data = await _filled(operation.path, operation.content, transaction.contents, secrets)
                found[place] = Delivery(data, len(data), digest_bytes(data).removeprefix("sha256:"))
            case SetPassword(user=user, content=Content() as content):
                password = await _filled(f"the password of {user}", content, transaction.contents, secrets)
                data = _hash(user, password)
                found[place] = Delivery(data, len(data), digest_bytes(data).removeprefix("sha256:"))
            case UnpackRelease():
                path = await artifacts.fetch(operation.artifact)
                found[place] = await asyncio.to_thread(_of_file, path)
            case _:
                pass
    return found


async def _filled(path: str, content: Content, blobs: Mapping[Digest, bytes], secrets: Secrets) -> bytes:
    """Fill in secrets in a thread: their stores may be far away."""
    if content.secrets:
        return await asyncio.to_thread(filled, path, content, blobs, secrets)
    return filled(path, content, blobs, secrets)


def filled(path: str, content: Content, blobs: Mapping[Digest, bytes], secrets: Secrets) -> bytes:
    """Return the final bytes of a content, with its secrets; raise Refused when they are not those of the plan.

    Raises Unreachable when nobody knows what a secret is now.
    """
    data = blobs.get(content.blob)
    if data is None:
        raise Refused(f"the content of {path} ({content.blob}) is not in the plan; make a new plan")
    for name, reference in content.secrets.items():
        value = used(secrets, reference, f"cannot write {path}", Refused)
        data = data.replace(f"{SECRET_OPEN}{name}{SECRET_CLOSE}".encode(), value.encode())
    digest = digest_bytes(data)
    if content.secret:
        digest = secrets.keyed(digest)
    if digest != content.digest:
        why = "a secret in it changed since the plan was made" if content.secret else "it is not what was planned"
        raise Refused(f"cannot write {path}: {why}; make a new plan")
    return data


def _hash(user: str, data: bytes) -> bytes:
    """The data, when it is a crypt hash: anything else would lock the account, or be a password for all to read."""
    if not re.fullmatch(rb"\$[0-9a-z]{1,8}\$[!-9;-~]+", data):
        raise Refused(f"the secret for the password of {user} is not a crypt hash; make one with: openssl passwd -6")
    return data


def _of_file(path: Path) -> Delivery:
    with path.open("rb") as file:
        return Delivery(path, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
