"""An operation → the sh lines that carry it out, once everything is staged and kept. Pure."""

import hashlib
from collections.abc import Iterator, Mapping
from math import ceil
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
from reconciler.providers.transaction.packages import change


def switch(place: int, op: HostOperation, units: Mapping[tuple[Scope, str], int]) -> Iterator[str]:
    """Yield the lines of one operation. ``place`` is its number, ``units`` that of each unit's kept state."""
    match op:
        case WriteFile() | MakeSymlink() | MakeDirectory() | RemoveFile() | RemoveDirectory():
            yield _path(place, op)
        case KeepOriginal():
            yield f"tx_original {_original(op.path)} {quote_path(op.path)}"
        case PutBack():
            yield f"tx_put_back {place} {_original(op.path)} {quote_path(op.path)}"
        case SetAttributes():
            yield from _attributes(op)
        case UnpackRelease() | SwitchRelease() | RemoveRelease():
            yield from _release(place, op)
        case EditFile():
            yield f"tx_put_edited {place} {quote_path(op.path)}"
        case RunCommand() | RecordRun() | ChangePackages() | SetPassword():
            yield _tool(place, op)
        case ReloadUnits():
            yield f"tx_reload {op.scope.value}"
        case ControlUnit():
            number = units[op.scope, op.unit]
            inputs = "".join(f" {quote_path(path)}" for path in op.inputs)
            yield f"tx_unit {number} {op.scope.value} {op.verb.value} {quote(op.unit)}{inputs}"
        case _:
            assert_never(op)


def owner_and_group(owner: str | None, group: str | None) -> str:
    """Return the two as chown takes them; empty when neither is given."""
    return f"{owner or ''}:{group}" if group else owner or ""


def program(op: RunCommand, argv: tuple[str, ...]) -> str:
    """Return the words by which ``tx_program`` runs the argv as the operation says: limit, user, place, variables."""
    seconds = max(1, ceil(op.limit.total_seconds()))
    where = quote_path(op.directory or "/")
    words = [f"{name}={value}" for name, value in op.environment]
    return f"{seconds} {quote(op.user or '')} {where} {len(words)} {' '.join(quote(word) for word in (*words, *argv))}"


def _original(path: str) -> str:
    """The name under which the host keeps what was at a path before it was ours."""
    return hashlib.sha256(path.encode()).hexdigest()[:32]


def _path(place: int, op: WriteFile | MakeSymlink | MakeDirectory | RemoveFile | RemoveDirectory) -> str:
    path = quote_path(op.path)
    match op:
        case WriteFile():
            return f"tx_put {place} {path}"
        case MakeSymlink():
            return f"tx_link {place} {quote(op.to)} {path}"
        case MakeDirectory():
            return f"tx_directory {path} {quote(op.mode)} {quote(owner_and_group(op.owner, op.group))}"
        case RemoveFile():
            return f"tx_remove_file {path}"
        case RemoveDirectory():
            return f"tx_remove_directory {path}"
        case _:
            assert_never(op)


def _tool(place: int, op: RunCommand | RecordRun | ChangePackages | SetPassword) -> str:
    match op:
        case RunCommand():
            return f"tx_run {place * 10} {quote(op.what)} {program(op, op.argv)}"
        case RecordRun():
            inputs = "".join(f" {quote_path(path)}" for path in op.inputs)
            return f"tx_record_run {quote(op.name)} {quote(op.of or '')}{inputs}"
        case ChangePackages():
            return change(place, op)
        case SetPassword():
            staged = "" if op.content is None else f' "$T/in.{place}"'
            return f"tx_password {place} {quote(op.user)}{staged}"
        case _:
            assert_never(op)


def _attributes(op: SetAttributes) -> Iterator[str]:
    path = quote_path(op.path)
    if owner := owner_and_group(op.owner, op.group):
        yield f'tx_try "change the owner of "{path} chown -h -- {quote(owner)} {path}'
    if op.mode:
        yield f'tx_try "set the mode of "{path} chmod -- {quote(op.mode)} {path}'


def _release(place: int, op: UnpackRelease | SwitchRelease | RemoveRelease) -> Iterator[str]:
    path, current = quote_path(op.path), quote_path(f"{op.path}/current")
    match op:
        case UnpackRelease():
            digest = op.artifact.digest.removeprefix("sha256:")
            yield f"tx_put_release {place} {path} {quote(op.version)} {quote(digest)}"
        case SwitchRelease():
            yield f"tx_link {place} {quote(f'releases/{op.version}')} {current}"
        case RemoveRelease():
            yield f"tx_remove_file {current}"
            yield f"tx_remove_releases {place} {path}"
        case _:
            assert_never(op)
