"""The effects a host transaction can have, as data. Kinds yield them, plans store them, the host provider renders them.

Paths are absolute or start with ``~/``, the home of the connection's user.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from reconciler.model.cluster import ApplyObject, DeleteObject
from reconciler.model.container import PutContainer
from reconciler.model.content import Artifact, Content
from reconciler.model.image import LoadImage, PullImage
from reconciler.model.request import Send
from reconciler.model.swarm import SwarmOperation


class Scope(StrEnum):
    """Which service manager a unit belongs to."""

    SYSTEM = "system"
    USER = "user"


class UnitVerb(StrEnum):
    """What to ask systemd for."""

    ENABLE = "enable"
    DISABLE = "disable"
    START = "start"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Put the content at the path by an atomic rename. None leaves owner and group as the writer's."""

    path: str
    content: Content
    mode: str
    owner: str | None = None
    group: str | None = None
    op: Literal["write_file"] = "write_file"


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """Give an existing file or directory mode and owner; its content stays."""

    path: str
    mode: str | None = None
    owner: str | None = None
    group: str | None = None
    op: Literal["set_attributes"] = "set_attributes"


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """Make one directory; its parent must be there. One that is there already stays as it is."""

    path: str
    mode: str
    owner: str | None = None
    group: str | None = None
    op: Literal["make_directory"] = "make_directory"


@dataclass(frozen=True, slots=True)
class MakeSymlink:
    """Point the link at the path to ``to``, atomically."""

    path: str
    to: str
    op: Literal["make_symlink"] = "make_symlink"


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Remove a file or a symbolic link; one that is gone is no failure."""

    path: str
    op: Literal["remove_file"] = "remove_file"


@dataclass(frozen=True, slots=True)
class RemoveDirectory:
    """Remove a directory if it is empty by then; one that is not, or is gone, is left and is no failure."""

    path: str
    op: Literal["remove_directory"] = "remove_directory"


@dataclass(frozen=True, slots=True)
class KeepOriginal:
    """Keep a copy of the file or link at the path, mode and owner and all, for as long as the path is ours.

    It goes to the folder of our records on the host and takes the place of an older one of that path.
    """

    path: str
    op: Literal["keep_original"] = "keep_original"


@dataclass(frozen=True, slots=True)
class PutBack:
    """Put back at the path what KeepOriginal kept of it; fails when that is not there any more."""

    path: str
    op: Literal["put_back"] = "put_back"


@dataclass(frozen=True, slots=True)
class PutLine:
    """Have the line in the file once.

    It takes the place of the first line that matches ``instead_of`` (a POSIX extended regular expression), and the
    others that match go; it goes to the end where none does. Without ``instead_of`` only the line itself is looked for.
    """

    line: str
    instead_of: str | None = None
    edit: Literal["put_line"] = "put_line"


@dataclass(frozen=True, slots=True)
class DropLine:
    """Have no line in the file that is this one, nor one that matches (a POSIX extended regular expression)."""

    line: str
    matching: str | None = None
    edit: Literal["drop_line"] = "drop_line"


@dataclass(frozen=True, slots=True)
class PutBlock:
    """Have the lines ``begin``, those of ``text`` and ``end`` in the file, in the place of what was between the two.

    They go to the end of a file that has no such block. ``text`` ends with a newline or is empty.
    """

    begin: str
    end: str
    text: str
    edit: Literal["put_block"] = "put_block"


@dataclass(frozen=True, slots=True)
class DropBlock:
    """Have no line ``begin``, no line ``end``, and nothing of what is between them."""

    begin: str
    end: str
    edit: Literal["drop_block"] = "drop_block"


Edit: TypeAlias = PutLine | DropLine | PutBlock | DropBlock


@dataclass(frozen=True, slots=True)
class EditFile:
    """Change a part of a file, by an atomic rename; everything else in it, its mode and owner stay.

    A file that is not there is made with mode, owner and group, unless there is nothing to put in it.
    """

    path: str
    edit: Edit
    mode: str = "0644"
    owner: str | None = None
    group: str | None = None
    op: Literal["edit_file"] = "edit_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommand:
    """Run a program; a status other than 0 fails the transaction.

    ``what`` fits after "cannot": "add the user deploy". ``argv`` and ``undo`` are words, no shell reads them.
    ``undo`` takes it back; it may be run when the command was never run or only in part, and then has to do no harm:
    where ``undo_if`` is given, that is run first, and only its status 0 says that there is something to take back.
    ``user`` runs it as that account (None: as the one the transaction has), ``directory`` is where.
    ``aside`` is a path at which it leaves what is to go for good when all of the transaction went well.
    What it makes (an account, a mount, a package's folders) is there for the operations after it.
    """

    what: str
    argv: tuple[str, ...]
    undo: tuple[str, ...] = ()
    undo_if: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    user: str | None = None
    directory: str | None = None
    aside: str | None = None
    limit: timedelta = timedelta(minutes=4)
    op: Literal["run_command"] = "run_command"


class PackageTool(StrEnum):
    """Which package tool of a host to use; ``auto`` is the one that is there."""

    AUTO = "auto"
    APT = "apt"
    DNF = "dnf"


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """A package to have: at exactly ``version``, at ``at_least`` or newer, or, without either, at any version."""

    name: str
    version: str | None = None
    at_least: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePackages:
    """Change all of these packages in one run of the host's package tool.

    First ``unhold`` are released, then it installs and removes, at last ``hold`` are held at the version they have.
    Whatever else would be removed by it fails it. Where ``recommends`` is not set, only what is needed comes along.
    What it brings (an account, a folder) is there for the operations after it.
    """

    tool: PackageTool
    install: tuple[PackageVersion, ...] = ()
    remove: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()
    unhold: tuple[str, ...] = ()
    recommends: bool = False
    limit: timedelta = timedelta(minutes=9)
    op: Literal["change_packages"] = "change_packages"


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Give an account of the host the crypt hash that is the content; None is a password that nobody can enter."""

    user: str
    content: Content | None
    op: Literal["set_password"] = "set_password"


@dataclass(frozen=True, slots=True)
class RecordRun:
    """Write down that a command has run, for the next observation: in the file ``$STATE/commands/<name>``.

    It holds ``of``, a space and a digest over the ``inputs`` (paths) as they are now. ``of`` None forgets it.
    """

    name: str
    of: str | None = None
    inputs: tuple[str, ...] = ()
    op: Literal["record_run"] = "record_run"


@dataclass(frozen=True, slots=True)
class UnpackRelease:
    """Unpack the artifact as ``<path>/releases/<version>``; ``current`` is not touched.

    Makes ``<path>`` and ``<path>/releases``. A folder of that version that is there already is replaced. Last of all,
    the 64 hex digits of the artifact's digest go to the file ``<path>/releases/.<version>.sha256``: without it, the
    version does not count as there.
    """

    path: str
    version: str
    artifact: Artifact
    owner: str | None = None
    group: str | None = None
    op: Literal["unpack_release"] = "unpack_release"


@dataclass(frozen=True, slots=True)
class SwitchRelease:
    """Point ``<path>/current`` at ``releases/<version>``; keep the newest ``keep`` releases, ever the current one.

    The link is relative, with just that text, and is replaced atomically.
    """

    path: str
    version: str
    keep: int
    op: Literal["switch_release"] = "switch_release"


@dataclass(frozen=True, slots=True)
class RemoveRelease:
    """Remove ``current`` and all releases below the path that we unpacked."""

    path: str
    op: Literal["remove_release"] = "remove_release"


@dataclass(frozen=True, slots=True)
class ReloadUnits:
    """Make systemd read its unit files again."""

    scope: Scope
    op: Literal["reload_units"] = "reload_units"


@dataclass(frozen=True, slots=True)
class ControlUnit:
    """Enable, disable, start, stop or restart a systemd unit.

    A start or restart forgets an earlier failure first. After it the host records the unit's InvocationID, a space and
    a digest over the ``inputs`` (paths of files and links, as the sh function ``rcl_inputs_digest`` prints it) in the
    file ``$STATE/units/<unit>``, from which the next observation derives whether a restart is still owed.
    """

    unit: str
    scope: Scope
    verb: UnitVerb
    inputs: tuple[str, ...] = ()
    op: Literal["control_unit"] = "control_unit"


HostOperation: TypeAlias = (
    WriteFile
    | SetAttributes
    | MakeDirectory
    | MakeSymlink
    | RemoveFile
    | RemoveDirectory
    | UnpackRelease
    | SwitchRelease
    | RemoveRelease
    | ReloadUnits
    | ControlUnit
    | EditFile
    | RunCommand
    | RecordRun
    | KeepOriginal
    | PutBack
    | ChangePackages
    | SetPassword
)
"""What is done on a host, within its transaction."""

Operation: TypeAlias = (
    HostOperation | Send | PullImage | LoadImage | PutContainer | SwarmOperation | ApplyObject | DeleteObject
)
"""What is done to any target; each sort of target knows its own."""
