"""What is to be told through a channel and has not been yet, as it is stored."""

from dataclasses import dataclass
from datetime import datetime

from reconciler.model.notification import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A notice for a channel. ``due`` is when it is told, those of one ``bundle`` in one message.

    ``policy`` is the one that wants it told. With ``awaits`` it is told only unless somebody acts on that before.
    """

    channel: str
    policy: str
    due: datetime
    notice: Notice
    bundle: str = ""
    awaits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a channel, in the order of its ``id``. What has been tried keeps the rest of its thread back."""

    id: int
    thread: str
    bundle: str
    due: datetime
    tries: int
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What waits in the outbox, with its number. ``since`` is when it was due first, ``tries`` how often it failed.

    ``known`` is how the channel knows the thread of the notice again, empty when it does not yet.
    """

    id: int
    event: int
    told: Due
    since: datetime
    tries: int = 0
    known: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What follows from the entries up to ``number``: what is to be told, and what has been acted on since.

    Each comes with the number of its entry: what was acted on is no longer told if it came before that.
    """

    number: int
    due: tuple[tuple[int, Due], ...] = ()
    settled: tuple[tuple[int, str], ...] = ()
