"""What resources read while they are rendered: texts, templates, files and archives of the repository."""

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.desired import manifest_text, programs, secret_references
from reconciler.desired.memory import Memory
from reconciler.desired.templates import TemplateMistake, Templates, Variables
from reconciler.desired.words import describe, expected, nearest
from reconciler.model.canonical import Digest, digest_bytes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Artifact, Content
from reconciler.policy.certificates import public_half
from reconciler.ports.kind import NO_SECRETS, InputError, Piece
from reconciler.ports.program import Program
from reconciler.ports.secrets import SecretMissing, Secrets

REPOSITORY = "repo:"
"""How the URL of an artifact starts whose bytes came with the commit; its digest follows."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCHEMES = ("https", "http", "file")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARKER = re.compile(f"{SECRET_OPEN}([^{SECRET_CLOSE}]*){SECRET_CLOSE}".encode())
_POINTER = b"version https://git-lfs.github.com/"


@dataclass(frozen=True, slots=True)
class Sources:
    """What all resources of a commit read from. ``root`` is the desired-state folder, which no path may leave.

    ``contents`` collects every blob that a resource speaks of; ``stores`` are the names of all SecretStores.
    ``run`` runs a program, or raises NotRun.
    """

    files: Mapping[str, bytes]
    root: str
    templates: Templates
    secrets: Secrets
    contents: dict[Digest, bytes] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    stores: Sequence[str] = ()
    run: Callable[[Program, Memory], str] = programs.output
    _folders: dict[str, list[str]] = field(default_factory=dict)

    def inside(self, folder: str) -> Sequence[str]:
        """Return the names of all files in a folder and in those below it, in order."""
        if not self._folders:
            for name in sorted(self.files):
                for end, letter in enumerate(name):
                    if letter == "/":
                        self._folders.setdefault(name[:end], []).append(name)
        return self._folders.get(folder, ())

    def keep(self, data: bytes) -> Digest:
        """Remember a blob; return its digest."""
        blob = digest_bytes(data)
        self.contents.setdefault(blob, data)
        return blob


@dataclass(slots=True)
class ResourceInputs:
    """The inputs of one resource on one target. ``body`` is what was written, to tell which key named a path.

    ``read`` are the variables its templates spoke of, ``files`` the files that were read; ``missing`` says which
    secrets cannot be read.
    """

    sources: Sources
    folder: str
    variables: Variables
    body: Mapping[str, object]
    read: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)

    @property
    def version(self) -> str:
        """The version of the app."""
        return str(self.variables["version"])

    def text(self, text: str, secrets: Mapping[str, str] = NO_SECRETS) -> Content:
        """Return the content of a text given in the document, with markers of these secrets."""
        data = text.encode()
        used = {match.decode() for match in _MARKER.findall(data)}
        if unknown := sorted(used - secrets.keys()):
            raise InputError("secrets", f"no secret is named '{unknown[0]}' here{expected(sorted(secrets))}")
        return self._secret(data, {name: secrets[name] for name in sorted(used)}) if used else self._plain(data)

    def file(self, path: str) -> Content:
        """Return a file of the repository as it is."""
        return self._plain(self._bytes(path)[1])

    def data(self, path: str) -> bytes:
        """Return the bytes of a file of the repository."""
        return self._bytes(path)[1]

    def below(self, path: str) -> Sequence[str]:
        """Return the paths of all files in a folder, each with a leading slash: below the desired-state folder."""
        name = self._name(path)
        self.files.add(name + "/")
        found = self.sources.inside(name)
        if not found:
            raise InputError(self._key(path, "folder"), f"there is no folder {name} with files in the commit")
        root = f"{self.sources.root}/" if self.sources.root else ""
        return [f"/{each.removeprefix(root)}" for each in found]

    def pieces(self, name: str, text: str) -> Sequence[Piece]:
        """Read the YAML documents of a text as Kubernetes reads them."""
        file = self._place(name)
        return manifest_text.pieces(file if file in self.sources.files else name, text)

    def output(self, program: Program) -> str:
        """Return what a program prints."""
        return self.sources.run(program, self.sources.memory)

    def private_key(self, reference: str, public: bytes) -> Content:
        """Return the content of a private key that is a secret; one that does not fit is as good as missing.

        It is no mistake of the commit: when a key is renewed, its secret and its certificate seldom change at once.
        """
        try:
            fits = public_half(self.sources.secrets.value(reference).encode()) == public
            if not fits:
                self.missing.append(f"the secret {reference} is not the private key of the certificate in Git")
        except SecretMissing:
            pass  # told below
        except ValueError as error:
            self.missing.append(f"the secret {reference} {error}")
        return self._secret(f"{SECRET_OPEN}key{SECRET_CLOSE}\n".encode(), {"key": reference})

    def template(self, path: str, secrets: Mapping[str, str]) -> Content:
        """Render a template file of the repository."""
        return self.text(self.filled(path, secrets), secrets)

    def filled(self, path: str, secrets: Mapping[str, str]) -> str:
        """Return the text of a template file of the repository, with markers where secrets go."""
        name, source = self._source(path)
        try:
            self.read |= self.sources.templates.names(source)
            return self.sources.templates.render(source, self.variables, frozenset(secrets)).text
        except TemplateMistake as mistake:
            place = f"{name}:{mistake.line}" if mistake.line else name
            hint = f" ({mistake.suggestion})" if mistake.suggestion else ""
            raise InputError(
                self._key(path, "template"), f"{place}: {mistake}{hint}", file=name, line=mistake.line
            ) from mistake

    def secret(self, reference: str) -> Content:
        """Return the content that is just the value of a secret."""
        return self._secret(f"{SECRET_OPEN}value{SECRET_CLOSE}".encode(), {"value": reference})

    def artifact(self, url: str, sha256: str) -> Artifact:
        """Return an archive: by URL, or a file of the repository, of which the bytes come along."""
        if not _SHA256.fullmatch(sha256.lower()):
            raise InputError("sha256", f"expected 64 hex digits, got {describe(sha256)}")
        wanted = f"sha256:{sha256.lower()}"
        scheme = _SCHEME.match(url)
        if scheme:
            if scheme[1].lower() not in _SCHEMES:
                raise InputError(
                    self._key(url, "artifact"),
                    f"expected a URL with https, http or file, or a path in the repository, got {describe(url)}",
                )
            return Artifact(url, wanted)
        name, data = self._bytes(url)
        if digest_bytes(data) != wanted:
            message = f"{name} has the sha256 {digest_bytes(data).removeprefix('sha256:')}, not the one given here"
            raise InputError("sha256", message)
        return Artifact(REPOSITORY + self.sources.keep(data), wanted)

    def _plain(self, data: bytes) -> Content:
        blob = self.sources.keep(data)
        return Content(blob, blob, len(data))

    def _secret(self, data: bytes, references: Mapping[str, str]) -> Content:
        """The keyed digest of the real bytes; of those with markers while a value is missing, to have any."""
        values: dict[bytes, bytes] = {}
        for name, reference in references.items():
            if wrong := secret_references.wrong(reference, self.sources.stores):
                hint = f" ({wrong[1]})" if wrong[1] else ""
                raise InputError(self._key(reference, "secrets"), wrong[0] + hint)
            try:
                values[name.encode()] = self.sources.secrets.value(reference).encode()
            except SecretMissing as missing:
                self.missing.append(str(missing))
        real = data if self.missing else _MARKER.sub(lambda match: values[match[1]], data)
        keyed = self.sources.secrets.keyed(digest_bytes(real))
        return Content(self.sources.keep(data), keyed, len(data), references)

    def _source(self, path: str) -> tuple[str, str]:
        name = self._name(path)
        text = self.sources.texts.get(name)
        if text is None:
            name, data = self._bytes(path)
            try:
                text = self.sources.texts[name] = data.decode()
            except UnicodeDecodeError:
                raise InputError(self._key(path, "template"), f"{name} is not UTF-8 text, thus no template") from None
        return name, text

    def _bytes(self, path: str) -> tuple[str, bytes]:
        name = self._name(path)
        data = self.sources.files.get(name)
        key = self._key(path, "file")
        if data is None:
            if any(each.startswith(name + "/") for each in self.sources.files):
                raise InputError(key, f"expected a file, {name} is a folder")
            hint = nearest(name, (each for each in self.sources.files if _alike(each, name)))
            raise InputError(key, f"there is no file {name} in the commit" + (f" ({hint})" if hint else ""))
        if data.startswith(_POINTER):
            raise InputError(key, f"{name} is only a Git LFS pointer; commit the file itself")
        return name, data

    def _name(self, path: str) -> str:
        """The path within the repository. A leading slash is the desired-state folder."""
        root, name = self.sources.root, self._place(path)
        if "\0" in path or name == root or not (name + "/").startswith(root + "/" if root else ""):
            raise InputError(self._key(path, "file"), f"{describe(path)} leads out of the folder {root or '.'}")
        if not root and name.startswith(".."):
            raise InputError(self._key(path, "file"), f"{describe(path)} leads out of the repository")
        self.files.add(name)
        return name

    def _place(self, path: str) -> str:
        start = self.sources.root if path.startswith("/") else self.folder
        return posixpath.normpath(posixpath.join(start, path.lstrip("/")))

    def _key(self, value: str, usual: str) -> str:
        return next((key for key, each in self.body.items() if each == value), usual)


def _alike(file: str, wanted: str) -> bool:
    """Whether to think of a file at all when another is looked for: the same folder, or the same name."""
    return posixpath.dirname(file) == posixpath.dirname(wanted) or posixpath.basename(file) == posixpath.basename(
        wanted
    )
