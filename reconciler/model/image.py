"""What is done with images of containers, as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from reconciler.model.content import Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class PullImage:
    """Have the image there, by digest: ``reference`` is ``name@sha256:...``.

    ``credentials`` is the reference of a secret ``user:password`` for its registry.
    """

    reference: str
    credentials: str | None = None
    limit: timedelta = timedelta(minutes=5)
    op: Literal["pull_image"] = "pull_image"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadImage:
    """Have the one image of an archive there (as ``docker save`` makes it) under the names ``reference`` and ``mark``.

    ``mark`` tells from then on which archive it came from.
    """

    reference: str
    artifact: Artifact
    mark: str
    limit: timedelta = timedelta(minutes=5)
    op: Literal["load_image"] = "load_image"
