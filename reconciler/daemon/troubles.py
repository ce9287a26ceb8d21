"""What goes wrong again and again is logged when it begins and when it is over, not each time."""

from dataclasses import dataclass, field

from reconciler.daemon.logs import log


@dataclass(slots=True)
class Troubles:
    """Present troubles, by what they are with."""

    _present: dict[str, str] = field(default_factory=dict)

    def tell(self, what: str, reason: str) -> None:
        """Log it, unless it is the same as before."""
        if self._present.get(what) != reason:
            log.warning("pull requests are not told of now; it is tried again", what=what, reason=reason)
        self._present[what] = reason

    def over(self, what: str) -> None:
        """It went well; log that where it did not before."""
        if self._present.pop(what, None):
            log.info("pull requests are told of again", what=what)
