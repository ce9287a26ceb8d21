"""What hosts were asked last and what they said, so that an unchanged host is neither asked nor read in full again."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.resource import Resource, Survey
from reconciler.model.target import Host
from reconciler.providers.survey import Asked

_KEPT = 4


@dataclass(frozen=True, slots=True)
class Recalled:
    """One question about some resources, and its last answer.

    ``survey`` was read from the answer with this ``mark``; ``digest`` is the sha256 of what it says of the resources.
    """

    host: Host
    resources: tuple[Resource, ...]
    asked: Asked
    mark: str = ""
    digest: str = ""
    survey: Survey | None = None


class Recollection:
    """The last few questions of every host, newest first. A cache and nothing else: forgetting costs time only."""

    def __init__(self) -> None:
        self._by_host: dict[str, list[Recalled]] = {}

    def of(self, host: Host, resources: Sequence[Resource]) -> Recalled | None:
        """Return what is known of these very resources on this very host."""
        wanted = tuple(resources)
        known = self._by_host.get(host.name, ())
        return next((each for each in known if each.host == host and each.resources == wanted), None)

    def keep(self, recalled: Recalled) -> None:
        """Remember, and forget the oldest where there are too many."""
        others = [each for each in self._by_host.get(recalled.host.name, ()) if each.asked != recalled.asked]
        self._by_host[recalled.host.name] = [recalled, *others][:_KEPT]

    def forget(self, host: Host) -> None:
        """Know nothing of the host any more."""
        self._by_host.pop(host.name, None)
