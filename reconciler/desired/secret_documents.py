"""What people write about where secrets are: SecretStore documents. Nothing in them is secret.

A document says where values are and who we are there. What proves it (a key, a password, a token) is named by a
reference to what the machine itself has, and folders and programs by names that only the machine's settings know: no
commit can have another file read, another program run, or its own proof used.
"""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from reconciler.desired.fields import Matching, Name, OrEmpty, Period, Strict
from reconciler.desired.secret_far_documents import AwsStoreSpec, OwnSecret, Prefix, VaultStoreSpec
from reconciler.model import secret_store as model

_LONGEST_LIMIT = timedelta(minutes=1)
_SHORTEST_KEPT, _LONGEST_KEPT = timedelta(seconds=1), timedelta(days=1)

Folder = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,200}", "a folder of the repository, from its root, such as policies/files"
    ),
]


def _limit(limit: timedelta) -> timedelta:
    if limit > _LONGEST_LIMIT:
        raise ValueError("write a time of at most 1m: others wait for it")
    return limit


def _kept(kept: timedelta) -> timedelta:
    if not _SHORTEST_KEPT <= kept <= _LONGEST_KEPT:
        raise ValueError("write a time between 1s and 1d: each value is asked for once in it")
    return kept


class EnvironmentStoreSpec(Strict):
    """Variables of the daemon: ``shop/db`` is RECONCILER_SECRET_<PREFIX>SHOP_DB."""

    prefix: Prefix = ""

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.EnvironmentStore(prefix=self.prefix)


class FilesStoreSpec(Strict):
    """Files of a folder of the machine, by the name that ``[secrets.folders]`` of its settings has for it."""

    folder: Name

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.FolderStore(folder=self.folder)


class CredentialsStoreSpec(Strict):
    """What systemd hands to the daemon: ``shop/db`` is the credential <prefix>shop.db."""

    prefix: Prefix = ""

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.CredentialStore(prefix=self.prefix)


class EncryptedSpec(Strict):
    """Encrypted files: of a folder of the ``repository``, or of a ``folder`` that the machine's settings name."""

    repository: Folder | None = None
    folder: Name | None = None
    identities: Annotated[tuple[OwnSecret, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_place(self) -> "EncryptedSpec":
        if (self.repository is None) == (self.folder is None):
            raise ValueError("expected exactly one of repository or folder")
        return self

    @property
    def encrypted(self) -> model.Encrypted:
        """Where the files are; those of the repository come with the commit."""
        return model.Encrypted(folder=self.folder or "")


class AgeStoreSpec(EncryptedSpec):
    """Files encrypted with age: ``shop/db`` is shop/db.age. ``identities`` are keys of age or of SSH."""

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.AgeStore(encrypted=self.encrypted, identities=self.identities)


class SopsStoreSpec(EncryptedSpec):
    """Files encrypted with SOPS: ``shop#db`` is the entry db of shop.yaml. ``identities`` are keys of age."""

    identities: tuple[OwnSecret, ...] = ()

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.SopsStore(encrypted=self.encrypted, identities=self.identities)


class CommandStoreSpec(Strict):
    """A program of the machine, by the name that ``[secrets.programs]`` of its settings has for it."""

    program: Name

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.CommandStore(program=self.program)


class SecretStoreSpec(Strict, json_schema_extra={"minProperties": 1}):
    """Where secrets are whose references begin with the document's name: exactly one sort of store.

    Values are kept in memory for ``cacheFor``; to get one may take ``limit``.
    """

    environment: Annotated[EnvironmentStoreSpec | None, OrEmpty] = None
    files: FilesStoreSpec | None = None
    credentials: Annotated[CredentialsStoreSpec | None, OrEmpty] = None
    age: AgeStoreSpec | None = None
    sops: SopsStoreSpec | None = None
    vault: VaultStoreSpec | None = None
    aws: AwsStoreSpec | None = None
    command: CommandStoreSpec | None = None
    cache_for: Annotated[Period, AfterValidator(_kept)] = timedelta(minutes=5)
    limit: Annotated[Period, AfterValidator(_limit)] = timedelta(seconds=10)

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretStoreSpec":
        if len(self._given()) != 1:
            raise ValueError(
                "expected exactly one of environment, files, credentials, age, sops, vault, aws or command"
            )
        return self

    def to_model(self, name: str) -> model.SecretStore:
        """Return the store, without files that came with the commit."""
        (source,) = self._given()
        return model.SecretStore(name=name, source=source.to_model(), cache_for=self.cache_for, limit=self.limit)

    @property
    def repository(self) -> str | None:
        """The folder of the repository that its files are in, None where they are elsewhere."""
        encrypted = self.age or self.sops
        return encrypted.repository if encrypted else None

    def _given(
        self,
    ) -> list[
        EnvironmentStoreSpec
        | FilesStoreSpec
        | CredentialsStoreSpec
        | AgeStoreSpec
        | SopsStoreSpec
        | VaultStoreSpec
        | AwsStoreSpec
        | CommandStoreSpec
    ]:
        local = (self.environment, self.files, self.credentials, self.age, self.sops)
        return [each for each in (*local, self.vault, self.aws, self.command) if each is not None]
