"""How users and groups of a host are added, changed and taken away, each with its way back.

The programs are those of shadow (useradd and its like). Where they are missing, busybox adds and removes accounts too;
to change one needs usermod. The scripts are constant; what differs comes as words.
"""

import re
from collections.abc import Mapping, Sequence

from reconciler.kinds import look
from reconciler.model.canonical import Json
from reconciler.model.operation import RunCommand

_HEAD = r"""set -eu
busy() {
    if "$1" --help 2>&1 | grep -q BusyBox; then return; fi
    echo "there is neither $2 nor busybox's $1 on this host" >&2
    exit 1
}
"""

_ADD_GROUP = (
    _HEAD
    + r"""name=$1 gid=$2 system=$3 members=$4
if command -v groupadd >/dev/null; then
    set --
    [ -z "$gid" ] || set -- "$@" -g "$gid"
    [ -z "$system" ] || set -- "$@" -r
    groupadd "$@" "$name"
else
    busy addgroup groupadd
    set --
    [ -z "$gid" ] || set -- "$@" -g "$gid"
    [ -z "$system" ] || set -- "$@" -S
    addgroup "$@" "$name"
fi
for member in $members; do
    # One that goes with the group comes back after it, and into it.
    grep -q "^$member:" /etc/passwd || continue
    if command -v usermod >/dev/null; then usermod -aG "$name" "$member"; else addgroup "$member" "$name"; fi
done
"""
)

# One of a user's name may have gone with the user.
_DROP_GROUP = (
    _HEAD
    + r"""if ! grep -q "^$1:" /etc/group; then exit 0; fi
if command -v groupdel >/dev/null; then groupdel "$1"; else busy delgroup groupdel; delgroup "$1"; fi
"""
)

# A private group goes with its user, so the way back of a removal makes it again with the number it had.
_ADD_USER = (
    _HEAD
    + r"""name=$1 uid=$2 group=$3 gid=$4 groups=$5 home=$6 shell=$7 comment=$8 system=$9
create=${10}
if [ "$gid" ] && ! grep -q "^$group:" /etc/group; then
    if command -v groupadd >/dev/null; then groupadd -g "$gid" "$group"; else addgroup -g "$gid" "$group"; fi
fi
set --
[ -z "$uid" ] || set -- "$@" -u "$uid"
[ -z "$shell" ] || set -- "$@" -s "$shell"
if command -v useradd >/dev/null; then
    if [ "$group" ]; then set -- "$@" -g "$group"
    elif grep -q "^$name:" /etc/group; then set -- "$@" -g "$name"
    else set -- "$@" -U; fi
    [ -z "$groups" ] || set -- "$@" -G "$groups"
    [ -z "$home" ] || set -- "$@" -d "$home"
    [ -z "$comment" ] || set -- "$@" -c "$comment"
    [ -z "$system" ] || set -- "$@" -r
    if [ "$create" ]; then set -- "$@" -m; else set -- "$@" -M; fi
    exec useradd "$@" "$name"
fi
busy adduser useradd
if [ "$group" ]; then set -- "$@" -G "$group"
elif grep -q "^$name:" /etc/group; then set -- "$@" -G "$name"; fi
[ -z "$home" ] || set -- "$@" -h "$home"
[ -z "$comment" ] || set -- "$@" -g "$comment"
[ -z "$system" ] || set -- "$@" -S
[ "$create" ] || set -- "$@" -H
adduser -D "$@" "$name"
IFS=,
for each in $groups; do addgroup "$name" "$each"; done
"""
)

# A home is taken away again only while nothing but copies of the skeleton is in it.
_DROP_NEW_USER = (
    _HEAD
    + r"""home=$(awk -F: -v name="$1" '$1 == name { print $6 }' /etc/passwd)
uid=$(id -u "$1")
if command -v userdel >/dev/null; then userdel "$1"; else busy deluser userdel; deluser "$1"; fi
skeleton=/etc/skel
[ -d "$skeleton" ] || skeleton=$(mktemp -d)
if [ ! -d "$home" ] || [ -L "$home" ] || [ "$(stat -c %u "$home")" != "$uid" ]; then exit 0; fi
if diff -r "$skeleton" "$home" >/dev/null 2>&1; then rm -rf -- "$home"; fi
"""
)

_DROP_USER = (
    _HEAD
    + r"""if command -v userdel >/dev/null; then userdel "$1"; else busy deluser userdel; deluser "$1"; fi
"""
)

_DROP_HOME = r"""set -eu
if [ ! -d "$1" ] || [ -L "$1" ]; then exit 0; fi
[ "$(stat -c %u "$1")" = "$2" ] || { echo "$1 belongs to somebody else, and stays" >&2; exit 1; }
case $1 in /*/*) rm -rf -- "$1" ;; *) echo "$1 is no home to take away; do it by hand" >&2; exit 1 ;; esac
"""

# Told before the account is added: the way back of what was begun must not take away what somebody else has made.
_FREE = r"""! grep -q "^$1:" "/etc/$2" || { echo "there is a $3 $1 already; look again" >&2; exit 1; }"""

_IS_GROUP = r"""grep -q "^$1:" /etc/group"""
_IS_NO_GROUP = r"""! grep -q "^$1:" /etc/group"""
_IS_USER = r"""grep -q "^$1:" /etc/passwd"""
_IS_NO_USER = r"""! grep -q "^$1:" /etc/passwd"""


def name_problem(name: str) -> str | None:
    """Return what is wrong with the name of an account, None when nothing is."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,31}", name):
        return "a name is made of letters, digits, _ and -, at most 32, and starts with a letter or _"
    return None


def add_group(name: str, attributes: Mapping[str, Json]) -> tuple[RunCommand, ...]:
    """Return the commands that add a group with the number in the attributes; their way back takes it away."""
    what = f"add the group {name}"
    return (
        RunCommand(what=what, argv=_sh(_FREE, name, "group", "group")),
        RunCommand(
            what=what,
            argv=_sh(_ADD_GROUP, name, _text(attributes.get("gid")), _flag(attributes.get("system")), ""),
            undo=_sh(_DROP_GROUP, name),
            undo_if=_sh(_IS_GROUP, name),
        ),
    )


def drop_group(name: str, seen: Mapping[str, Json]) -> RunCommand:
    """Return the command that takes a group away; its way back adds it as it was seen, members and all."""
    members = " ".join(texts(seen["members"]))
    return RunCommand(
        what=f"remove the group {name}",
        argv=_sh(_DROP_GROUP, name),
        undo=_sh(_ADD_GROUP, name, _text(seen["gid"]), "", members),
        undo_if=_sh(_IS_NO_GROUP, name),
    )


def add_user(name: str, attributes: Mapping[str, Json]) -> tuple[RunCommand, ...]:
    """Return the commands that add a user; their way back takes it away, and its home if nobody wrote into it."""
    what = f"add the user {name}"
    return (
        RunCommand(what=what, argv=_sh(_FREE, name, "passwd", "user")),
        RunCommand(
            what=what,
            argv=_sh(_ADD_USER, name, *_described(attributes, ""), _flag(attributes.get("create_home"))),
            undo=_sh(_DROP_NEW_USER, name),
            undo_if=_sh(_IS_USER, name),
        ),
    )


def drop_user(name: str, seen: Mapping[str, Json]) -> RunCommand:
    """Return the command that takes a user away and leaves its home; its way back adds it as it was seen."""
    return RunCommand(
        what=f"remove the user {name}",
        argv=_sh(_DROP_USER, name),
        undo=_sh(_ADD_USER, name, *_described(seen, _text(seen["gid"])), ""),
        undo_if=_sh(_IS_NO_USER, name),
    )


def drop_home(name: str, seen: Mapping[str, Json]) -> RunCommand:
    """Return the command that takes away a home that belongs to the user's number. There is no way back."""
    return RunCommand(what=f"remove the home of {name}", argv=_sh(_DROP_HOME, _text(seen["home"]), _text(seen["uid"])))


def texts(value: Json) -> tuple[str, ...]:
    """Return a list of texts in an attribute; () when there is none."""
    return tuple(str(each) for each in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _described(attributes: Mapping[str, Json], gid: str) -> tuple[str, ...]:
    one = {word: _text(attributes.get(word)) for word in ("uid", "group", "home", "shell", "comment")}
    groups = ",".join(texts(attributes.get("groups")))
    system = _flag(attributes.get("system"))
    return (one["uid"], one["group"], gid, groups, one["home"], one["shell"], one["comment"], system)


def _sh(script: str, *words: str) -> tuple[str, ...]:
    return ("sh", "-c", script, "reconciler", *words)


def _text(value: Json) -> str:
    return "" if value is None else str(value)


def _flag(value: Json) -> str:
    return "yes" if value else ""


def entry(encoded: str, fields: int) -> list[str]:
    """Return the fields of a line of passwd or group, given as base64; ValueError when it has not so many."""
    found = look.text(encoded).split(":")
    if len(found) != fields:
        raise ValueError(f"the host's entry does not have {fields} fields")
    return found


def number(text: str) -> int:
    """Return the number of a user or a group; ValueError when it is none."""
    if not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII):
        raise ValueError(f"{text[:20]!r} is not the number of an account")
    return int(text)
