"""What a kind of resource has to offer. A kind is a module in ``reconciler.kinds`` that has these names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from reconciler.model.canonical import Json
from reconciler.model.change import Action, FieldDiff
from reconciler.model.content import Artifact, Content
from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.look import Look
from reconciler.ports.program import Program
from reconciler.ports.reads import Read

CONTENT_KEY = "content_base64"
"""The attribute under which ``parse`` hands over the bytes that were seen, as base64; only where they may be shown.

Whoever observes takes it out of the attributes and puts the bytes into ``Survey.contents`` by their digest.
"""

SHOWN_AT_MOST = 64 * 1024
"""The most bytes of a file that a probe sends along."""

REASON = "reason "
"""How the last line starts that a probe prints before it ends with a status other than 0: why it could not look."""

NO_SECRETS: Mapping[str, str] = {}


class InputError(Exception):
    """An input of a resource (template, file, archive) is wrong. ``where`` is the key in the document that names it."""

    def __init__(self, where: str, message: str, *, file: str | None = None, line: int = 0) -> None:
        super().__init__(message)
        self.where = where
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True)
class Piece:
    """One YAML document that a resource was made from: what it says, its file, and the line it starts on."""

    file: str
    line: int
    data: Json


class Conflict(Exception):
    """What is there stands in the way and must not be taken away by us. The text says what, and what to do."""


class Inputs(Protocol):
    """What a kind may read while a resource is rendered; all of it is part of the unit's digest."""

    @property
    def version(self) -> str:
        """The version of the app that is rendered."""
        ...

    def text(self, text: str, secrets: Mapping[str, str] = NO_SECRETS) -> Content:
        """Return the content of a text given in the document.

        ``secrets`` maps the names of the markers in it to references; a marker without one is an InputError.
        """
        ...

    def template(self, path: str, secrets: Mapping[str, str]) -> Content:
        """Render the template file; ``secrets`` maps names the template uses as ``secrets.NAME`` to references."""
        ...

    def file(self, path: str) -> Content:
        """Return a file of the repository as it is, bytes and all."""
        ...

    def data(self, path: str) -> bytes:
        """Return the bytes of a file of the repository, for a kind that has to understand them."""
        ...

    def below(self, path: str) -> Sequence[str]:
        """Return the paths of all files in a folder of the repository, as the other methods take them."""
        ...

    def filled(self, path: str, secrets: Mapping[str, str]) -> str:
        """Return the text of a template file; ``secrets.NAME`` in it has become a marker."""
        ...

    def pieces(self, name: str, text: str) -> Sequence[Piece]:
        """Read the YAML documents of a text as Kubernetes reads them; ``name`` is what its mistakes call it."""
        ...

    def output(self, program: Program) -> str:
        """Return what a program prints; it is run once for the same inputs, and has to print the same each time."""
        ...

    def private_key(self, reference: str, public: bytes) -> Content:
        """Return the content of a PEM private key that is a secret.

        ``public`` is its public half (DER, SubjectPublicKeyInfo): a unit with another key than that is not touched.
        """
        ...

    def secret(self, reference: str) -> Content:
        """Return the content that is just the value of a secret."""
        ...

    def artifact(self, url: str, sha256: str) -> Artifact:
        """Return the artifact; ``url`` may be https, http, file, or a path in the repository."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a kind makes of a Spec. The meaning of the fields is that of ``model.resource.Resource``.

    ``health`` are checks that the resource brings along: they are asked like those that the App names. A name that is a
    path is the resource's alone; ``claims`` are more such paths, ``shares`` those of which it has only a part (a line
    of a file). ``of_user`` says that it belongs to the user who logs in: a host with ``become: sudo`` cannot have it.
    """

    name: str
    attributes: Mapping[str, Json]
    contents: Mapping[str, Content] = field(default_factory=dict)
    restart_on: Sequence[str] = ()
    depends_on: Sequence[str] = ()
    health: Sequence[HealthCheck] = ()
    claims: Sequence[str] = ()
    shares: Sequence[str] = ()
    of_user: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a kind says about a resource that is not as it shall be.

    ``replaces`` are the paths of files and links whose present content would be lost, ``loses`` those of other things
    (folders) that nobody can keep a copy of. While they are not ours, they are only replaced where the document says
    ``adopt: true``. What only adds to a thing, or is shared, names none. ``theirs`` are fields that another manager has
    set, with its name: those that we had not set before are changed with ``adopt: true`` only.
    """

    action: Action
    fields: tuple[FieldDiff, ...]
    replaces: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    theirs: tuple[tuple[str, str], ...] = ()


class Kind(Protocol):
    """One sort of resource: Spec, render, probe, parse, diff, commands together. All of them are pure.

    ``Spec`` is a frozen pydantic model of what people write; NAME is the key they write it under, TARGET the sort of
    target that such resources are on.
    """

    @property
    def NAME(self) -> str: ...  # noqa: D102

    @property
    def TARGET(self) -> Sort: ...  # noqa: D102

    @property
    def Spec(self) -> Any: ...  # noqa: D102

    def render(self, spec: Any, inputs: Inputs) -> Rendered | Sequence[Rendered]:
        """Return the resource as it shall be, or all those that one text stands for; raise InputError."""
        ...

    def probe(self, resource: Resource, siblings: Mapping[str, Resource]) -> str | Look | Read:
        """Return what is asked: of an API a Read, of a host the sh commands that print what ``parse`` reads.

        These may use the functions of the probe prelude.

        ``siblings`` are the unit's resources on the same target, by ref. The commands run in a subshell of their own.
        A Look instead, where only a path is looked at: all of a host's are asked for at once. A status other than 0
        makes the observation Unknown; the last line, if it starts with REASON, says why.
        """
        ...

    def parse(self, resource: Resource, answer: Sequence[str]) -> Present | Absent:
        """Read the lines that the probe printed; ValueError when they make no sense."""
        ...

    def diff(self, resource: Resource, seen: Present | Absent) -> Difference | None:
        """Return what differs, None when nothing that counts does; raise Conflict."""
        ...

    def commands(
        self, resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]
    ) -> tuple[Operation, ...]:
        """Return what has to be done to a resource that differs.

        ``siblings`` are the unit's resources on the same target, by ref.
        """
        ...

    def restart(self, resource: Resource, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
        """Return what to run because a resource in ``resource.restart_on`` changes; () where nothing runs."""
        ...

    def removal(self, resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
        """Return what has to be done to take away a resource of ours, given as it was last applied."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """What stops a resource that runs, and how it looks then."""

    operations: tuple[Operation, ...]
    after: Present


@runtime_checkable
class Stoppable(Protocol):
    """What a kind offers besides when its resources run: how they are stopped before anything else is changed."""

    def stopping(self, resource: Resource, seen: Present) -> Stopping | None:
        """Return what stops the resource; None when it does not run, or is not ours to start again."""
        ...


@runtime_checkable
class Judging(Protocol):
    """What a kind offers besides when the target itself can say how its resources do.

    ``subject`` is that of the ``ResourceCheck`` which the kind gave along when it rendered the resource.
    """

    def asked(self, subject: str) -> Read:
        """Return what to ask the target."""
        ...

    def judged(self, subject: str, answer: Sequence[str]) -> CheckResult:
        """Return how the resource does. What is still on its way there, and not wrong, is ``pending``."""
        ...


@runtime_checkable
class Waved(Protocol):
    """What a kind offers besides when its resources on one target go in an order of their own."""

    def wave(self, resource: Resource) -> tuple[int, ...]:
        """Return its place: smaller ones are changed first and taken away last. ``dependsOn`` goes before that."""
        ...


@runtime_checkable
class Recalling(Protocol):
    """What a kind offers besides when a target never shows some of what was put there, such as a password."""

    def recalled(self, resource: Resource, seen: Present, applied: Resource | None) -> Present:
        """Return what was seen together with what is not shown of it, as it was applied last.

        ``applied`` is the resource as we know it to have been applied; None where we do not.
        """
        ...
