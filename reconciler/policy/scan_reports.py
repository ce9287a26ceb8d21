"""Reports of vulnerabilities in SARIF, CycloneDX and OSV, as values. Pure.

What cannot be read is never taken for a report without vulnerabilities, and what has no rating counts as the worst.
Fields are those of SARIF 2.1.0, CycloneDX 1.4 to 1.6, and the output of osv-scanner.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar, assert_never

from reconciler.model.provenance import Found, ReportFormat, Severity, Vulnerability
from reconciler.policy.provenance import worst

T = TypeVar("T")

_SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "info": Severity.NONE,
    "none": Severity.NONE,
}
_HARMLESS = frozenset({"pass", "notApplicable", "informational"})


class Unreadable(Exception):
    """It is not such a report, or of a scan that failed. The text says what is wrong with it."""


def read(data: bytes, written: ReportFormat) -> Found:
    """Return what a report says; raise Unreadable."""
    document = _object(document_of(data), "the report")
    try:
        match written:
            case ReportFormat.SARIF:
                return _sarif(document)
            case ReportFormat.CYCLONEDX:
                return _cyclonedx(document)
            case ReportFormat.OSV:
                return _osv(document)
            case _:
                assert_never(written)
    except RecursionError as error:
        raise Unreadable("it is nested too deep") from error


def made_at(found: Found, now: datetime) -> Found:
    """Return the report as one that was made then."""
    return replace(found, made=now)


def document_of(data: bytes) -> Any:
    """Return JSON as plain data; raise Unreadable."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        # Also what is no UTF-8, and numbers of thousands of digits.
        raise Unreadable("it is not JSON") from error


def bill_of(data: bytes) -> str | None:
    """Check that a bill of materials is one (CycloneDX or SPDX in JSON); raise Unreadable.

    Returns the sha256 of what it says it speaks of, None when it does not say.
    """
    document = _object(document_of(data), "the bill of materials")
    if isinstance(document.get("spdxVersion"), str) and isinstance(document.get("packages"), list):
        return None
    if document.get("bomFormat") != "CycloneDX" or not isinstance(document.get("specVersion"), str):
        raise Unreadable("it is neither CycloneDX nor SPDX in JSON")
    component = _object(_object(document.get("metadata", {}), "metadata").get("component", {}), "component")
    for each in _list(component.get("hashes", []), "hashes"):
        if _object(each, "a hash").get("alg") == "SHA-256":
            return _sha256(each.get("content"))
    return None


def _sha256(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise Unreadable("what it gives as SHA-256 is none")
    return value.lower()


def _sarif(document: dict[str, Any]) -> Found:
    if document.get("version") != "2.1.0":
        raise Unreadable("it is not SARIF 2.1.0")
    runs = [_object(each, "a run") for each in _list(document.get("runs"), "runs")]
    if not runs:
        raise Unreadable("it has no runs: nothing was scanned")
    found = tuple(each for run in runs for each in _results(run))
    times = [_time(each.get("endTimeUtc")) for run in runs for each in _invocations(run)]
    return Found(vulnerabilities=found, made=_oldest(times))


def _invocations(run: dict[str, Any]) -> list[dict[str, Any]]:
    invocations = [_object(each, "an invocation") for each in _list(run.get("invocations", []), "invocations")]
    if any(each.get("executionSuccessful") is False for each in invocations):
        raise Unreadable("it says that the scan failed")
    return invocations


def _results(run: dict[str, Any]) -> Iterator[Vulnerability]:
    driver = _object(_object(run.get("tool"), "tool").get("driver"), "driver")
    rules = [_object(each, "a rule") for each in _list(driver.get("rules", []), "rules")]
    by_id = {str(each.get("id")): each for each in rules}
    # A run that lists no results at all has not come to an end.
    for result in _list(run.get("results"), "results"):
        one = _object(result, "a result")
        if str(one.get("kind")) in _HARMLESS:
            continue
        named = one.get("rule", {})
        index = one.get("ruleIndex", named.get("index") if isinstance(named, dict) else None)
        at = _at(index, rules)
        written = str(one.get("ruleId") or at.get("id") or "a result without a name")
        rule = by_id.get(written, at)
        scores = [
            _score(_object(each.get("properties", {}), "properties").get("security-severity")) for each in (one, rule)
        ]
        yield Vulnerability(ids=(_shown(written),), severity=_rated(scores))


def _at(index: Any, rules: list[dict[str, Any]]) -> dict[str, Any]:
    whole = isinstance(index, int) and not isinstance(index, bool)
    return rules[index] if whole and 0 <= index < len(rules) else {}


def _cyclonedx(document: dict[str, Any]) -> Found:
    if document.get("bomFormat") != "CycloneDX":
        raise Unreadable("it is not CycloneDX in JSON")
    if "vulnerabilities" not in document:
        raise Unreadable("it is a bill of materials without 'vulnerabilities': nothing was scanned")
    metadata = _object(document.get("metadata", {}), "metadata")
    found = []
    for each in _list(document["vulnerabilities"], "vulnerabilities"):
        one = _object(each, "a vulnerability")
        ratings = [_object(rating, "a rating") for rating in _list(one.get("ratings", []), "ratings")]
        rated = [_word(rating.get("severity")) or _score(rating.get("score")) for rating in ratings]
        affects = [_object(part, "what is affected") for part in _list(one.get("affects", []), "affects")]
        package = str(affects[0].get("ref", "")) if affects else ""
        found.append(Vulnerability(ids=(_name(one),), severity=_rated(rated), package=_shown(package)))
    return Found(vulnerabilities=tuple(found), made=_time(metadata.get("timestamp")))


def _osv(document: dict[str, Any]) -> Found:
    found: list[Vulnerability] = []
    for result in _list(document.get("results"), "results"):
        for each in _list(_object(result, "a result").get("packages"), "packages"):
            package = _object(each, "a package")
            about = _object(package.get("package", {}), "package")
            name = " ".join(_shown(about[key]) for key in ("name", "version") if key in about)
            found += _osv_package(package, name)
    return Found(vulnerabilities=tuple(found))


def _osv_package(package: dict[str, Any], name: str) -> Iterator[Vulnerability]:
    groups = [_object(each, "a group") for each in _list(package.get("groups", []), "groups")]
    for each in _list(package.get("vulnerabilities", []), "vulnerabilities"):
        one = _object(each, "a vulnerability")
        own = _name(one)
        ids = {own: None, **dict.fromkeys(map(_shown, _list(one.get("aliases", []), "aliases")))}
        around = [group for group in groups if own in _list(group.get("ids", []), "ids")]
        said = _object(one.get("database_specific", {}), "database_specific").get("severity")
        rated = [_score(group.get("max_severity")) for group in around]
        yield Vulnerability(ids=tuple(ids), severity=_rated([*rated, _word(said)]), package=name)


def _rated(severities: list[Severity | None]) -> Severity:
    return worst(each for each in severities if each is not None)


def _word(value: Any) -> Severity | None:
    return _WORDS.get(value.lower()) if isinstance(value, str) else None


def _score(value: Any) -> Severity | None:
    """A CVSS score by the bands of its qualitative rating: https://www.first.org/cvss/v3-1/specification-document"""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", value, re.ASCII):
        number = float(value)
    if number is None or not 0 <= number <= 10:
        return None
    band = next((severity for least, severity in _SCORES if number >= least), Severity.LOW)
    return band if number > 0 else Severity.NONE


def _name(one: dict[str, Any]) -> str:
    name = one.get("id")
    if not isinstance(name, str) or not name:
        raise Unreadable("it has a vulnerability without an id")
    return _shown(name)


def _shown(value: Any) -> str:
    """What others named, as it can be printed and stored: JSON can write what is no text in any encoding."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value)[:200])


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        said = datetime.fromisoformat(value)
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _oldest(times: list[datetime | None]) -> datetime | None:
    known = [each for each in times if each is not None]
    return min(known) if known and len(known) == len(times) else None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not an object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Unreadable(f"{what!r} is not a list")
    return value
