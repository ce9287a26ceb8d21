"""What people write under policies/ about archives: ArtifactPolicy."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from reconciler.desired.fields import Budget, Matching, Period, Strict
from reconciler.desired.matching_documents import UnitsSpec
from reconciler.desired.words import describe
from reconciler.model.provenance import (
    ArtifactPolicy,
    CosignKey,
    GpgKeys,
    Ignored,
    MinisignKey,
    Report,
    ReportFormat,
    Sbom,
    Scanner,
    Severity,
    Signatures,
    SigningKey,
    Vulnerabilities,
)
from reconciler.policy.provenance import placeholders
from reconciler.policy.signing_keys import cosign_key, minisign_key

Texts: TypeAlias = Callable[[str], str]
"""Gives the text of a file of the policies folder; KeyError when there is none."""

_Text = Annotated[str, Matching(r"[\s\S]*\S[\s\S]*", "a text that is not empty")]
_Rating = Literal["low", "medium", "high", "critical"]
_Format = Literal["sarif", "cyclonedx", "osv"]
_SCHEMES = ("https://", "http://", "file:///", "{{")


def _filled_with(*names: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if unknown := sorted(placeholders(text) - set(names)):
            known = " and ".join(f"{{{{ {name} }}}}" for name in names)
            raise ValueError(f"there is no {{{{ {unknown[0]} }}}} here; expected {known}")
        return text

    return check


def _address(text: str) -> str:
    if not text.startswith(_SCHEMES):
        raise ValueError(
            f"expected an https, http or file URL, or one that starts with {{{{ url }}}}, got {describe(text)}"
        )
    return _filled_with("url", "sha256")(text)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else date.fromisoformat("")
    except ValueError:
        raise ValueError(f"expected a day such as 2026-12-31, got {describe(value)}") from None


def _minisign(text: str) -> str:
    minisign_key(text)
    return text


def _cosign(text: str) -> str:
    cosign_key(text)
    return text


_Url = Annotated[str, AfterValidator(_address)]
_Word = Annotated[str, AfterValidator(_filled_with("archive", "folder", "sbom"))]
_Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class CosignSpec(Strict):
    """A public key of cosign, in PEM."""

    key: Annotated[str, AfterValidator(_cosign)]


class GpgSpec(Strict):
    """Public GPG keys in ASCII armour, or the file of the policies folder that has them."""

    keys: _Text


class KeySpec(Strict):
    """Whose signature: exactly one of minisign, cosign and gpg. ``name`` is how messages call them."""

    minisign: Annotated[str, AfterValidator(_minisign)] | None = None
    cosign: CosignSpec | None = None
    gpg: GpgSpec | None = None
    name: _Text | None = None

    @model_validator(mode="after")
    def _one_sort(self) -> "KeySpec":
        if sum(each is not None for each in (self.minisign, self.cosign, self.gpg)) != 1:
            raise ValueError("expected exactly one of minisign, cosign and gpg")
        return self

    def to_model(self, texts: Texts) -> SigningKey:
        """Return the key; raise KeyError with the name of a file that is not there."""
        name = self.name or ""
        if self.minisign is not None:
            return MinisignKey(key=self.minisign, name=name)
        if self.cosign is not None:
            return CosignKey(key=self.cosign.key, name=name)
        keys = self.gpg.keys if self.gpg is not None else ""
        return GpgKeys(keys=keys if keys.lstrip().startswith("-----BEGIN") else texts(keys), name=name)


class SignaturesSpec(Strict):
    """Who has to have signed: one of ``anyOf``, or all of ``allOf``.

    ``signature`` is where the signature is, with {{ url }} and {{ sha256 }} of the archive. Default: the archive's URL
    and .minisig, .sig (cosign) or .asc (gpg).
    """

    any_of: Annotated[tuple[KeySpec, ...], Field(min_length=1)] | None = None
    all_of: Annotated[tuple[KeySpec, ...], Field(min_length=1)] | None = None
    signature: _Url | None = None

    @model_validator(mode="after")
    def _one_list(self) -> "SignaturesSpec":
        if (self.any_of is None) == (self.all_of is None):
            raise ValueError("expected exactly one of anyOf and allOf")
        return self

    def to_model(self, texts: Texts) -> Signatures:
        """Return the rule."""
        keys = tuple(each.to_model(texts) for each in (self.any_of or self.all_of or ()))
        return Signatures(keys=keys, everyone=self.all_of is not None, url=self.signature or "")


class SbomSpec(Strict):
    """Where the bill of materials is (CycloneDX or SPDX in JSON), and whether there has to be one."""

    url: _Url
    required: bool = True


class ScannerSpec(Strict):
    """A program of the controller's machine; its words may hold {{ archive }}, {{ folder }} and {{ sbom }}.

    It has to end with status 0 within ``limit`` and print a report in the format.
    """

    command: Annotated[tuple[_Word, ...], Field(min_length=1)]
    format: _Format
    limit: Period = timedelta(minutes=5)


class ReportSpec(Strict):
    """A report that somebody else makes of each archive; it is as trustworthy as where it is fetched from."""

    url: _Url
    format: _Format


class IgnoreSpec(Strict):
    """A vulnerability that does not count, until the end of a day (UTC)."""

    id: _Text
    until: _Day
    reason: _Text


class VulnerabilitiesSpec(Strict):
    """Where a report comes from, and how many vulnerabilities it may tell of.

    None of severity ``failOn`` or worse; ``atMost`` so many of a severity. What has no rating is critical.
    """

    scanner: ScannerSpec | None = None
    report: ReportSpec | None = None
    fail_on: _Rating | None = None
    at_most: dict[_Rating, Budget] = Field(default_factory=dict)
    ignore: tuple[IgnoreSpec, ...] = ()
    max_age: Period | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "VulnerabilitiesSpec":
        if (self.scanner is None) == (self.report is None):
            raise ValueError("expected exactly one of scanner and report")
        if self.fail_on is None and not self.at_most:
            raise ValueError("expected failOn or atMost; nothing would ever be too much")
        never = [each for each in self.at_most if self.fail_on and Severity(each).rank >= Severity(self.fail_on).rank]
        if never:
            raise ValueError(f"failOn: {self.fail_on} allows none that is {never[0]}, so atMost says nothing of it")
        if self.report and self.report.format == "osv" and self.max_age:
            raise ValueError("an OSV report does not say when it was made, so maxAge would never let it pass")
        return self

    def to_model(self) -> Vulnerabilities:
        """Return the rule."""
        return Vulnerabilities(
            source=self._source(),
            fail_on=Severity(self.fail_on) if self.fail_on else None,
            at_most=tuple((Severity(each), most) for each, most in sorted(self.at_most.items())),
            ignored=tuple(Ignored(id=each.id, until=each.until, reason=each.reason) for each in self.ignore),
            max_age=self.max_age,
        )

    def _source(self) -> Scanner | Report:
        if self.scanner:
            asked = self.scanner
            return Scanner(command=asked.command, format=ReportFormat(asked.format), limit=asked.limit)
        if self.report is None:
            raise AssertionError("internal error: there is a scanner or a report")
        return Report(url=self.report.url, format=ReportFormat(self.report.format))


class ArtifactPolicySpec(Strict):
    """What the archives of the units that match have to show before a rollout delivers them."""

    match: UnitsSpec = UnitsSpec()
    signatures: SignaturesSpec | None = None
    sbom: SbomSpec | None = None
    vulnerabilities: VulnerabilitiesSpec | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> "ArtifactPolicySpec":
        if self.signatures is None and self.sbom is None and self.vulnerabilities is None:
            raise ValueError("expected at least one of signatures, sbom and vulnerabilities")
        scanner = self.vulnerabilities.scanner if self.vulnerabilities else None
        if scanner and self.sbom is None and any("sbom" in placeholders(word) for word in scanner.command):
            raise ValueError("the scanner is given {{ sbom }}, and no sbom says where it is")
        return self

    def to_model(self, name: str, texts: Texts) -> ArtifactPolicy:
        """Return the policy; raise KeyError with the name of a file that is not there."""
        return ArtifactPolicy(
            name=name,
            signatures=self.signatures.to_model(texts) if self.signatures else None,
            sbom=Sbom(url=self.sbom.url, required=self.sbom.required) if self.sbom else None,
            vulnerabilities=self.vulnerabilities.to_model() if self.vulnerabilities else None,
        )
