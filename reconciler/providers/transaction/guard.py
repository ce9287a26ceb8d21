"""A guarded transaction: what it says beside the rest, and how it is confirmed. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import resources
from math import ceil

from reconciler.model.guard import Guard
from reconciler.model.operation import ChangePackages, ControlUnit, HostOperation, RunCommand
from reconciler.ports.shell import Script, quote
from reconciler.providers.sh_source import compact
from reconciler.providers.transaction.library import STATE

GUARD = compact((resources.files(__package__) / "sh/guard.sh").read_text(encoding="utf-8"))
"""The functions of a guard; a transaction without one does without them."""

# As long as systemd gives a unit to stop, or to start, where nobody says anything else.
_UNIT = timedelta(seconds=90)
_CONFIRMING = timedelta(seconds=20)
# What is at these paths is read by these units, so they have to read it again when the host has put it back.
_READERS = {
    "/etc/ssh/": ("ssh", "sshd"),
    "/etc/nftables": ("nftables",),
    "/etc/ufw/": ("ufw",),
    "/etc/firewalld/": ("firewalld",),
    "/etc/systemd/network/": ("systemd-networkd",),
    "/etc/NetworkManager/": ("NetworkManager",),
}


def kept(functions: str) -> str:
    """Return the text that defines the functions, and keeps itself for the host to take the change back with."""
    return f'tx_text={quote(functions + GUARD)}\neval "$tx_text"\n'


def arming(guard: Guard, operations: tuple[HostOperation, ...]) -> Iterator[str]:
    """Yield the lines that arm it, before anything is touched."""
    touched = [path for each in operations if isinstance(path := getattr(each, "path", None), str)]
    units = [units for start, units in _READERS.items() if any(path.startswith(start) for path in touched)]
    if units:
        yield f"tx_note after.900000 {quote('tx_refresh ' + ' '.join(unit for each in units for unit in each))}"
    yield f"tx_guard {_seconds(guard)}{' persistent' if guard.persistent else ''}"


def before(operation: HostOperation, guard: Guard) -> str | None:
    """Return the line that puts off when the change is overdue, where the operation may take its time."""
    limit = _limit(operation)
    return f"tx_deadline {_seconds(guard) + ceil(limit.total_seconds())}" if limit else None


def after(operation: HostOperation, guard: Guard) -> str | None:
    """Return the line that brings it forward again."""
    return f"tx_deadline {_seconds(guard)}" if _limit(operation) else None


def awaiting(guard: Guard, folders: str) -> str:
    """Return the last line: all is done, and waits to be confirmed."""
    return f"tx_await {_seconds(guard)} {folders}"


def confirmation(transaction: str) -> Script:
    """Return the script that confirms it, which has to come over a connection begun after the change was done."""
    return _to_the_host(transaction, "confirm")


def inquiry(transaction: str) -> Script:
    """Return the script that asks how it stands, and decides nothing."""
    return _to_the_host(transaction, "look")


def _to_the_host(transaction: str, word: str) -> Script:
    text = f"""{STATE}T=$STATE/tx/{quote(transaction)}
if [ -f "$T/guard.sh" ]; then exec sh "$T/guard.sh" {word}; fi
if [ -f "$T/outcome" ]; then cat -- "$T/outcome"; else echo 'outcome none'; fi"""
    return Script(text=text, limit=_CONFIRMING)


def _limit(operation: HostOperation) -> timedelta | None:
    match operation:
        case RunCommand() | ChangePackages():
            return operation.limit
        case ControlUnit():
            return _UNIT
        case _:
            return None


def _seconds(guard: Guard) -> int:
    return max(1, ceil(guard.within.total_seconds()))
