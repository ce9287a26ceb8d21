"""Whether two names are one person's: in doubt they are, because nobody shall consent to their own work. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

Said = TypeVar("Said")


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


def by_person(said: Iterable[Said], person: Callable[[Said], Person]) -> list[list[Said]]:
    """Return what was said, that of each person together; whom somebody may both be are one person then."""
    found: list[list[Said]] = []
    for each in said:
        theirs = [one for one in found if any(same(person(each), person(before)) for before in one)]
        rest = [one for one in found if one not in theirs]
        found = [*rest, [*(one for before in theirs for one in before), each]]
    return found


def _marks(person: Person) -> frozenset[str]:
    """All that tells them: ``12345+ann@users.noreply.github.com`` may be ``ann``."""
    marks = set(person.called)
    for each in person.called:
        local, at, _ = each.partition("@")
        if at and local:
            marks |= {local, *filter(None, local.split("+"))}
    return frozenset(marks)
