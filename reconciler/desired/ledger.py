"""Who wrote the commits of the branch, and when: all of them in one reading of the mirror, for reports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler.desired.authors import addresses
from reconciler.desired.git_line import GitLine
from reconciler.model.chronicle import Written
from reconciler.ports.source import SourceError

_MOST = 256 * 1024 * 1024
_FORMAT = "--format=%x00%H%n%P%n%at%n%an%n%s%n%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly)"
_FIELDS = 5


@dataclass(frozen=True, slots=True)
class _Raw:
    parents: tuple[str, ...]
    written: Written


async def ledger(git: GitLine) -> Mapping[str, Written]:
    """Return every commit that the mirror keeps, by id; raise SourceError.

    A merge stands for all that it brought to its first parent: the oldest time, and the addresses of everybody.
    """
    told = await git(
        "cannot read who wrote the commits",
        *("log", "--all", "--topo-order", "--no-show-signature", _FORMAT, "--"),
        most=_MOST,
    )
    raw = dict(_read(told.decode(errors="replace")))
    head = await _head(git)
    return {name: each.written for name, each in raw.items()} | dict(_line(head, raw))


async def _head(git: GitLine) -> str:
    said = await git("cannot read the branch", "for-each-ref", "--format=%(objectname)", "refs/reconciler/branch")
    return said.decode("ascii").strip()


def _read(told: str) -> Iterator[tuple[str, _Raw]]:
    for each in told.split("\0")[1:]:
        commit, parents, at, author, subject, rest = each.split("\n", _FIELDS)
        try:
            written_at = datetime.fromtimestamp(int(at), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise SourceError(f"commit {commit[:12]} was written at a time that is none: {at}") from error
        emails = frozenset(address.casefold() for address in addresses(rest))
        written = Written(commit=commit, subject=subject, author=author, at=written_at, emails=emails)
        yield commit, _Raw(tuple(parents.split()), written)


def _line(head: str, raw: Mapping[str, _Raw]) -> Iterator[tuple[str, Written]]:
    """The branch by first parents, from its beginning: each commit with all that it was the first to bring."""
    known: set[str] = set()
    for place, name in enumerate(_first_parents(head, raw)):
        brought = [raw[each].written for each in _new(raw[name].parents[1:], raw, known)] + [raw[name].written]
        known.add(name)
        emails = frozenset[str]().union(*(each.emails for each in brought))
        yield name, replace(raw[name].written, at=min(each.at for each in brought), emails=emails, place=place)


def _first_parents(head: str, raw: Mapping[str, _Raw]) -> Sequence[str]:
    line = []
    while head in raw:
        line.append(head)
        head = raw[head].parents[0] if raw[head].parents else ""
    return line[::-1]


def _new(parents: Sequence[str], raw: Mapping[str, _Raw], known: set[str]) -> Iterator[str]:
    """Those in the history of the parents that nobody has brought before; they are known from now on."""
    waiting = list(parents)
    while waiting:
        name = waiting.pop()
        if name in raw and name not in known:
            known.add(name)
            waiting += raw[name].parents
            yield name
