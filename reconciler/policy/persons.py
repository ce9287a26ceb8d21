"""Whether two names are one person's: in doubt they are, because nobody shall consent to their own work. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A name that somebody logs in or commits with, and the addresses that are known to be theirs."""

    name: str
    emails: tuple[str, ...] = ()

    @property
    def called(self) -> frozenset[str]:
        """What they are surely called: the name and the whole addresses, whatever their case."""
        return frozenset(each.casefold() for each in (self.name, *self.emails) if each)


def same(one: Person, other: Person) -> bool:
    """Whether they may be one person: a name, an address, or the part of one before the ``@`` is the same."""
    return not _marks(one).isdisjoint(_marks(other))


def any_same(person: Person, others: Iterable[str]) -> bool:
    """Whether the person may be one of those names or addresses."""
    return any(same(person, Person(each)) for each in others)


def _marks(person: Person) -> frozenset[str]:
    """All that tells them: ``12345+ann@users.noreply.github.com`` may be ``ann``."""
    marks = set(person.called)
    for each in person.called:
        local, at, _ = each.partition("@")
        if at and local:
            marks |= {local, *filter(None, local.split("+"))}
    return frozenset(marks)
