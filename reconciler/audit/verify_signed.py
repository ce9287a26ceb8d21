"""Which checkpoints are good: signed with the right key, none of them taken away. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.audit.checkpoint import statement
from reconciler.audit.tamper import Trouble
from reconciler.audit.verify import Walked
from reconciler.model.checkpoint import Checkpoint

Signed: TypeAlias = Callable[[str, bytes, str], bool]
"""Whether the key (in base64) has signed the bytes with that signature (in base64)."""

SIGNED_WITHIN = timedelta(minutes=1)
"""A daemon signs at once when it begins; so much later there is a checkpoint, or there was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Checkpoints, in the order they were written down, and where they are kept, for people."""

    where: str
    checkpoints: Sequence[Checkpoint]


def good(
    places: Sequence[Kept], keys: Collection[str], signed: Signed
) -> tuple[Mapping[int, list[Checkpoint]], list[Trouble]]:
    """Return the checkpoints that are signed with one of the keys, by number, and what is wrong with the others.

    Without keys it is that of the very first: who signed all anew with another is found only by the key.
    """
    known = set(keys) or set([each.key for place in places for each in place.checkpoints][:1])
    found: dict[int, list[Checkpoint]] = {}
    wrong: list[Trouble] = []
    for place in places:
        for each in place.checkpoints:
            if why := _wrong(each, known, signed):
                wrong.append(Trouble(number=each.number, at=each.at, what=f"its checkpoint in {place.where} {why}"))
            else:
                found.setdefault(each.number, []).append(each)
    return found, wrong


def _wrong(each: Checkpoint, keys: Collection[str], signed: Signed) -> str:
    if each.key not in keys:
        return f"is signed with another key, {each.key}"
    return "" if signed(each.key, statement(each), each.signature) else "was changed: its signature does not hold"


def taken_away(journal: Kept, elsewhere: Iterable[Kept]) -> Iterator[Trouble]:
    """Yield the checkpoints that are missing: others speak of them, or they are kept elsewhere."""
    there = {each.number for each in journal.checkpoints}
    yield from _unlinked(journal, there | {0})
    for place in elsewhere:
        for each in place.checkpoints:
            if each.number not in there:
                what = f"its checkpoint is in {place.where} and not in {journal.where}: it was taken away"
                yield Trouble(number=each.number, at=each.at, what=what)
        # It may have been begun later than the record.
        first = {min((each.previous for each in place.checkpoints), default=0)}
        yield from _unlinked(place, {each.number for each in place.checkpoints} | first)


def _unlinked(place: Kept, numbers: Collection[int]) -> Iterator[Trouble]:
    for each in place.checkpoints:
        if each.previous not in numbers:
            what = f"its checkpoint is missing in {place.where}; that of entry {each.number} follows it"
            yield Trouble(number=each.previous, what=what)


def never_signed(journal: Kept, walked: Walked) -> Iterator[Trouble]:
    """Yield a trouble where a daemon has run and no checkpoint is there."""
    if journal.checkpoints or walked.began is None:
        return
    try:
        long = datetime.fromisoformat(walked.at) - datetime.fromisoformat(walked.began.at) > SIGNED_WITHIN
    except (ValueError, TypeError):
        long = True
    if long:
        what = f"there is no checkpoint in {journal.where}, though a daemon, which signs, began with this entry"
        yield Trouble(number=walked.began.number, at=walked.began.at, what=what)
