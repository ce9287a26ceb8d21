"""A story as people write it: hosts, then acts in order. A wrong story is refused before anything runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field

HERE = "here"
"""Where the controllers run, as a place to do something by hand."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Commit(_Part):
    """Write files (null removes one), replace words in files, change Host specs, and commit all that."""

    message: str = Field(alias="commit")
    files: dict[str, str | None] = {}
    edits: dict[str, dict[str, str]] = {}
    hosts: dict[str, dict[str, Any]] = {}


class Run(_Part):
    """Run the command line; its output and status belong to the transcript."""

    words: str = Field(alias="run")
    exit: int = 0
    controller: str = "state"


class ByHand(_Part):
    """Do something as root on a host (or ``here``), as a person would, behind the program's back."""

    host: str = Field(alias="by hand")
    sh: str


class Befall(_Part):
    """Let something happen to a host."""

    host: str = Field(alias="befall")
    what: Literal["pause", "unpause", "disconnect", "connect", "kill", "stop", "start", "reset"]


class Daemon(_Part):
    """Start ``reconciler run``; stop it in order; kill it with -9."""

    what: Literal["start", "stop", "kill"] = Field(alias="daemon")
    controller: str = "state"


class Until(_Part):
    """Wait for a level: ``status`` of a unit (or the ``fleet``) has these values, or a host or ``here`` prints this."""

    subject: str = Field(alias="until")
    values: dict[str, Any] = Field(default={}, alias="is")
    sh: str = ""
    prints: str = ""
    within: int = 60
    controller: str = "state"


class Expect(_Part):
    """A command on a host (or ``here``) prints this now."""

    host: str = Field(alias="expect")
    sh: str
    prints: str


Act: TypeAlias = Commit | Run | ByHand | Befall | Daemon | Until | Expect

_ACTS: Mapping[str, type[Act]] = {
    "commit": Commit,
    "run": Run,
    "by hand": ByHand,
    "befall": Befall,
    "daemon": Daemon,
    "until": Until,
    "expect": Expect,
}


class Story(_Part):
    """``repository`` names the folder the first commit starts from; ``settings`` are what differs for the daemon.

    ``hosts`` are lab hosts by name with their ``system`` and what differs from the usual Host spec; ``secrets`` are
    values by reference; ``controllers`` are state folders, each of which may have a daemon.
    """

    title: str = Field(alias="story")
    repository: str
    hosts: dict[str, dict[str, Any]]
    settings: dict[str, dict[str, Any]] = {}
    secrets: dict[str, str] = {}
    controllers: tuple[str, ...] = ("state",)
    acts: tuple[Act, ...]


def read(path: Path) -> Story:
    """Read a story; ValueError saying which act is wrong."""
    document = yaml.safe_load(path.read_text())
    return Story.model_validate({**document, "acts": tuple(_act(path, *each) for each in enumerate(document["acts"]))})


def _act(path: Path, index: int, written: dict[str, Any]) -> Act:
    kind = next(iter(written))
    if kind not in _ACTS:
        raise ValueError(f"{path.name}: act {index + 1}: there is no act {kind!r}; there are: {', '.join(_ACTS)}")
    try:
        return _ACTS[kind].model_validate(written)
    except ValueError as error:
        raise ValueError(f"{path.name}: act {index + 1} ({kind}): {error}") from error
