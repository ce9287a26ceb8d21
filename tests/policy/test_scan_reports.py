"""Reports of scanners, in the shapes that they really have; what is no report never passes for an empty one."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.provenance import Found, ReportFormat, Severity, Vulnerability
from reconciler.policy.scan_reports import Unreadable, bill_of, read

TRIVY_SARIF = {
    "version": "2.1.0",
    "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
    "runs": [
        {
            "tool": {
                "driver": {
                    "fullName": "Trivy Vulnerability Scanner",
                    "name": "Trivy",
                    "rules": [
                        {
                            "id": "CVE-2022-42920",
                            "name": "LanguageSpecificPackageVulnerability",
                            "defaultConfiguration": {"level": "error"},
                            "properties": {"security-severity": "9.8", "tags": ["vulnerability", "CRITICAL"]},
                        },
                        {"id": "CVE-2021-1", "properties": {"security-severity": "5.5"}},
                    ],
                }
            },
            "results": [
                {"ruleId": "CVE-2022-42920", "ruleIndex": 0, "level": "error", "message": {"text": "Package: bcel"}},
                {"ruleIndex": 1, "level": "warning", "message": {"text": "Package: other"}},
                {"ruleId": "CVE-2000-1", "kind": "pass", "message": {"text": "fine"}},
                {"ruleId": "NOT-RATED", "message": {"text": "what is this"}},
            ],
            "invocations": [{"executionSuccessful": True, "endTimeUtc": "2026-11-20T10:00:00Z"}],
        }
    ],
}

CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "version": 1,
    "metadata": {"timestamp": "2026-11-20T12:00:00+02:00", "tools": [{"vendor": "aquasecurity", "name": "trivy"}]},
    "vulnerabilities": [
        {
            "id": "CVE-2021-44228",
            "source": {"name": "ghsa"},
            "ratings": [
                {"source": {"name": "redhat"}, "score": 9.8, "severity": "moderate", "method": "CVSSv31"},
                {"source": {"name": "nvd"}, "score": 10.0, "severity": "critical", "method": "CVSSv31"},
            ],
            "affects": [{"ref": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"}],
        },
        {"id": "CVE-1", "ratings": [{"severity": "low"}], "affects": []},
        {"id": "CVE-2", "ratings": [{"severity": "unknown", "score": 7.1}]},
        {"id": "CVE-3", "analysis": {"state": "not_affected"}},
    ],
}

OSV = {
    "results": [
        {
            "source": {"path": "/package-lock.json", "type": "lockfile"},
            "packages": [
                {
                    "package": {"name": "lodash", "version": "4.17.15", "ecosystem": "npm"},
                    "vulnerabilities": [
                        {
                            "id": "GHSA-35jh-r3h4-6jhm",
                            "aliases": ["CVE-2021-23337"],
                            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"}],
                            "database_specific": {"severity": "HIGH"},
                        },
                        {"id": "GHSA-x", "database_specific": {"severity": "MODERATE"}},
                        {"id": "OSV-2020-1"},
                    ],
                    "groups": [
                        {"ids": ["GHSA-35jh-r3h4-6jhm"], "aliases": ["CVE-2021-23337"], "max_severity": "7.2"},
                        {"ids": ["GHSA-x"], "max_severity": ""},
                    ],
                }
            ],
        }
    ]
}


FAILED = {"executionSuccessful": False}


def data(value: Any) -> bytes:
    return json.dumps(value).encode()


def rated(found: Found) -> list[tuple[str, str]]:
    return [(each.ids[0], each.severity.value) for each in found.vulnerabilities]


def test_sarif_as_trivy_writes_it() -> None:
    found = read(data(TRIVY_SARIF), ReportFormat.SARIF)
    assert rated(found) == [("CVE-2022-42920", "critical"), ("CVE-2021-1", "medium"), ("NOT-RATED", "critical")]
    assert found.made == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_cyclonedx_counts_the_worst_rating_and_what_calls_itself_harmless() -> None:
    found = read(data(CYCLONEDX), ReportFormat.CYCLONEDX)
    assert rated(found) == [("CVE-2021-44228", "critical"), ("CVE-1", "low"), ("CVE-2", "high"), ("CVE-3", "critical")]
    assert found.vulnerabilities[0].package == "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
    assert found.made == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_osv_with_other_names_of_the_same() -> None:
    found = read(data(OSV), ReportFormat.OSV)
    assert found.vulnerabilities == (
        Vulnerability(ids=("GHSA-35jh-r3h4-6jhm", "CVE-2021-23337"), severity=Severity.HIGH, package="lodash 4.17.15"),
        Vulnerability(ids=("GHSA-x",), severity=Severity.MEDIUM, package="lodash 4.17.15"),
        Vulnerability(ids=("OSV-2020-1",), severity=Severity.CRITICAL, package="lodash 4.17.15"),
    )
    assert found.made is None


def test_a_scan_that_found_nothing_is_a_report() -> None:
    assert read(b'{"results": []}', ReportFormat.OSV) == Found(vulnerabilities=())
    empty = {**TRIVY_SARIF, "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}
    assert read(data(empty), ReportFormat.SARIF) == Found(vulnerabilities=())
    assert read(data({**CYCLONEDX, "vulnerabilities": []}), ReportFormat.CYCLONEDX).vulnerabilities == ()


@pytest.mark.parametrize(
    ("written", "raw", "said"),
    [
        ("sarif", b"", "it is not JSON"),
        ("sarif", b"[]", "the report is not an object"),
        ("sarif", b"\xff\xfe", "it is not JSON"),
        ("sarif", b"[" * 100_000, "it is not JSON"),
        ("sarif", b'{"version": ' + b"9" * 5000 + b"}", "it is not JSON"),
        ("sarif", b"{}", "it is not SARIF 2.1.0"),
        ("sarif", b'{"version": "2.1.0", "runs": []}', "it has no runs: nothing was scanned"),
        ("sarif", b'{"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}', "'results' is not a list"),
        ("sarif", b'{"version": "2.1.0", "runs": [{"results": []}]}', "tool is not an object"),
        (
            "sarif",
            data({"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": [], "invocations": [FAILED]}]}),
            "it says that the scan failed",
        ),
        ("cyclonedx", data(OSV), "it is not CycloneDX in JSON"),
        ("cyclonedx", b'{"bomFormat": "CycloneDX"}', "it is a bill of materials without 'vulnerabilities'"),
        ("cyclonedx", b'{"bomFormat": "CycloneDX", "vulnerabilities": [{}]}', "a vulnerability without an id"),
        ("cyclonedx", b'{"bomFormat": "CycloneDX", "vulnerabilities": null}', "'vulnerabilities' is not a list"),
        ("osv", data(CYCLONEDX), "'results' is not a list"),
        ("osv", b'{"results": [{}]}', "'packages' is not a list"),
        ("osv", b'{"results": [{"packages": [7]}]}', "a package is not an object"),
    ],
)
def test_what_cannot_be_read_is_told_and_never_taken_for_nothing(written: str, raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match="^.*" + said.replace("(", r"\(")):
        read(raw, ReportFormat(written))


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        ("10.0", "critical"),
        ("9.0", "critical"),
        ("8.9", "high"),
        ("7", "high"),
        ("6.9", "medium"),
        ("0.1", "low"),
        ("0.0", "none"),
        (5, "medium"),
        ("11", "critical"),
        ("-1", "critical"),
        ("nan", "critical"),
        ("١", "critical"),
        (True, "critical"),
        (10**400, "critical"),
        ([], "critical"),
        (None, "critical"),
    ],
)
def test_a_score_is_rated_by_its_band_and_what_is_none_as_the_worst(score: Any, severity: str) -> None:
    result = {"ruleId": "X", "properties": {"security-severity": score}}
    run = {"tool": {"driver": {"rules": []}}, "results": [result]}
    text = json.dumps({"version": "2.1.0", "runs": [run]})
    assert rated(read(text.encode(), ReportFormat.SARIF)) == [("X", severity)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def broken(whole: Any, draw: Any) -> Any:
    """Put anything in the place of some value of a real report."""
    if isinstance(whole, dict) and whole and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(whole)))
        return {**whole, key: broken(whole[key], draw)}
    if isinstance(whole, list) and whole and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(whole) - 1))
        return [*whole[:at], broken(whole[at], draw), *whole[at + 1 :]]
    return draw(JSON)


@given(st.data(), st.sampled_from([("sarif", TRIVY_SARIF), ("cyclonedx", CYCLONEDX), ("osv", OSV)]))
def test_whatever_a_report_holds_it_is_read_or_told(given_data: st.DataObject, sort: tuple[str, Any]) -> None:
    written, real = sort
    raw = json.dumps(broken(real, given_data.draw)).encode()
    for each in (raw, raw[: given_data.draw(st.integers(0, len(raw)))]):
        try:
            found = read(each, ReportFormat(written))
        except Unreadable:
            continue
        assert all(one.ids and isinstance(one.ids[0], str) for one in found.vulnerabilities)


@given(st.binary(max_size=200), st.sampled_from(list(ReportFormat)))
def test_bytes_that_are_no_report_are_told(raw: bytes, written: ReportFormat) -> None:
    with pytest.raises(Unreadable):
        read(raw, written)
    with pytest.raises(Unreadable):
        bill_of(raw)


def test_a_name_that_is_no_text_is_shown_as_one() -> None:
    one = b'{"id": "CVE\\ud800\\u001b[31m", "affects": [{"ref": "\\udfff"}]}'
    raw = b'{"bomFormat": "CycloneDX", "vulnerabilities": [' + one + b"]}"
    (found,) = read(raw, ReportFormat.CYCLONEDX).vulnerabilities
    assert (found.ids, found.package) == (("CVE??[31m",), "?")


def test_a_bill_of_materials_says_what_it_is_of() -> None:
    hashes = [{"alg": "SHA-1", "content": "00"}, {"alg": "SHA-256", "content": "AB" * 32}]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"hashes": hashes}}}
    assert bill_of(data(bill)) == "ab" * 32
    assert bill_of(data({"bomFormat": "CycloneDX", "specVersion": "1.5"})) is None
    assert bill_of(data({"spdxVersion": "SPDX-2.3", "packages": []})) is None
    bill["metadata"] = {"component": {"hashes": [{"alg": "SHA-256", "content": "\ud800"}]}}
    with pytest.raises(Unreadable, match="what it gives as SHA-256 is none"):
        bill_of(data(bill))
    with pytest.raises(Unreadable, match="neither CycloneDX nor SPDX"):
        bill_of(b'{"spdxVersion": "SPDX-2.3"}')
