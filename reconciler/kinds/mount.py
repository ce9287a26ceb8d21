"""A mount: its line in /etc/fstab, and that it is mounted as the line says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import compare, edits, look, no_process
from reconciler.kinds.edits import Line
from reconciler.kinds.written import Path, Text, Written
from reconciler.model.canonical import Json
from reconciler.model.change import Action
from reconciler.model.operation import DropLine, EditFile, MakeDirectory, Operation, PutLine, RunCommand
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.shell import quote

NAME = "mount"
TARGET = Sort.HOST
_FSTAB = "/etc/fstab"
_LINES = ("mounted", "bound", *edits.WORDS)
_COMPARED = ("line", "mounted", "type", "source", "flags")
_FLAGS = ("ro", "nosuid", "nodev", "noexec", "noatime")
_KIND_IS_SOURCE = ("tmpfs", "proc", "sysfs", "devpts", "overlay", "nfs", "nfs4", "cifs")

# systemd has units made from fstab, and unmounts what does not fit the ones that it has read.
_RELOAD = "if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi; "
# Not every mount gives a bind mount its options at once.
_MOUNT = 'mount "$1" && { [ -z "$2" ] || mount -o "$2" "$1"; }'
_MOUNTED = 'while read -r a a a a p a; do [ "$p" != "$1" ] || exit 0; done </proc/self/mountinfo; exit 1'


def _mount_path(path: str) -> str:
    if not path.startswith("/") or path == "/":
        raise ValueError("write an absolute path that is not /")
    return path


def _no_blank(text: str) -> str:
    if re.search(r"\s", text):
        raise ValueError("must not hold a blank")
    return text


def _options(options: str) -> str:
    if not options.strip(",") or ",," in options:
        raise ValueError("write the options as in fstab, separated by commas")
    return options


class Spec(Written):
    """A mount on a host."""

    path: Annotated[Path, AfterValidator(_mount_path)]
    source: Annotated[Line, Field(description="a device, UUID=..., a folder for a bind mount, tmpfs, host:/path")]
    type: Annotated[Text, AfterValidator(_no_blank), Field(description="ext4, xfs, tmpfs, nfs, none for a bind")]
    options: Annotated[Text, AfterValidator(_no_blank), AfterValidator(_options)] = "defaults"
    dump: Annotated[Literal[0, 1], Field(description="the fifth word of fstab")] = 0
    pass_: Annotated[Literal[0, 1, 2], Field(alias="pass", description="the sixth word of fstab")] = 0
    state: Annotated[
        Literal["mounted", "fstab-only"], Field(description="fstab-only: what is mounted now is left alone")
    ] = "mounted"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if {"bind", "rbind"} & set(self.options.split(",")) and not self.source.startswith("/"):
            raise ValueError("a bind mount needs an absolute path as its source")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the mount with its line of fstab."""
    words = (_escaped(spec.source), _escaped(spec.path), spec.type, spec.options, str(spec.dump), str(spec.pass_))
    attributes: dict[str, Json] = {"path": spec.path, "line": " ".join(words), "options": spec.options}
    given = set(spec.options.split(","))
    if spec.state == "mounted":
        attributes["mounted"] = True
        attributes["flags"] = [flag for flag in _FLAGS if flag in given]
        if {"bind", "rbind"} & given:
            attributes["bind"] = spec.source
        elif spec.type not in ("none", "auto"):
            attributes["type"] = spec.type
        if spec.type in _KIND_IS_SOURCE or re.fullmatch(r"/dev/[a-z]+[0-9]*", spec.source):
            attributes["source"] = spec.source
    return Rendered(name=spec.path, attributes=attributes, shares=(_FSTAB,))


def _escaped(text: str) -> str:
    """As fstab and mountinfo write what would end a word."""
    return re.sub(r"[ \t\n\\#]", lambda sign: f"\\{ord(sign[0]):03o}", text)


def _match(path: str) -> str:
    literal = re.sub(r"[][\\.*^$+?(){}|]", r"\\\g<0>", _escaped(path))
    return rf"^[[:space:]]*[^#[:space:]]+[[:space:]]+{literal}([[:space:]]|$)"


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print the line of fstab and what is mounted."""
    path, bind = _path(resource), compare.managed(resource, "bind") or ""
    line = str(resource.attributes["line"])
    return (
        f"rcl_mounted {quote(path)} {quote(_escaped(path))} {quote(bind)}\n"
        f"rcl_seen_line {_FSTAB} {quote(line)} {quote(_match(path))}"
    )


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what was printed; Absent where it is neither in fstab nor mounted."""
    lines = look.words(answer, _LINES)
    line, there = edits.part(lines, str(resource.attributes["line"])), edits.kind_of_file(lines)
    if line is None and "mounted" not in lines and there == "file":
        return Absent()
    attributes: dict[str, Json] = {"fstab": there, "line": line, "mounted": "mounted" in lines}
    if "mounted" in lines:
        words = look.text(lines["mounted"]).split(" ")
        if len(words) != 3:
            raise ValueError("the probe did not say what is mounted")
        given = set(words[0].split(","))
        attributes |= {"flags": [flag for flag in _FLAGS if flag in given], "type": words[1]}
        attributes["source"] = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), words[2])
        if "bind" in resource.attributes:
            attributes["bind"] = resource.attributes["bind"] if lines.get("bound") == "yes" else words[2]
    return Present(attributes)


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs. A mount that is not in fstab is created."""
    if isinstance(seen, Present):
        edits.refuse_what_is_no_file(resource, replace(seen, attributes={"type": seen.attributes["fstab"]}), _FSTAB)
    found = compare.difference(resource, seen, (*_COMPARED, "bind"))
    if found and isinstance(seen, Present) and seen.attributes["line"] is None and not seen.attributes["mounted"]:
        return Difference(action=Action.CREATE, fields=found.fields)
    return found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Write the line; make the folder and mount, mount anew, or mount with other options."""
    return tuple(_brought(resource, seen))


def _brought(resource: Resource, seen: Present | Absent) -> Iterator[Operation]:
    path = _path(resource)
    changed = {field.path for field in compare.fields(resource, seen, (*_COMPARED, "bind"))}
    mounted = isinstance(seen, Present) and bool(seen.attributes["mounted"])
    wanted = bool(resource.attributes.get("mounted"))
    anew = wanted and mounted and bool(changed & {"type", "source", "bind"})
    if anew and isinstance(seen, Present):
        yield _unmount(path, seen)
    if wanted and not mounted:
        yield MakeDirectory(path, "0755")
    if "line" in changed:
        yield EditFile(_FSTAB, PutLine(str(resource.attributes["line"]), _match(path)))
    if wanted and (anew or not mounted):
        yield RunCommand(
            what=f"mount {path}",
            argv=("sh", "-c", _RELOAD + _MOUNT, "sh", path, _bound_with(resource)),
            undo=("umount", path),
            undo_if=("sh", "-c", _MOUNTED, "sh", _escaped(path)),
        )
    elif wanted and changed & {"flags", "line"}:
        yield _remount(resource, seen)


def _bound_with(resource: Resource) -> str:
    flags = resource.attributes.get("flags")
    given = ["remount", "bind", *map(str, flags)] if isinstance(flags, Sequence) and flags else []
    return ",".join(given) if "bind" in resource.attributes else ""


def _remount(resource: Resource, seen: Present | Absent) -> RunCommand:
    path, bind = _path(resource), ["bind"] if "bind" in resource.attributes else []
    before = [str(flag) for flag in _listed(seen, "flags")]
    given = [option for option in str(resource.attributes["options"]).split(",") if option not in ("bind", "rbind")]
    return RunCommand(
        what=f"mount {path} with other options",
        argv=("sh", "-c", _RELOAD + 'exec mount -o "$2" "$1"', "sh", path, ",".join(["remount", *bind, *_full(given)])),
        undo=("mount", "-o", ",".join(["remount", *bind, *_full(before)]), path),
    )


def _full(options: Sequence[str]) -> tuple[str, ...]:
    """The options with the opposite of each flag that is not among them, for a remount keeps what it is not told."""
    opposite = {"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec", "noatime": "relatime"}
    kept = [option for option in options if option != "defaults"]
    return (*kept, *(word for flag, word in opposite.items() if flag not in options and word not in options))


def _unmount(path: str, seen: Present) -> RunCommand:
    there = seen.attributes
    source = str(there.get("bind") or there["source"])
    options = ",".join([*(["bind"] if "bind" in there else []), *map(str, _listed(seen, "flags"))]) or "defaults"
    return RunCommand(
        what=f"unmount {path}",
        argv=("umount", path),
        undo=("mount", "-t", "none" if "bind" in there else str(there["type"]), "-o", options, source, path),
        undo_if=("sh", "-c", f"! ({_MOUNTED})", "sh", _escaped(path)),
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Unmount it and take its line away; a line that somebody has put in its place stays, and so does the mount."""
    if not isinstance(seen, Present) or seen.attributes["line"] != resource.attributes["line"]:
        return ()
    drop = EditFile(_FSTAB, DropLine(str(resource.attributes["line"])))
    ours = resource.attributes.get("mounted") and seen.attributes["mounted"]
    return (_unmount(_path(resource), seen), drop) if ours else (drop,)


def _path(resource: Resource) -> str:
    return str(resource.attributes["path"])


def _listed(seen: Present | Absent, name: str) -> Sequence[Json]:
    value = seen.attributes.get(name) if isinstance(seen, Present) else None
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


restart = no_process.restart
