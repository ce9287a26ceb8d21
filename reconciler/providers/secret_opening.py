"""From what a commit says of a store to the store itself. What opens it is the machine's own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import assert_never

from reconciler.model.secret_store import (
    AgeStore,
    AwsStore,
    CommandStore,
    CredentialStore,
    Encrypted,
    EnvironmentStore,
    FolderStore,
    SecretStore,
    SopsStore,
    VaultStore,
    flat,
    own_to_daemon,
)
from reconciler.ports.clock import Clock
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers import client_tls
from reconciler.providers.aws_login import log_in
from reconciler.providers.http import Http
from reconciler.providers.http_in_threads import HttpInThreads
from reconciler.providers.secret_age import Age
from reconciler.providers.secret_aws import Aws
from reconciler.providers.secret_encrypted import Files, Sops
from reconciler.providers.secret_far import Far
from reconciler.providers.secret_local import Credentials, Folder, Variables
from reconciler.providers.secret_programs import Command, Runner
from reconciler.providers.secret_reading import Raw, Store
from reconciler.providers.secret_vault import Vault
from reconciler.providers.secrets import LocalSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """All that stores may use of this machine: no commit can name another folder, program or key of it.

    ``folders`` and ``programs`` are by the names under which the settings know them. ``reserved`` are references that
    the settings name for the daemon itself.
    """

    local: LocalSecrets
    environment: Mapping[str, str] = field(repr=False)
    clock: Clock
    threads: HttpInThreads
    folders: Mapping[str, Path]
    programs: Mapping[str, Sequence[str]]
    reserved: Collection[str] = ()

    def value(self, reference: str) -> str:
        """Return the machine's own value for a document; raise SecretMissing, SecretUnknown."""
        self.allow(reference, reference)
        return self.local.value(reference)

    def allow(self, path: str, named: str) -> None:
        """Raise SecretMissing when what the machine has at the path is the daemon's own, whoever spells it how."""
        if own_to_daemon(path) or flat(path) in {flat(each) for each in self.reserved}:
            raise SecretMissing(f"{named} is the daemon's own; no document may name it")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A store of what the machine hands to the daemon, which has the daemon's own secrets too."""

    name: str
    prefix: str
    machine: Machine
    store: Store

    def read(self, path: str, version: str) -> Raw:
        """Return what is at the path; raise SecretMissing also for what is the daemon's own."""
        self.machine.allow(self.prefix + path, f"{self.name}:{path}")
        return self.store.read(path, version)


@dataclass(frozen=True, slots=True)
class AllowedFiles:
    """A folder of the machine: that of the machine's own secrets may be in it, or be it, or have it inside."""

    name: str
    folder: Path
    machine: Machine

    def read(self, path: str, version: str) -> Raw:
        """Return what is in the file; raise SecretMissing also for what is the daemon's own."""
        own, there = self.machine.local.folder, (self.folder / path).resolve()
        if own is not None and there.is_relative_to(own.resolve()):
            self.machine.allow(str(there.relative_to(own.resolve())), f"{self.name}:{path}")
        return Folder(self.name, self.folder).read(path, version)


def opened(store: SecretStore, machine: Machine) -> Store:  # noqa: PLR0911 - a case a sort of store
    """Return the store, of which nothing has been asked yet; raise SecretUnknown when it can be none here."""
    name, source = store.name, store.source
    match source:
        case EnvironmentStore():
            return Allowed(name, source.prefix, machine, Variables(name, source.prefix, machine.environment))
        case CredentialStore():
            return Allowed(name, source.prefix, machine, Credentials(name, source.prefix, machine.environment))
        case FolderStore():
            return AllowedFiles(name, _folder(name, source.folder, machine), machine)
        case AgeStore():
            return Age(name, _files(store, source.encrypted, machine), partial(_all, machine, source.identities))
        case SopsStore():
            identities = partial(_all, machine, source.identities)
            return Sops(name, _files(store, source.encrypted, machine), identities, _runner(store, machine))
        case VaultStore():
            return Vault(source, _far(store, source.ca, machine), machine.clock)
        case AwsStore():
            far = _far(store, None, machine)
            keys = partial(log_in, source.login, source.region, far, machine.environment)
            return Aws(source, far, machine.clock, keys)
        case CommandStore():
            return Command(name, _program(name, source.program, machine), _runner(store, machine))
        case _:
            assert_never(source)


def _folder(name: str, folder: str, machine: Machine) -> Path:
    if folder not in machine.folders:
        raise _not_here(name, "folder", folder, machine.folders)
    return machine.folders[folder]


def _program(name: str, program: str, machine: Machine) -> Sequence[str]:
    if program not in machine.programs:
        raise _not_here(name, "program", program, machine.programs)
    return machine.programs[program]


def _not_here(store: str, what: str, name: str, known: Mapping[str, object]) -> SecretUnknown:
    there = f"it names {', '.join(sorted(known))}" if known else "it names none"
    mend = f"the settings of this machine name its {what}s under [secrets.{what}s]: {there}"
    return SecretUnknown(f"the store {store} wants the {what} {name}, and {mend}")


def _files(store: SecretStore, encrypted: Encrypted, machine: Machine) -> Files:
    folder = _folder(store.name, encrypted.folder, machine) if encrypted.folder else None
    return Files(store.name, encrypted, folder)


def _all(machine: Machine, references: Sequence[str]) -> list[str]:
    return [machine.value(reference) for reference in references]


def _runner(store: SecretStore, machine: Machine) -> Runner:
    return Runner(store.limit, machine.clock, machine.environment)


def _far(store: SecretStore, ca: str | None, machine: Machine) -> Far:
    try:
        tls = client_tls.context(ca, None, None)
    except ValueError:
        raise SecretUnknown(f"the ca of the store {store.name} is no certificate in PEM") from None
    return Far(store.name, machine.threads, Http(tls), store.limit, machine.value)
