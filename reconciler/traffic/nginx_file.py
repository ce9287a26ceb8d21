"""The files of ours that nginx includes, the scripts that change them, and what a host says of them. Pure."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model.traffic import NginxRouter, Route, Share
from reconciler.ports.shell import quote

NO_NGINX, NOT_RUNNING, WRONG, NOT_ALLOWED, NO_NEW_WORKERS = 90, 91, 92, 93, 94
"""What a script ends with when nothing was changed, or everything is as it was."""

_NAME = re.compile(r"[A-Za-z0-9_.:\[\]/-]+")
_SERVER = re.compile(r"^\s*server\s+([^\s;]+)([^;]*);", re.MULTILINE)
_WEIGHT = re.compile(r"\bweight=(\d+)")
_LEAVING = "-- leaving "

_TOLD = "# Written by reconciler; what is changed here by hand is changed back.\n"

# Until nginx has taken over a new file, what it works with is kept beside it. How grep ends says nothing: a
# process that has ended since its name was listed is an error to it, whatever it found in the others.
_LOOK = """\
PATH=$PATH:/usr/sbin:/sbin
command -v nginx >/dev/null || exit 90
[ -n "$(grep -ls '^nginx: master process' /proc/[0-9]*/cmdline)" ] || exit 91
leaving() { grep -ls '^nginx: worker process is shutting down' /proc/[0-9]*/cmdline | tr '\\n' ' '; }
look() {
    if [ -f "$rcl_before" ]; then cat <"$rcl_before"; elif [ -f "$rcl_file" ]; then cat <"$rcl_file"; fi
    echo
    echo "-- leaving $(leaving | wc -w)"
}
"""
_CHANGE = """\
serving() {
    rcl_all=$(grep -ls '^nginx: worker process' /proc/[0-9]*/cmdline)
    rcl_gone=" $(leaving)"
    for rcl_each in $rcl_all; do
        case $rcl_gone in *" $rcl_each "*) ;; *) printf '%s ' "$rcl_each" ;; esac
    done
}
put_back() {
    if [ -s "$rcl_before" ]; then mv -f "$rcl_before" "$rcl_file"; else rm -f "$rcl_before" "$rcl_file"; fi
}
change() {
    [ -w "${rcl_file%/*}/" ] || exit 93
    if [ ! -f "$rcl_before" ]; then
        if [ -f "$rcl_file" ]; then cp -p "$rcl_file" "$rcl_before" || exit 93; else : >"$rcl_before" || exit 93; fi
    fi
    printf %s "$rcl_text" >"$rcl_new" && chmod 0644 "$rcl_new" && mv -f "$rcl_new" "$rcl_file" || { put_back; exit 93; }
    if ! rcl_said=$(nginx -t 2>&1); then put_back; printf '%s\\n' "$rcl_said" >&2; exit 92; fi
    rcl_old=" $(serving)"
    if ! rcl_said=$(nginx -s reload 2>&1); then put_back; printf '%s\\n' "$rcl_said" >&2; exit 92; fi
    rcl_tries=0
    until taken_over; do
        rcl_tries=$((rcl_tries + 1))
        [ $rcl_tries -lt 100 ] || { put_back; exit 94; }
        sleep 0.1 2>/dev/null || sleep 1
    done
    rm -f "$rcl_before"
}
taken_over() {
    rcl_new_ones=
    for rcl_one in $(serving); do
        case $rcl_old in *" $rcl_one "*) return 1 ;; *) rcl_new_ones=yes ;; esac
    done
    [ "$rcl_new_ones" = yes ]
}
if [ -f "$rcl_before" ] || [ ! -f "$rcl_file" ] || [ "$rcl_text" != "$(cat <"$rcl_file"; echo .)" ]; then
    rcl_text=${rcl_text%.}
    change
fi
look
"""


def look(path: str) -> str:
    """Return the script that prints what ``read`` and ``routes`` read of the file that nginx works with."""
    return f"{_paths(path)}{_LOOK}look\n"


def change(path: str, text: str) -> str:
    """Return the script that has nginx work with this text in the file, and then prints what ``look`` does.

    All or nothing: when nginx refuses the text, or does not take it over, the file is as it was.
    """
    # A dot at the end keeps the newlines before it, which the shell would drop.
    return f"{_paths(path)}rcl_text={quote(text + '.')}\n{_LOOK}{_CHANGE}"


def _paths(path: str) -> str:
    folder, name = posixpath.split(path)
    before, new = (posixpath.join(folder, f".{name}.{end}") for end in ("before", "new"))
    return f"rcl_file={quote(path)} rcl_before={quote(before)} rcl_new={quote(new)}\n"


def read(output: str) -> Mapping[str, int]:
    """Return the weight of every server in the file, 0 for one that is down; ValueError when it was not read whole."""
    text, mark, _ = output.rpartition(_LEAVING)
    if not mark:
        raise ValueError(output[:200])
    return dict(_read(text))


def _read(text: str) -> Iterator[tuple[str, int]]:
    for server, rest in _SERVER.findall(text):
        weight = _WEIGHT.search(rest)
        yield server, 0 if "down" in rest.split() else int(weight[1]) if weight else 1


def routes(router: NginxRouter, output: str) -> tuple[Route, ...]:
    """Return what follows from the file: the members, in their order, then servers that are none; ValueError.

    nginx does not tell how many requests a server has. Where there shall be no new ones, those that are still under way
    are with the workers that a reload has told to leave.
    """
    weights = read(output)
    leaving = int(output.rpartition(_LEAVING)[2])
    members = [member.server for member in router.members]
    others = [server for server, weight in weights.items() if server not in members and weight]
    return tuple(_route(server, weights.get(server, 0), leaving) for server in (*members, *others))


def _route(server: str, weight: int, leaving: int) -> Route:
    return Route(server=server, weight=weight, serving=True, in_flight=None if weight else leaving)


def servers(router: NginxRouter, shares: Iterable[Share], now: Mapping[str, int]) -> str:
    """Return the file that gives the members these shares; those without one keep the weight they have ``now``."""
    weights = {**now, **{share.server: share.weight for share in shares}}
    lines = (_server(member.server, weights.get(member.server, 0)) for member in router.members)
    return _TOLD + "".join(lines)


def _server(server: str, weight: int) -> str:
    return f"server {_word(server)} {f'weight={weight}' if weight else 'down'};\n"


def mirrored(router: NginxRouter, members: Sequence[str], percent: int) -> str:
    """Return the file that says which of the requests are copied, and to whom.

    ``$<upstream>_mirror`` is the name of the upstream for a request's copy, empty for one that has none.
    """
    name = re.sub(r"\W", "_", router.upstream) + "_mirror"
    if not percent or not members:
        return f'{_TOLD}split_clients "$request_id" ${name} {{ * ""; }}\n'
    lines = "".join(f"    server {_word(member)};\n" for member in members)
    split = f"* {name};" if percent >= 100 else f'{percent}% {name}; * "";'
    return f'{_TOLD}upstream {name} {{\n{lines}}}\nsplit_clients "$request_id" ${name} {{ {split} }}\n'


def _word(server: str) -> str:
    if not _NAME.fullmatch(server):
        raise ValueError(f"'{server}' cannot be a server in nginx")
    return server
