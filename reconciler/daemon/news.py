"""Who is told that something was written down. The news carries nothing: who hears it reads the journal."""

from reconciler.daemon.wake import Wake


class News:
    """Rings every reader of the journal; none of them is waited for."""

    def __init__(self) -> None:
        self._readers: list[Wake] = []

    def reader(self) -> Wake:
        """Return a bell that rings at all that is written from now on."""
        wake = Wake()
        self._readers.append(wake)
        return wake

    def ring(self) -> None:
        """Tell them all that there is something new."""
        for each in self._readers:
            each.ring()
