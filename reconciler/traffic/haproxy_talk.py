"""What HAProxy is told over its stats socket, and what it says: scripts and answers. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.traffic import HaproxyRouter, Route, Share
from reconciler.ports.shell import quote

NO_TALKER, NO_SOCKET, NOT_ALLOWED, NO_ANSWER = 90, 91, 92, 93
"""What a script ends with when it cannot talk to HAProxy at all."""

TALKERS = "socat, nc with -U, busybox nc, perl or python3"

# HAProxy answers a line of commands and closes the connection. A server's name cannot end a command: see `word`.
_TALK = """\
rcl_perl='use IO::Socket::UNIX; $s = IO::Socket::UNIX->new(Peer => shift) or exit 1;
print $s <STDIN>; $s->flush; print while <$s>;'
rcl_python='import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(sys.stdin.buffer.read()); sys.stdout.buffer.write(b"".join(iter(lambda: s.recv(65536), b"")))'
has() { command -v "$1" >/dev/null 2>&1; }
talk() {
    if has socat; then socat -t 10 - "UNIX-CONNECT:$rcl_socket"
    elif has nc && nc -h 2>&1 </dev/null | grep -q -e '-[A-Za-z]*U'; then nc -U "$rcl_socket"
    elif has perl; then perl -e "$rcl_perl" "$rcl_socket"
    elif has python3; then python3 -c "$rcl_python" "$rcl_socket"
    elif has busybox && busybox nc --help >/dev/null 2>&1; then busybox nc "local:$rcl_socket"
    else exit 90
    fi
}
tell() { printf '%s\\n' "$1" | talk || { rcl_status=$?; [ $rcl_status = 90 ] || rcl_status=93; exit $rcl_status; }; }
[ -S "$rcl_socket" ] || exit 91
[ -w "$rcl_socket" ] || exit 92
"""
_ANSWERED = "-- told"
_AT_ONCE = 50
"""Commands in one line: HAProxy reads it into a buffer of 16 KiB."""

_MAINTENANCE, _DRAIN = 0x01 | 0x02 | 0x04 | 0x20 | 0x40, 0x08 | 0x10
_UP = frozenset({1, 2})
_WORD = re.compile(r"[A-Za-z0-9_.:\[\]-]+")


class Senseless(Exception):
    """HAProxy said something that cannot be understood. The text says what."""


class Missing(Exception):
    """The backend, or servers of it, are not in HAProxy's configuration; or others are that get requests."""


def word(name: str) -> str:
    """Return the name of a backend or server; ValueError when HAProxy could not have such a name."""
    if not _WORD.fullmatch(name):
        raise ValueError(f"'{name}' cannot be a name in HAProxy")
    return name


def look(router: HaproxyRouter) -> str:
    """Return the script that prints what ``routes`` reads."""
    return f"rcl_socket={quote(router.socket)}\n{_TALK}{_asked(router)}"


def told(router: HaproxyRouter, commands: Sequence[str]) -> str:
    """Return the script that gives the commands, prints what HAProxy says to them, and then what ``routes`` reads."""
    parts = [commands[start : start + _AT_ONCE] for start in range(0, len(commands), _AT_ONCE)]
    lines = "".join(f"tell {quote(';'.join(part))}\n" for part in parts)
    return f"rcl_socket={quote(router.socket)}\n{_TALK}{lines}echo {quote(_ANSWERED)}\n{_asked(router)}"


def _asked(router: HaproxyRouter) -> str:
    return f"tell {quote(f'show servers state {word(router.backend)}')}\ntell 'show stat -1 4 -1'\n"


def weighing(router: HaproxyRouter, shares: Iterable[Share]) -> tuple[str, ...]:
    """Return the commands that give the servers these weights: who gets more comes first, so that somebody serves."""
    backend = word(router.backend)
    found = sorted(shares, key=lambda share: (-share.weight, share.server))
    return tuple(command for share in found for command in _weight(f"{backend}/{word(share.server)}", share.weight))


def _weight(server: str, weight: int) -> Iterator[str]:
    yield f"set server {server} weight {weight}"
    if weight:
        yield f"set server {server} state ready"


def draining(router: HaproxyRouter, servers: Iterable[str]) -> tuple[str, ...]:
    """Return the commands after which the servers get no new requests."""
    backend = word(router.backend)
    return tuple(f"set server {backend}/{word(server)} state drain" for server in servers)


def complaints(output: str) -> tuple[str, tuple[str, ...]]:
    """Return what follows the commands' answers in the output of ``told``, and the answers that are no consent."""
    said, mark, rest = output.partition(_ANSWERED + "\n")
    if not mark:
        raise Senseless("the script ended half-way")
    return rest, tuple(line.strip() for line in said.splitlines() if line.strip())


@dataclass(frozen=True, slots=True)
class _Counted:
    in_flight: int
    backup: bool


def routes(router: HaproxyRouter, output: str) -> tuple[Route, ...]:
    """Return what HAProxy says of the router's members, in their order; raise Missing, Senseless."""
    states, mark, stats = output.partition("# pxname,")
    if "Can't find backend" in states:
        raise Missing(f"there is no backend {router.backend}")
    if not mark:
        raise Senseless(f"no statistics: {_shown(output)}")
    try:
        counted = _counted(router.backend, "pxname," + stats)
        found = {route.server: route for route in _servers(states, counted)}
    except (KeyError, ValueError, StopIteration, csv.Error) as error:
        raise Senseless(f"an answer that is no list of servers: {_shown(output)}") from error
    members = [member.server for member in router.members]
    if missing := [server for server in members if server not in found]:
        raise Missing(f"the backend {router.backend} has no server {', '.join(missing)}")
    others = [each.server for each in found.values() if _is_stranger(each, members, counted)]
    if others:
        raise Missing(
            f"the backend {router.backend} sends requests to {', '.join(others)} too, which is no target of the app"
        )
    return tuple(found[server] for server in members)


def _is_stranger(route: Route, members: Sequence[str], counted: Mapping[str, _Counted]) -> bool:
    return route.server not in members and route.weight > 0 and route.serving and not counted[route.server].backup


def _counted(backend: str, table: str) -> Mapping[str, _Counted]:
    rows = (row for row in csv.DictReader(table.splitlines()) if row["pxname"] == backend)
    return {row["svname"]: _row(row) for row in rows}


def _row(row: Mapping[str, str | None]) -> _Counted:
    now, waiting, backup = row["scur"], row["qcur"], row["bck"]
    if not now or waiting is None or backup is None:
        raise ValueError("a line that was cut off")
    return _Counted(int(now) + int(waiting or 0), backup == "1")


def _servers(states: str, counted: Mapping[str, _Counted]) -> Iterator[Route]:
    lines = (line for line in states.splitlines() if line.strip())
    names = next(line for line in lines if line.startswith("# be_id")).removeprefix("# ").split()
    for line in lines:
        row = dict(zip(names, line.split(), strict=False))
        admin = int(row["srv_admin_state"])
        away = bool(admin & (_MAINTENANCE | _DRAIN))
        yield Route(
            server=row["srv_name"],
            weight=0 if away else int(row["srv_uweight"]),
            serving=int(row["srv_op_state"]) in _UP and not admin & _MAINTENANCE,
            in_flight=counted[row["srv_name"]].in_flight,
        )


def _shown(output: str) -> str:
    return repr(output.strip()[:200])
