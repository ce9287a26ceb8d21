"""What has to be true of a host before anything is touched. Pure."""

from collections.abc import Iterator
from posixpath import dirname

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
    SetAttributes,
    SetPassword,
    SwitchRelease,
    UnpackRelease,
    WriteFile,
)
from reconciler.ports.shell import quote, quote_path

_OWNING = WriteFile | EditFile | SetAttributes | MakeDirectory | UnpackRelease


def checks(operations: tuple[HostOperation, ...]) -> Iterator[str]:
    """Yield sh lines that end the transaction, with a reason, when the world is not as the plan was made for.

    A path that an earlier operation of the same transaction changes is not looked at: it will be as that one leaves it.
    """
    yield from _accounts(operations)
    touched: set[str] = set()
    for op in operations:
        for path, check in _claims(op):
            if path not in touched:
                yield f"{check} {quote_path(path)}"
            if _needs_parent(op) and dirname(path) not in touched:
                yield f"tx_check_place {quote_path(path)}"
            touched.add(path)


def _claims(op: HostOperation) -> tuple[tuple[str, str], ...]:
    match op:
        case WriteFile() | MakeSymlink() | RemoveFile() | PutBack():
            claim = (op.path, "tx_check_leaf")
        case EditFile():
            claim = (op.path, "tx_check_text")
        case MakeDirectory() | RemoveDirectory():
            claim = (op.path, "tx_check_directory")
        case SetAttributes():
            claim = (op.path, "tx_check_there")
        case SwitchRelease() | RemoveRelease():
            claim = (f"{op.path}/current", "tx_check_link")
        case UnpackRelease():
            claim = (op.path, "tx_check_release")
        case (
            ReloadUnits()
            | ControlUnit()
            | RunCommand()
            | RecordRun()
            | KeepOriginal()
            | ChangePackages()
            | SetPassword()
        ):
            return ()
    return (claim,)


def _needs_parent(op: HostOperation) -> bool:
    return isinstance(op, WriteFile | EditFile | MakeSymlink | MakeDirectory | PutBack)


def _accounts(operations: tuple[HostOperation, ...]) -> Iterator[str]:
    owning = [op for op in operations if isinstance(op, _OWNING)]
    yield from (f"tx_check_user {quote(user)}" for user in dict.fromkeys(op.owner for op in owning) if user)
    yield from (f"tx_check_group {quote(group)}" for group in dict.fromkeys(op.group for op in owning) if group)
    others = dict.fromkeys(op.user for op in operations if isinstance(op, RunCommand))
    yield from (f"tx_check_account {quote(user)}" for user in others if user)
