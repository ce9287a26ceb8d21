"""A transaction → one script. Pure.

Its phases: open (lock, undo what was interrupted), check, stage, keep what is there, arm, switch, commit.
Until it is armed nothing is touched; from then on it ends in one of two ways: all done, or everything back.
After a program has run, what is left goes from check to switch anew: it may need what the program has made.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from posixpath import dirname
from typing import assert_never

from reconciler.model.guard import Guard
from reconciler.model.mark import Marks
from reconciler.model.operation import (
    ChangePackages,
    ControlUnit,
    DropBlock,
    DropLine,
    Edit,
    EditFile,
    HostOperation,
    KeepOriginal,
    MakeDirectory,
    MakeSymlink,
    PutBack,
    PutBlock,
    PutLine,
    RecordRun,
    ReloadUnits,
    RemoveDirectory,
    RemoveFile,
    RemoveRelease,
    RunCommand,
    SetAttributes,
    SetPassword,
    SwitchRelease,
    UnpackRelease,
    WriteFile,
)
from reconciler.ports.shell import Payload, Script, quote, quote_path
from reconciler.ports.targets import Transaction
from reconciler.providers.sh_source import compact, needed
from reconciler.providers.transaction import guard, pack
from reconciler.providers.transaction.checks import checks
from reconciler.providers.transaction.deliver import Delivery
from reconciler.providers.transaction.holder import Holder
from reconciler.providers.transaction.keep import keeping
from reconciler.providers.transaction.library import LIBRARY, STATE
from reconciler.providers.transaction.marks import written
from reconciler.providers.transaction.pack import Pack, packs
from reconciler.providers.transaction.segments import Segment, on_host, segments
from reconciler.providers.transaction.switch import owner_and_group, switch

_NONE = timedelta(0)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def render(transaction: Transaction, sent: Mapping[int, Delivery], prelude: str, holder: Holder) -> Script:
    """Return the script and its payloads. ``sent`` holds what each operation needs, by its place.

    ``prelude`` defines ``rcl_inputs_digest``; ``holder`` is who has the lock of the host meanwhile. ValueError for an
    id that is no file name.
    """
    if not _ID.fullmatch(transaction.id):
        raise ValueError(f"{transaction.id!r} cannot be the id of a transaction")
    parts = segments(on_host(transaction.operations))
    packed = tuple(packs(part) for part in parts)
    tars = {place: pack.payload(each, sent) for many in packed for place, each in many.items() if each.number == place}
    kept = keeping(parts, {place for many in packed for place in many})
    slow = (op for op in transaction.operations if isinstance(op, RunCommand | ChangePackages))
    limit = transaction.limit + sum((op.limit for op in slow), _NONE)
    lines = [_open(transaction, holder, limit), "tx_tells=yes"]
    for number, part in enumerate(parts):
        mine = packed[number]
        lines += [*checks(tuple(op for _, op in part)), *_staging(part, sent, mine, tars), *kept.lines[number]]
        for each in (mine[place] for place, _ in part if place in mine and place in tars):
            lines += pack.keeping(each, first=number == 0)
        if number + 1 == len(parts):
            lines += [*_tail(transaction), *_owning(transaction.marks)]
        if transaction.guard and not number:
            lines += guard.arming(transaction.guard, on_host(transaction.operations))
        lines += [f"{'tx_arm_again' if number else 'tx_arm'} {_staged(part)}"]
        for place, op in part:
            if place in tars:
                lines.append(pack.switch(mine[place]))
            elif place not in mine:
                lines += _timed(op, switch(place, op, kept.units), transaction.guard)
    lines += _end(transaction)
    called = "\n".join(lines)
    functions = compact(needed(prelude, called, LIBRARY)) + LIBRARY
    return Script(
        text=(guard.kept(functions) if transaction.guard else functions) + STATE + called,
        payloads=tuple(_payloads(sent, packed, tars)),
        limit=limit,
    )


def _timed(op: HostOperation, lines: Iterator[str], guarded: Guard | None) -> Iterator[str]:
    if guarded and (line := guard.before(op, guarded)):
        yield line
    yield from lines
    if guarded and (line := guard.after(op, guarded)):
        yield line


def _end(transaction: Transaction) -> tuple[str, ...]:
    folders = " ".join(quote_path(path) for path in _folders(on_host(transaction.operations)))
    if transaction.guard:
        return (guard.awaiting(transaction.guard, folders),)
    return f"tx_commit {folders}", "tx_close"


def _open(transaction: Transaction, holder: Holder, limit: timedelta) -> str:
    fence = "''" if transaction.fence is None else str(transaction.fence)
    seconds = int(limit.total_seconds())
    return f"tx_open {quote(transaction.id)} {quote(holder.id)} {quote(holder.name)} {fence} {seconds}"


def _payloads(
    sent: Mapping[int, Delivery], packed: tuple[Mapping[int, Pack], ...], tars: Mapping[int, bytes]
) -> Iterator[Payload]:
    for place in sorted(sent):
        if place in tars:
            yield tars[place]
        elif not any(place in many for many in packed):
            yield sent[place].payload


def _staged(part: Segment) -> str:
    return " ".join(f'"$tx_at_{place}"' for place, op in part if isinstance(op, WriteFile))


def _staging(
    part: Segment, sent: Mapping[int, Delivery], packed: Mapping[int, Pack], tars: Mapping[int, bytes]
) -> Iterator[str]:
    plain: list[str] = []
    odd: list[str] = []
    for place, op in part:
        match op:
            case WriteFile():
                if place in tars:
                    yield from pack.staging(packed[place], len(tars[place]), sent)
                elif place not in packed:
                    yield f"tx_stage_file {place} {sent[place].size} {quote_path(op.path)}"
                check = f'{sent[place].sha256} "$tx_at_{place}"'
                (odd if re.search(r"[\n\\]", op.path) else plain).append(check)
            case UnpackRelease() | SetPassword() if place in sent:
                yield f'tx_receive {place} {sent[place].size} "$T/in.{place}"'
                plain.append(f'{sent[place].sha256} "$T/in.{place}"')
            case _:
                pass
    if plain:
        yield f"tx_verify {' '.join(plain)}"
    yield from (f"tx_verify_one {check}" for check in odd)
    for place, op in part:
        if isinstance(op, UnpackRelease):
            yield f"tx_unpack {place} {quote_path(f'{op.path}/releases/{op.version}')}"
    yield from _attributes(part)
    yield from _edits(part)


def _edits(part: Segment) -> Iterator[str]:
    """What is edited is what an earlier operation of the segment has staged for that path, if one has."""
    sources: dict[str, str] = {}
    for place, op in part:
        match op:
            case EditFile():
                path, owner = quote_path(op.path), owner_and_group(op.owner, op.group)
                new = f"{quote(op.mode)} {quote(owner)} {_edit(op.edit)}"
                yield f"tx_edit {place} {path} {sources.get(op.path, path)} {new}"
                sources[op.path] = f'"$tx_at_{place}"'
            case WriteFile():
                sources[op.path] = f'"$tx_at_{place}"'
            case RemoveFile():
                sources[op.path] = "/dev/null"
            case _:
                pass


def _edit(edit: Edit) -> str:
    match edit:
        case PutLine():
            return " ".join(["rcl_put_line", quote(edit.line), *([quote(edit.instead_of)] if edit.instead_of else [])])
        case DropLine():
            return " ".join(["rcl_drop_line", quote(edit.line), *([quote(edit.matching)] if edit.matching else [])])
        case PutBlock():
            return f"rcl_put_block {quote(edit.begin)} {quote(edit.end)} {quote(edit.text)}"
        case DropBlock():
            return f"rcl_drop_block {quote(edit.begin)} {quote(edit.end)}"
        case _:
            assert_never(edit)


def _attributes(part: Segment) -> Iterator[str]:
    """Owners first: giving a file away takes special bits of its mode away. One command for all that are alike."""
    owned: dict[str, list[str]] = {}
    moded: dict[str, list[str]] = {}
    for place, op in part:
        staged = f'"$tx_at_{place}"'
        if isinstance(op, WriteFile):
            moded.setdefault(op.mode, []).append(staged)
        if isinstance(op, WriteFile | UnpackRelease) and (owner := owner_and_group(op.owner, op.group)):
            recursive = "-hR " if isinstance(op, UnpackRelease) else "-h "
            owned.setdefault(f"{recursive}-- {quote(owner)}", []).append(staged)
    for owner, files in owned.items():
        what = quote(f"change the owner to {owner.partition('-- ')[2]}")
        yield f"tx_try {what} chown {owner} {' '.join(files)}"
    for mode, files in moded.items():
        yield f"tx_try {quote(f'set the mode {mode}')} chmod -- {quote(mode)} {' '.join(files)}"


def _tail(transaction: Transaction) -> Iterator[str]:
    """What is done when all went well: nothing that could fail in a way that matters."""
    steps = []
    for place, op in enumerate(transaction.operations):
        aside = f".rcl-{transaction.id}.{place}"
        match op:
            case UnpackRelease():
                steps.append(f"tx_forget {quote_path(f'{op.path}/releases/{aside}.old')}")
            case RemoveRelease():
                steps.append(f"tx_forget {quote_path(f'{op.path}/{aside}')}")
            case ChangePackages():
                steps.append(f'tx_forget "$T/packages.{place}"')
            case RunCommand(aside=str(path)):
                steps.append(f"tx_forget {quote_path(path)}")
            case SwitchRelease():
                steps.append(f"tx_prune {quote_path(op.path)} {op.keep}")
            case _:
                pass
    if steps:
        yield f"tx_note tail {quote('; '.join(steps))}"


def _owning(marks: Marks | None) -> Iterator[str]:
    if marks is not None:
        yield f"tx_owning {quote(str(marks.unit))} {quote(written(marks))}"


def _folders(operations: tuple[HostOperation, ...]) -> tuple[str, ...]:
    """Return the directories whose names changed, each once."""
    found: dict[str, None] = {}
    for op in operations:
        match op:
            case (
                WriteFile()
                | EditFile()
                | MakeSymlink()
                | MakeDirectory()
                | RemoveFile()
                | RemoveDirectory()
                | PutBack()
            ):
                found[dirname(op.path)] = None
            case UnpackRelease() | SwitchRelease() | RemoveRelease():
                found |= {op.path: None, f"{op.path}/releases": None}
            case SetAttributes():
                found[op.path] = None
            case (
                ReloadUnits()
                | ControlUnit()
                | KeepOriginal()
                | RunCommand()
                | RecordRun()
                | ChangePackages()
                | SetPassword()
            ):
                pass
    return tuple(found)
