"""One host: what to ask it, and what its answer means. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reconciler.daemon.doctor.finding import Finding, bad, good, hint
from reconciler.model.target import Become, Host
from reconciler.model.unit import Desired
from reconciler.ports.errors import Denied, Unreachable, WorldError, WrongHostKey
from reconciler.ports.shell import Script, quote

_BASE = (
    *("awk", "base64", "cat", "chmod", "chown", "cp", "cut", "date", "dd", "df", "grep", "head", "ln", "ls", "mkdir"),
    *("mv", "readlink", "rm", "rmdir", "sed", "sha256sum", "sleep", "sort", "stat", "sync", "tail", "tar", "tr"),
)
_OF_KINDS: Mapping[str, tuple[str, ...]] = {
    "systemdUnit": ("systemctl",),
    "timer": ("systemctl",),
    "gitCheckout": ("git",),
    "mount": ("mount", "umount"),
    "sysctl": ("sysctl",),
}
"""Programs that a kind cannot do without. Where one of several will do, the kind itself says what is missing."""

_OF_ROOT = frozenset(("cron", "group", "mount", "package", "sysctl", "user"))
"""Kinds that nobody but root can bring about."""

_CLOCK_BAD, _CLOCK_HINT = timedelta(seconds=30), timedelta(seconds=2)
_DISK_BAD, _DISK_HINT = 50 << 20, 500 << 20
_LIMIT = timedelta(seconds=20)

_SCRIPT = """\
printf 'now %s\\n' "$(date +%s)"
printf 'uid %s\\n' "$(id -u)"
for tool in @TOOLS@; do command -v "$tool" >/dev/null 2>&1 || printf 'missing %s\\n' "$tool"; done
at=$STATE
while [ ! -d "$at" ] && [ "$at" ]; do at=${at%/*}; done
at=${at:-/}
[ -w "$at" ] || printf 'unwritable %s\\n' "$at"
printf 'disk %s\\n' "$(stat -f -c '%a %S %d %c' "$at")"
[ ! -d "$STATE/tx" ] || printf 'kept %s\\n' "$(du -sk "$STATE/tx" | cut -f 1)"
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A host's answer, and when it was asked and had answered by our clock."""

    lines: Sequence[str]
    before: datetime
    after: datetime


def tools(host: Host, desired: Desired) -> tuple[str, ...]:
    """Return the programs that the host needs for what the desired state puts on it."""
    kinds = {one.id.kind for unit in desired.units.values() for one in unit.resources if one.id.target == host.name}
    return tuple(dict.fromkeys((*_BASE, *(tool for kind in sorted(kinds) for tool in _OF_KINDS.get(kind, ())))))


def beyond(host: Host, desired: Desired) -> tuple[Finding, ...]:
    """Return what the desired state puts on the host though nobody there has the rights for it."""
    if host.become is Become.SUDO or host.user == "root":
        return ()
    kinds = {one.id.kind for unit in desired.units.values() for one in unit.resources if one.id.target == host.name}
    said = f"{host.user} works without root, which is needed for: {', '.join(sorted(kinds & _OF_ROOT))}"
    mend = "write become: sudo at the host and give it the sudo rule, or take those resources off it"
    return (bad(host.name, "rights", said, mend),) if kinds & _OF_ROOT else ()


def script(needed: Sequence[str], state: str) -> Script:
    """Return what to run on the host. ``state`` is the sh text that sets STATE; nothing is written."""
    return Script(text=state + _SCRIPT.replace("@TOOLS@", " ".join(map(quote, needed))), limit=_LIMIT)


def unreached(host: Host, error: WorldError) -> tuple[Finding, ...]:
    """Return what it means that the host could not be asked. The error says what to do already."""
    match error:
        case WrongHostKey():
            return (bad(host.name, "host key", str(error)),)
        case Denied():
            return (bad(host.name, "sudo" if "root" in str(error) else "login", str(error)),)
        case Unreachable():
            mend = f"see that it is up, and that a firewall lets us through: nc -vz {host.address} {host.port}"
            return (bad(host.name, "network", str(error), mend),)
        case _:
            return (bad(host.name, "shell", str(error)),)


def findings(host: Host, asked: Asked) -> tuple[Finding, ...]:
    """Return what the host's answer means; one finding for each thing that was looked at."""
    told = [line.partition(" ") for line in asked.lines]
    values: dict[str, list[str]] = {}
    for word, _, rest in told:
        values.setdefault(word, []).append(rest)
    try:
        return (
            good(host.name, "login", f"as {host.user}{_rights(host, values)}"),
            *_tools(host, values),
            *_clock(host, values, asked),
            *_disk(host, values),
            *_state(host, values),
        )
    except (KeyError, ValueError, IndexError):
        told_last = asked.lines[-1][:80] if asked.lines else "nothing"
        return (bad(host.name, "shell", f"its answer makes no sense: {told_last!r}", "log in and look at its sh"),)


def _rights(host: Host, values: Mapping[str, Sequence[str]]) -> str:
    root = values["uid"][0] == "0"
    if host.become is Become.SUDO:
        return ", and root by sudo"
    return ", who is root" if root else ", without root: what needs root is refused"


def _tools(host: Host, values: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    missing = values.get("missing", ())
    if missing:
        names = ", ".join(missing)
        yield bad(
            host.name, "tools", f"not there: {names}", f"install what has {names}, or mend the PATH of {host.user}"
        )
    else:
        yield good(host.name, "tools", "all that is needed is there")


def _clock(host: Host, values: Mapping[str, Sequence[str]], asked: Asked) -> Iterator[Finding]:
    # The host cuts off fractions of a second, and we do not know when between asking and answer it looked.
    there = datetime.fromtimestamp(int(values["now"][0]), UTC)
    ahead = (
        there - asked.after if there > asked.after else min(timedelta(0), there - asked.before + timedelta(seconds=1))
    )
    off = abs(ahead)
    said = f"{off.total_seconds():.0f} s {'ahead of' if ahead > timedelta(0) else 'behind'} this machine"
    mend = "let a time service run there and here (chrony, systemd-timesyncd); timedatectl shows whether one does"
    if off >= _CLOCK_BAD:
        yield bad(host.name, "clock", said, mend)
    elif off >= _CLOCK_HINT:
        yield hint(host.name, "clock", said, mend)
    else:
        yield good(host.name, "clock", "like this machine's")


def _disk(host: Host, values: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    blocks, size, files, files_in_all = (int(number) for number in values["disk"][0].split())
    free = blocks * size
    said = f"{free >> 20} MiB free where our records are"
    mend = "make room; a change that cannot keep what was there before is refused"
    if files_in_all and files < 100:
        yield bad(host.name, "disk", f"only {files} more files can be made where our records are", mend)
    elif free < _DISK_BAD:
        yield bad(host.name, "disk", said, mend)
    elif free < _DISK_HINT:
        yield hint(host.name, "disk", said, mend)
    else:
        kept = f", {int(values['kept'][0]) >> 10} MiB kept of what was there before" if "kept" in values else ""
        yield good(host.name, "disk", said + kept)


def _state(host: Host, values: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for path in values.get("unwritable", ()):
        owner = "root" if host.become is Become.SUDO else host.user
        yield bad(host.name, "records", f"{path} cannot be written to by {owner}", "is the file system read-only?")
