"""What a target says of the changes that are made to it: the ground that a plan stands on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A transaction that is being carried out on a target now. ``ours``: by this controller; ``by`` is for a person.

    ``waits``: it is done and waits to be confirmed; the target takes it back by itself otherwise.
    """

    transaction: str
    ours: bool
    by: str
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """How it stands with changes to one target.

    ``fence`` is the newest token that another controller than ours has had there, 0 when none ever was: a plan made
    now holds as long as it is the newest. ``interrupted`` are transactions that were cut off and are neither finished
    nor taken back: what they were about is half-way.
    """

    fence: int = 0
    interrupted: tuple[str, ...] = ()
    running: Running | None = None

    @property
    def unsettled(self) -> str | None:
        """Why nothing may be planned from what is seen there now; None when it may."""
        if self.running and not self.running.ours:
            return f"{self.running.by} is changing it right now"
        if self.interrupted:
            return f"a change was cut off there ({', '.join(self.interrupted)}) and has to be taken back first"
        return None
