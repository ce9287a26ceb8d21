"""Telling people through a channel."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from reconciler.model.channel import Channel
from reconciler.model.notification import Notice
from reconciler.ports.errors import Unreachable


class TooMany(Unreachable):
    """The channel takes no more messages now; ``after`` is how long it wants to be left alone, None: it did not say."""

    def __init__(self, text: str, after: timedelta | None = None) -> None:
        super().__init__(text)
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message for one channel.

    ``key`` is the same however often it is tried: the receiver knows by it what it has already. ``thread`` is what the
    channel returned for the first message of this notice's thread, empty for the first. ``template`` is the text that a
    policy wants instead of the usual one, empty: the usual one.
    """

    key: str
    channel: Channel
    notice: Notice
    thread: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The channel has it. ``thread`` is how the channel knows the thread again (any text), empty where it has none.

    ``detail`` is one line of what it answered.
    """

    thread: str = ""
    detail: str = ""


class Channels(Protocol):
    """Every channel there is."""

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand the message to its channel, at least once: whoever is not sure tries again with the same key.

        Raise Unreachable (TimedOut, Lost, TooMany) and Broken for what may go well later; Denied and SecretMissing for
        what a person has to mend first; Refused for what this channel will never take. No text holds a secret.
        """
        ...
