"""The branch in its order: who wrote what came between two of its commits. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.chronicle import Written


@dataclass(frozen=True, slots=True)
class Branch:
    """Commits by id, and those of the branch in their order."""

    written: Mapping[str, Written]
    line: Sequence[Written]

    def authors(self, before: str, commit: str) -> frozenset[str] | None:
        """Return the addresses of all who wrote what came after ``before`` up to the commit; None: nobody knows.

        Without a commit before it, or where that one is not behind it on the branch, it is what it brought by itself.
        """
        brought = self.brought(before, commit)
        return frozenset[str]().union(*(each.emails for each in brought)) if brought else None

    def brought(self, before: str, commit: str) -> Sequence[Written]:
        """Return the commits of the branch after ``before`` up to the commit, in their order; none: nobody knows it.

        Without a commit before it, or where that one is not behind it on the branch, it is the commit alone.
        """
        last, first = self.written.get(commit), self.written.get(before)
        if last is None:
            return ()
        if first is None or first.place is None or last.place is None or first.place >= last.place:
            return (last,)
        return self.line[first.place + 1 : last.place + 1]


def branch(written: Mapping[str, Written]) -> Branch:
    """Put commits in order."""
    placed = [(each.place, each) for each in written.values() if each.place is not None]
    return Branch(written, [each for _, each in sorted(placed, key=lambda pair: pair[0])])
