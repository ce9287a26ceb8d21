"""Many paths, one ``stat`` and one ``sha256sum``: the sh text that looks at all of them, and its answer, path by path.

Pure. Only names without anything odd in them are asked together: of those it is plain what the host says about which.
An odd one is asked by itself, with the functions of the prelude.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.ports.kind import REASON, SHOWN_AT_MOST
from reconciler.ports.look import Look
from reconciler.ports.shell import quote, quote_path
from reconciler.providers.sh_source import compact

_TAME = re.compile(r"(?:~|/|~?(?:/[A-Za-z0-9_@%+=,. -]+)+)")
_ASKED = 12  # so many hex digits of a wanted sum are sent: they only decide whether a content comes along

# Below the home everything is asked by relative paths, for the name of the home may be odd. Errors go out at once and
# the rest through a variable, so that none is printed into the middle of the other. Whatever a user of the host could
# choose freely is printed as base64.
LIBRARY = compact(r"""
rcl_newline='
'

# rcl_show PATH: prints the content of a file that everybody may read, if it is not too large.
rcl_show() {
    rcl_seen=$(stat -c '%f %s' "$1") && [ "${rcl_seen#* }" -le @MOST@ ] || return 0
    case $rcl_seen in
        8*[4567cdef]\ *) printf 'content %s %s\n' "$(head -c @MOST@ <"$1" | base64 | tr -d '\n')" "$1" ;;
    esac
}

# rcl_link PATH: prints where a link points.
rcl_link() {
    rcl_to=$(readlink -n "$1" && echo .) || return 0
    rcl_to=${rcl_to%.}
    case $rcl_to in
        *[!A-Za-z0-9_@%+=:,./-]*) printf 'to %s %s\n' "$(printf %s "$rcl_to" | base64 | tr -d '\n')" "$1" ;;
        *) printf 'plain %s %s\n' "$rcl_to" "$1" ;;
    esac
}

# rcl_sums: prints the sums of the files, and the contents of those that are not as wanted.
rcl_sums() {
    rcl_seen=$(sha256sum $rcl_files 2>&3) || :
    printf '%s\n' "$rcl_seen"
    set -- $rcl_wanted
    for rcl_line in $rcl_seen; do
        while [ $# -gt 0 ] && [ "${1#* }" != "${rcl_line#*  }" ]; do shift; done
        [ $# -gt 0 ] || return 0
        case $1 in [!+]*) case $rcl_line in "${1%% *}"*) ;; *) rcl_show "${1#* }" ;; esac ;; esac
        shift
    done
}

# rcl_looks LINES: each line is a path after a word: - (no content), + (its sum), or how its sum shall begin.
rcl_looks() {
    exec 3>&1
    set -f
    LC_ALL=C IFS=$rcl_newline
    export LC_ALL
    rcl_home=. rcl_all= rcl_files= rcl_links= rcl_wanted=
    cd -- "$HOME" 2>/dev/null || rcl_home=$HOME
    for rcl_line in $1; do
        rcl_path=${rcl_line#* } rcl_want=${rcl_line%% *}
        case $rcl_path in \~*) rcl_path=$rcl_home${rcl_path#?} ;; esac
        rcl_all=$rcl_all$rcl_newline$rcl_path
        if [ -L "$rcl_path" ]; then
            rcl_links=$rcl_links$rcl_newline$rcl_path
        elif [ "$rcl_want" != - ] && [ -f "$rcl_path" ]; then
            rcl_files=$rcl_files$rcl_newline$rcl_path
            rcl_wanted="$rcl_wanted$rcl_newline$rcl_want $rcl_path"
        fi
    done
    rcl_seen=$(stat -c "=%f %u %g %s %Z %n${rcl_newline}U%U${rcl_newline}G%G" $rcl_all 2>&3) || :
    printf '%s\n' "$rcl_seen"
    for rcl_path in $rcl_links; do rcl_link "$rcl_path"; done
    [ -z "$rcl_files" ] || rcl_sums
}
""").replace("@MOST@", str(SHOWN_AT_MOST))
"""The sh functions for paths that are asked together."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one probe printed, and its status."""

    status: int
    output: str
    errors: str


def tame(look: Look) -> bool:
    """Return whether the path can be asked together with others."""
    return _TAME.fullmatch(look.path) is not None


def together(looks: Sequence[Look]) -> str:
    """Return the sh command that looks at all of the tame paths, which differ."""
    return "rcl_looks " + quote("\n".join(f"{_word(look)} {look.path}" for look in looks))


def _word(look: Look) -> str:
    return "-" if look.content is None else look.content[:_ASKED] or "+"


def alone(look: Look) -> str:
    """Return the sh command that looks at one path, whatever its name, by the functions of the prelude."""
    if look.content is None:
        return f"rcl_entry {quote_path(look.path)}"
    most = SHOWN_AT_MOST if look.content else -1
    return f"rcl_file {quote_path(look.path)} {quote(look.content or 'secret')} {most}"


def apart(looks: Sequence[Look], answer: Answer) -> Iterator[Answer]:
    """Yield, for each of the looks that were asked together, what the host said about its path."""
    said = _said(answer.output)
    for look in looks:
        yield _one(look, _local(look.path), said)


@dataclass(slots=True)
class _Said:
    stats: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    other: str = "it did not say anything about it"


_LINE = re.compile(
    r"=(?P<stat>[0-9a-f]+ \d+ \d+ \d+ \d+) (?P<at>[^\n]*)\nU(?P<user>[^\n]*)\nG(?P<group>[^\n]*)"
    r"|(?P<sum>[0-9a-f]{64})  (?P<of>[^\n]*)"
    r"|to (?P<to>[A-Za-z0-9+/=]*) (?P<link>[^\n]*)"
    r"|plain (?P<plain>[A-Za-z0-9_@%+=:,./-]*) (?P<named>[^\n]*)"
    r"|content (?P<content>[A-Za-z0-9+/=]*) (?P<file>[^\n]*)"
    r"|(?P<program>stat|sha256sum): (?:can(?:no|')t \w+ )?'?(?P<path>[./][^':\n]*)'?: (?P<error>[^\n]*)"
    r"|(?P<other>[^\n]+)"
)


def _said(output: str) -> _Said:
    said = _Said()
    for line in _LINE.finditer(output):
        match line.lastgroup:
            case "group":
                said.stats[line["at"]] = (line["stat"], line["user"], line["group"])
            case "of":
                said.sums[line["of"]] = line["sum"]
            case "link":
                said.links[line["link"]] = line["to"]
            case "named":
                said.links[line["named"]] = base64.b64encode(line["plain"].encode()).decode()
            case "file":
                said.contents[line["file"]] = line["content"]
            case "error":
                said.errors[line["program"], line["path"]] = line["error"]
            case _:
                said.other = line["other"]
    return said


def _local(path: str) -> str:
    return "." + path[1:] if path.startswith("~") else path


def _one(look: Look, path: str, said: _Said) -> Answer:
    found = said.stats.get(path)
    if found is None:
        error = said.errors.get(("stat", path))
        if error == "No such file or directory":
            return Answer(0, "absent\n", "")
        return _unknown(f"{look.path}: {error or said.other}")
    stat, user, group = found
    lines = [f"stat {stat}", f"owner {user}", f"group {group}"]
    if stat.startswith("a"):
        if path not in said.links:
            return _unknown(f"cannot read the link {look.path}")
        lines.append(f"to {said.links[path]}")
    if stat.startswith("8") and look.content is not None:
        if path not in said.sums:
            return _unknown(f"cannot read {look.path}: {said.errors.get(('sha256sum', path), said.other)}")
        lines.append(f"sha256 {said.sums[path]}")
        if path in said.contents:
            lines.append(f"content {said.contents[path]}")
    return Answer(0, "\n".join(lines) + "\n", "")


def _unknown(reason: str) -> Answer:
    return Answer(1, f"{REASON}{reason}\n", "")
