"""Small files that go to one directory travel, are kept and are put in place together. Pure.

One at a time, each of them would cost the host a handful of processes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from posixpath import basename, dirname

from reconciler.model.operation import WriteFile
from reconciler.ports.shell import quote, quote_path
from reconciler.providers.transaction.deliver import Delivery
from reconciler.providers.transaction.segments import Segment

# What a line of sha256sum, a header of tar and a pattern of sh take as it is. Hidden names are written alone.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@%+=,:-]{0,98}")
_LARGEST = 256 * 1024
_MOST_BYTES, _MOST_FILES = 1024 * 1024, 200
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Pack:
    """Files that go to one directory, each with its place in the transaction; the place of the first names them all."""

    directory: str
    members: tuple[tuple[int, WriteFile], ...]

    @property
    def number(self) -> int:
        """The place of the first."""
        return self.members[0][0]

    @property
    def names(self) -> str:
        """Their names in the directory, as words of sh."""
        return " ".join(quote(basename(op.path)) for _, op in self.members)


def packs(part: Segment) -> Mapping[int, Pack]:
    """Return the packs of a segment, by the place of each file in one: what is written alone is in none.

    Only files that are written one right after the other are packed, so that all else keeps its order.
    """
    found: dict[int, Pack] = {}
    for together, run in groupby(part, key=lambda entry: _fits(entry[1])):
        if together:
            for pack in _of_run(tuple(run)):
                found |= dict.fromkeys((place for place, _ in pack.members), pack)
    return found


def _fits(operation: object) -> bool:
    return (
        isinstance(operation, WriteFile)
        and operation.content.size <= _LARGEST
        and _NAME.fullmatch(basename(operation.path)) is not None
        and dirname(operation.path) not in ("", "/")
    )


def _of_run(run: Segment) -> Iterator[Pack]:
    folders: dict[str, list[list[tuple[int, WriteFile]]]] = {}
    for place, op in run:
        assert isinstance(op, WriteFile)
        packed = folders.setdefault(dirname(op.path), [[]])
        size = sum(each.content.size for _, each in packed[-1])
        twice = any(each.path == op.path for _, each in packed[-1])
        if twice or len(packed[-1]) >= _MOST_FILES or size + op.content.size > _MOST_BYTES:
            packed.append([])
        packed[-1].append((place, op))
    for directory, lists in folders.items():
        yield from (Pack(directory, tuple(members)) for members in lists if len(members) > 1)


def payload(pack: Pack, sent: Mapping[int, Delivery]) -> bytes:
    """Return the files as a tar, modes and all, in the plainest form there is."""
    parts: list[bytes] = []
    for place, op in pack.members:
        data = sent[place].payload
        assert isinstance(data, bytes)
        parts += (_header(basename(op.path), int(op.mode, 8), len(data)), data, b"\0" * (-len(data) % _BLOCK))
    return b"".join((*parts, b"\0" * 2 * _BLOCK))


def _header(name: str, mode: int, size: int) -> bytes:
    fields = (name.encode().ljust(100, b"\0"), b"%07o\0" % mode, b"0000000\0" * 2, b"%011o\0" % size, b"00000000000\0")
    before, after = b"".join(fields), b"0".ljust(101, b"\0") + b"ustar\x0000".ljust(255, b"\0")
    total = sum(before) + sum(after) + 8 * 32
    return before + b"%06o\0 " % total + after


def staging(pack: Pack, size: int, sent: Mapping[int, Delivery]) -> Iterator[str]:
    """Yield the lines that stage the files; afterwards ``tx_at_N`` is where each of them is, as if staged alone."""
    sizes = " ".join(f"{quote(basename(op.path))} {sent[place].size}" for place, op in pack.members)
    yield f"tx_pack {pack.number} {size} {quote_path(pack.directory)} {sizes}"
    yield " ".join(f"tx_at_{place}=$tx_staged/{quote(basename(op.path))}" for place, op in pack.members)


def keeping(pack: Pack, *, first: bool) -> Iterator[str]:
    """Yield the lines that keep what is there, and note the way back; see ``keep.keeping`` about later segments."""
    of = f"{pack.number * 10} {quote_path(pack.directory)} {pack.names}"
    yield f"tx_keep_pack {of}"
    yield f"tx_note {'' if first else 'later.'}back.{pack.number * 10:06} {quote(f'tx_back_pack {of}')}"


def switch(pack: Pack) -> str:
    """Return the line that puts all of them in place."""
    return f"tx_put_pack {pack.number} {quote_path(pack.directory)}"
