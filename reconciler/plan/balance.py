"""Who gets the requests at each point of a plan: the shares, worked out while it is planned. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from reconciler.model.plan import Drain, Shift
from reconciler.model.traffic import Member, Share

FULL = 100
"""The weight of a server that has its whole share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The servers that a plan may speak of, and how requests are sent to them.

    ``members`` are those on targets that can be seen; what the router sends to others stays as it is. ``serving`` are
    the servers that get requests now, ``live`` those that shall when nothing is under way: all of them, or one side.
    ``within`` is how long requests under way may take to end. ``elsewhere`` are servers that the plan has nothing to do
    with at this point, and that get requests too.
    """

    members: tuple[Member, ...]
    serving: frozenset[str]
    live: frozenset[str]
    within: timedelta
    elsewhere: frozenset[str] = frozenset()

    def on(self, targets: Collection[str], slot: str = "") -> frozenset[str]:
        """Return the servers on these targets; those of one slot where it is named."""
        there = (member for member in self.members if member.target in targets)
        return frozenset(member.server for member in there if not slot or member.slot in ("", slot))

    def drain(self, batch: int, servers: Collection[str]) -> Iterator[Drain]:
        """Yield what takes the requests off these servers; nothing where nobody else would be left to take them."""
        busy = self.serving & frozenset(servers)
        if busy and (self.serving - busy or self.elsewhere):
            yield Drain(batch, tuple(sorted(busy)), self.within)

    def shift(self, servers: Collection[str], note: str = "") -> Shift:
        """Return that these servers get equal shares of all requests, and the others none."""
        return self._shift(dict.fromkeys(servers, FULL), note)

    def split(self, new: Collection[str], old: Collection[str], percent: int) -> Shift:
        """Return that the new servers get so many percent of the requests together, and the old ones the rest."""
        each_new, each_old = weights(percent, len(new), len(old))
        shares = {**dict.fromkeys(old, each_old), **dict.fromkeys(new, each_new)}
        return self._shift(shares, f"{percent}% to the new version")

    def moved(self, serving: Collection[str]) -> "Balance":
        """Return the balance after these servers were given all requests."""
        return replace(self, serving=frozenset(serving))

    def _shift(self, shares: Mapping[str, int], note: str) -> Shift:
        # What is in several clusters has one name in all of them, and one share.
        servers = sorted({member.server for member in self.members})
        return Shift(tuple(Share(server, shares.get(server, 0)) for server in servers), note)


def weights(percent: int, new: int, old: int) -> tuple[int, int]:
    """Return the weight of each new and each old server (1 to 100) with which the new ones get nearest to the percent.

    Of pairs that are as near, the one with the greater weights: routers are finer with those.
    """
    if percent >= 100 or not old:
        return FULL, 0
    if percent <= 0 or not new:
        return 0, FULL
    wanted = Fraction(percent, 100)
    pairs = ((fitting, each_old) for each_old in range(1, FULL + 1) for fitting in _near(wanted, new, old * each_old))
    return min(pairs, key=lambda pair: (abs(_share(pair, new, old) - wanted), -sum(pair)))


def _near(wanted: Fraction, new: int, of_old: int) -> Iterator[int]:
    exact = int(wanted * of_old / ((1 - wanted) * new))
    yield from (min(FULL, max(1, each)) for each in (exact, exact + 1))


def _share(pair: tuple[int, int], new: int, old: int) -> Fraction:
    return Fraction(pair[0] * new, pair[0] * new + pair[1] * old)
