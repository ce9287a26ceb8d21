"""What is kept before the switch, and the lines that take everything back. Pure.

Every change has its way back on the disk before the first change is made: an interrupted transaction is taken back by
the next one from what is in its folder alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from reconciler.model.operation import (
    ChangePackages,
    ControlUnit,
    EditFile,
    HostOperation,
    KeepOriginal,
    MakeDirectory,
    MakeSymlink,
    PutBack,
    RecordRun,
    ReloadUnits,
    RemoveDirectory,
    RemoveFile,
    RemoveRelease,
    RunCommand,
    Scope,
    SetAttributes,
    SetPassword,
    SwitchRelease,
    UnpackRelease,
    WriteFile,
)
from reconciler.ports.shell import quote, quote_path
from reconciler.providers.transaction import packages
from reconciler.providers.transaction.segments import Segment
from reconciler.providers.transaction.switch import program

# What is put aside under the operation's own number; everything else is kept under one that sorts alike.
_BY_PLACE = frozenset({"_release", "_releases"})
_NOTHING_TO_KEEP = frozenset({"_run"})


@dataclass(frozen=True, slots=True)
class Keeping:
    """Lines that keep what is there, segment by segment, and the number under which each unit's state is kept."""

    lines: tuple[tuple[str, ...], ...]
    units: Mapping[tuple[Scope, str], int]


@dataclass(frozen=True, slots=True)
class _Hold:
    """One thing to keep: ``tx_keep<what> N <of>`` keeps it, ``tx_back<what> N <of>`` puts it back."""

    what: str
    of: str


def keeping(parts: tuple[Segment, ...], packed: Collection[int]) -> Keeping:
    """Return what to keep: every path once a segment, as it was before it; every unit as it was before all of them.

    ``packed`` are the places of files that are kept in packs.

    Units are brought back last of all, when everything else is as it was before the first segment.
    """
    operations = tuple(op for part in parts for _, op in part)
    units = _units(operations)
    controls = (entry for part in parts for entry in part if isinstance(entry[1], ControlUnit))
    others = [
        _kept(entry for entry in part if not isinstance(entry[1], ControlUnit) and entry[0] not in packed)
        for part in parts
    ]
    first = (*others[0], *_kept(controls), *_afterwards(operations, units))
    # Until such a segment is armed its ways back must not count: what they need may not be on the disk yet.
    later = (tuple(line.replace("tx_note back.", "tx_note later.back.", 1) for line in lines) for lines in others[1:])
    return Keeping((first, *later), units)


def _kept(entries: Iterable[tuple[int, HostOperation]]) -> tuple[str, ...]:
    lines: list[str] = []
    done: set[_Hold] = set()
    for place, op in entries:
        if isinstance(op, ChangePackages):
            lines += [packages.keep(), _note(f"back.{place * 10:06}", packages.back(place))]
        for index, hold in enumerate(_holds(op)):
            if hold not in done:
                done.add(hold)
                number = place if hold.what in _BY_PLACE else place * 10 + index
                if hold.what not in _NOTHING_TO_KEEP:
                    lines.append(f"tx_keep{hold.what} {number} {hold.of}")
                lines.append(_note(f"back.{place * 10 + index:06}", f"tx_back{hold.what} {number} {hold.of}"))
    return tuple(lines)


def _holds(op: HostOperation) -> Iterator[_Hold]:
    match op:
        case WriteFile() | EditFile() | MakeSymlink() | MakeDirectory() | RemoveFile() | RemoveDirectory() | PutBack():
            yield _Hold("", quote_path(op.path))
        case SetAttributes():
            yield _Hold("_attributes", quote_path(op.path))
        case SwitchRelease():
            yield _Hold("", quote_path(f"{op.path}/current"))
        case UnpackRelease():
            yield _Hold("_parents", quote_path(f"{op.path}/releases/{op.version}"))
            yield _Hold("", quote_path(f"{op.path}/releases/.{op.version}.sha256"))
            yield _Hold("_release", f"{quote_path(op.path)} {quote(op.version)}")
        case RemoveRelease():
            yield _Hold("", quote_path(f"{op.path}/current"))
            yield _Hold("_releases", quote_path(op.path))
        case ControlUnit():
            yield _Hold("_unit", f"{op.scope.value} {quote(op.unit)}")
        case RunCommand() | SetPassword() | RecordRun():
            yield from _of_tool(op)
        case ReloadUnits() | KeepOriginal() | ChangePackages():
            pass


def _of_tool(op: RunCommand | SetPassword | RecordRun) -> Iterator[_Hold]:
    match op:
        case RunCommand():
            if op.undo:
                condition = program(op, op.undo_if) if op.undo_if else ""
                yield _Hold("_run", f"{quote(op.what)} {quote(condition)} {quote(program(op, op.undo))}")
        case RecordRun():
            yield _Hold("", f'"$STATE"/commands/{quote(op.name)}')
        case SetPassword():
            yield _Hold("_password", quote(op.user))
        case _:
            assert_never(op)


def _units(operations: tuple[HostOperation, ...]) -> dict[tuple[Scope, str], int]:
    found: dict[tuple[Scope, str], int] = {}
    for place, op in enumerate(operations):
        if isinstance(op, ControlUnit):
            found.setdefault((op.scope, op.unit), place * 10)
    return found


def _afterwards(operations: tuple[HostOperation, ...], units: Mapping[tuple[Scope, str], int]) -> Iterator[str]:
    """The second half of the way back: systemd reads the old unit files, then units run and are enabled as before."""
    scopes = dict.fromkeys(op.scope for op in operations if isinstance(op, ReloadUnits | ControlUnit))
    for number, scope in enumerate(scopes):
        yield _note(f"after.{number:06}", f"tx_ctl {scope.value} daemon-reload")
    inputs = {(op.scope, op.unit): op.inputs for op in operations if isinstance(op, ControlUnit) and op.inputs}
    for (scope, unit), number in units.items():
        paths = "".join(f" {quote_path(path)}" for path in inputs.get((scope, unit), ()))
        yield _note(f"after.{number + 2:06}", f"tx_after_unit {number} {scope.value} {quote(unit)}{paths}")


def _note(name: str, line: str) -> str:
    return f"tx_note {name} {quote(line)}"
