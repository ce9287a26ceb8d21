"""Bytes by digest: plans and snapshots name contents, the store keeps them once, secrets stay out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.canonical import Digest

SECRET_OPEN = "\ue000"  # noqa: S105 - a marker, not a secret
SECRET_CLOSE = "\ue001"  # noqa: S105
"""A secret stands in stored content as SECRET_OPEN + name + SECRET_CLOSE until the last moment before it is written.

Both are private-use characters, refused in documents, so no content can forge a marker.
"""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file shall contain.

    ``blob`` names the stored bytes (with markers where secrets go), ``digest`` the final bytes:
    ``sha256:`` when plain, ``keyed:`` (an HMAC with the controller's own key over the sha256) when secret.
    ``secrets`` maps marker names to references such as ``shop/db``. ``size`` is that of the blob, in bytes.
    """

    blob: Digest
    digest: Digest
    size: int
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def secret(self) -> bool:
        """Whether the content may not be shown."""
        return bool(self.secrets)


@dataclass(frozen=True, slots=True)
class Artifact:
    """An archive to install: where it comes from and the one digest it may have."""

    url: str
    digest: Digest
