"""Where secret values are kept, and how they are spoken of: references and stores, as values. No value is in them."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
_PART = r"[A-Za-z0-9_][A-Za-z0-9._+=-]*"

LOCAL_PATTERN = r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
"""A reference to what the machine itself has: ``shop/db``."""

STORE_PATTERN = rf"{_NAME}:{_PART}(?:/{_PART})*(?:@[A-Za-z0-9-]{{1,64}})?(?:#[A-Za-z0-9_][A-Za-z0-9_.-]*)?"
"""A reference to a SecretStore: ``vault:shop/db#password``. No part of a path begins with a dot or a dash."""

REFERENCE_PATTERN = f"(?:{LOCAL_PATTERN}|{STORE_PATTERN})"

_LOCAL = re.compile(LOCAL_PATTERN)
_STORE = re.compile(
    rf"(?P<store>{_NAME}):(?P<path>{_PART}(?:/{_PART})*)(?:@(?P<version>[A-Za-z0-9-]{{1,64}}))?"
    r"(?:#(?P<key>[A-Za-z0-9_][A-Za-z0-9_.-]*))?"
)

LONGEST_REFERENCE = 1000

ONE_TIME_CODES = "one-time-codes"
"""The folder of the secrets that people's one-time codes are made from, which are the daemon's own."""

OWN_TO_DAEMON = f"{ONE_TIME_CODES}/… is the daemon's own; no document may name it"
"""What is told of a document that names one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Which secret is meant. ``store`` is empty for what the machine has; ``version`` and ``key`` where none is named.

    ``key`` picks one entry of a value that is a mapping.
    """

    store: str
    path: str
    version: str = ""
    key: str = ""


def parsed(text: str) -> Reference:
    """Return the reference that the text is; raise ValueError."""
    if len(text) <= LONGEST_REFERENCE:
        if _LOCAL.fullmatch(text):
            return Reference(store="", path=text)
        if found := _STORE.fullmatch(text):
            return Reference(
                store=found["store"], path=found["path"], version=found["version"] or "", key=found["key"] or ""
            )
    raise ValueError("write words joined by /, for example shop/db, or with a SecretStore: vault:shop/db#password")


def flat(path: str) -> str:
    """Return the path as the machine may spell it: in a variable's name, or a credential's, different ones are one."""
    return re.sub(r"[^A-Za-z0-9]", "_", path).upper()


def own_to_daemon(path: str) -> bool:
    """Whether one of the machine's secrets is for the daemon alone: whoever writes documents has no use for it."""
    return flat(path).startswith(flat(f"{ONE_TIME_CODES}/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStore:
    """Variables of the daemon, by RECONCILER_SECRET_ and this prefix."""

    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStore:
    """Files of a folder of the machine, which its settings know by this name."""

    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialStore:
    """What systemd has handed to the daemon, by this prefix."""

    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encrypted:
    """Encrypted files: those that came with the commit, or those of a folder that the machine's settings name."""

    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeStore:
    """Files encrypted with age. ``identities`` are references to what the machine has: age or SSH keys."""

    encrypted: Encrypted
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SopsStore:
    """Files encrypted with SOPS. ``identities`` are references to what the machine has: age keys."""

    encrypted: Encrypted
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRole:
    """A login to Vault; ``secret`` is a reference to what the machine has."""

    role: str
    secret: str
    mount: str = "approle"


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtLogin:
    """A login to Vault with a signed token, which is a reference to what the machine has."""

    role: str
    token: str
    mount: str = "jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """A token of Vault, which something else renews on the machine; read anew each time."""

    token: str


VaultLogin: TypeAlias = AppRole | JwtLogin | TokenLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStore:
    """A key-value engine, version 2, of HashiCorp Vault or OpenBao. ``prefix`` stands before every path."""

    url: str
    login: VaultLogin
    mount: str = "secret"
    namespace: str = ""
    prefix: str = ""
    ca: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsEnvironment:
    """The keys in the environment of the daemon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeys:
    """An access key; ``secret`` and ``session`` are references to what the machine has."""

    key: str
    secret: str
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsWebIdentity:
    """A role that is taken on with the token in the file that AWS_WEB_IDENTITY_TOKEN_FILE names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsInstance:
    """The role of the machine, which its metadata service gives out."""


AwsLogin: TypeAlias = AwsEnvironment | AwsKeys | AwsWebIdentity | AwsInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsStore:
    """AWS Secrets Manager in a region. ``endpoint`` is another address of it; ``prefix`` stands before every name."""

    region: str
    login: AwsLogin = AwsEnvironment()
    endpoint: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStore:
    """A program of the machine, which its settings know by this name; it is given the path and prints the value."""

    program: str


StoreSource: TypeAlias = (
    EnvironmentStore | FolderStore | CredentialStore | AgeStore | SopsStore | VaultStore | AwsStore | CommandStore
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStore:
    """A store by its name. A value is kept in memory for ``cache_for``; to get it may take ``limit``."""

    name: str
    source: StoreSource
    cache_for: timedelta = timedelta(minutes=5)
    limit: timedelta = timedelta(seconds=10)
