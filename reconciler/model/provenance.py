"""What an archive has to show before it is delivered: signatures, a bill of materials, few vulnerabilities. As values.

The rules that read them are in ``policy.provenance``. None of this is in a unit's digest.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class MinisignKey:
    """A public key of minisign or signify: the base64 of its second line. ``name`` is how people call its owner."""

    key: str
    name: str = ""
    sort: Literal["minisign"] = "minisign"


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignKey:
    """A public key of cosign: ECDSA on P-256, as PEM."""

    key: str
    name: str = ""
    sort: Literal["cosign"] = "cosign"


@dataclass(frozen=True, slots=True, kw_only=True)
class GpgKeys:
    """Public GPG keys in ASCII armour, each of which may sign."""

    keys: str
    name: str = ""
    sort: Literal["gpg"] = "gpg"


SigningKey: TypeAlias = MinisignKey | CosignKey | GpgKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Who has to have signed an archive: one of the keys, or each of them (``everyone``).

    ``url`` says where the signature is, with ``{{ url }}`` and ``{{ sha256 }}`` of the archive; empty: beside it.
    """

    keys: tuple[SigningKey, ...]
    everyone: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbom:
    """Where an archive's bill of materials is, and whether there has to be one."""

    url: str
    required: bool = True


class Severity(StrEnum):
    """How bad a vulnerability is, the least first. What nobody has rated counts as the worst."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place from the least."""
        return list(Severity).index(self)


class ReportFormat(StrEnum):
    """How a report of vulnerabilities is written."""

    SARIF = "sarif"
    CYCLONEDX = "cyclonedx"
    OSV = "osv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """A program of this machine that prints a report of an archive. Words may hold ``{{ archive }}`` and so on."""

    command: tuple[str, ...]
    format: ReportFormat
    limit: timedelta = timedelta(minutes=5)
    scan: Literal["scanner"] = "scanner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that somebody else has made of an archive."""

    url: str
    format: ReportFormat
    scan: Literal["report"] = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A vulnerability that does not count until the end of that day (UTC), and why."""

    id: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerabilities:
    """How many vulnerabilities an archive may have.

    None as bad as ``fail_on`` or worse; of a severity in ``at_most`` not more than that. ``max_age`` is how old a
    report may be; a scan of ours is good for as long.
    """

    source: Scanner | Report
    fail_on: Severity | None = None
    at_most: tuple[tuple[Severity, int], ...] = ()
    ignored: tuple[Ignored, ...] = ()
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactPolicy:
    """What archives of some units have to show before a rollout begins that delivers them."""

    name: str
    signatures: Signatures | None = None
    sbom: Sbom | None = None
    vulnerabilities: Vulnerabilities | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """What a report says: ``ids`` are all names of one and the same."""

    ids: tuple[str, ...]
    severity: Severity
    package: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A whole report, and when it says it was made."""

    vulnerabilities: tuple[Vulnerability, ...]
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """An archive shows what a policy wants; ``until`` is how long that can be said, None for ever."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unverified:
    """An archive does not show what a policy wants; ``why`` is for the person who must act."""

    why: str


Proof: TypeAlias = Verified | Unverified
