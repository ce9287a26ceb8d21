"""What is thought of what an archive shows: thresholds, exceptions that end, ages, and who has signed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.content import Artifact
from reconciler.model.provenance import (
    Found,
    GpgKeys,
    Ignored,
    MinisignKey,
    Report,
    ReportFormat,
    Severity,
    Signatures,
    Vulnerabilities,
    Vulnerability,
)
from reconciler.policy.provenance import (
    NoPlace,
    filled,
    good_until,
    place,
    short,
    signature_place,
    too_vulnerable,
    unsigned,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = Report(url="{{ url }}.json", format=ReportFormat.SARIF)
ARCHIVE = Artifact("https://artifacts.example/shop-1.4.2.tar.gz", "sha256:" + "ab" * 32)
IN_GIT = Artifact("repo:" + "ab" * 32, "sha256:" + "ab" * 32)


def rule(fail_on: str | None = None, **more: object) -> Vulnerabilities:
    return Vulnerabilities(source=SOURCE, fail_on=Severity(fail_on) if fail_on else None, **more)  # type: ignore[arg-type]


def found(*severities: str, made: datetime | None = None) -> Found:
    each = (
        Vulnerability(ids=(f"CVE-{number}",), severity=Severity(one), package="log4j")
        for number, one in enumerate(severities)
    )
    return Found(vulnerabilities=tuple(each), made=made)


IGNORED = (Ignored(id="CVE-0", until=date(2026, 11, 21), reason="not reachable"),)


@pytest.mark.parametrize(
    ("asked", "report", "said"),
    [
        (rule("critical"), found("high", "high"), None),
        (rule("critical"), found("critical"), "has 1 vulnerability of severity critical or worse: CVE-0 in log4j"),
        (rule("high"), found("critical"), "has 1 vulnerability of severity high or worse: CVE-0 in log4j"),
        (rule("low"), found("none"), None),
        (rule(at_most=((Severity.HIGH, 2),)), found("high", "high", "critical"), None),
        (
            rule(at_most=((Severity.HIGH, 1),)),
            found("high", "high"),
            "has 2 vulnerabilities of severity high, where at most 1 may be: CVE-0 in log4j, CVE-1 in log4j",
        ),
        (rule("low"), found(*["low"] * 7), "has 7 vulnerabilities of severity low or worse: CVE-0 in log4j"),
        (rule("critical", ignored=IGNORED), found("critical"), None),
        (rule("critical", max_age=DAY), found("low", made=NOW - DAY), None),
        (
            rule("critical", max_age=DAY),
            found(made=NOW - DAY - timedelta(seconds=1)),
            "has a report of vulnerabilities of 2026-11-20 11:59Z, which is too old",
        ),
        (rule("critical", max_age=DAY), found(), "has a report of vulnerabilities that does not say when it was made"),
        (
            rule("critical", max_age=DAY),
            found(made=NOW + DAY),
            "has a report of vulnerabilities that was made in the f",
        ),
        (rule("critical"), found(), None),
    ],
)
def test_a_report_is_judged(asked: Vulnerabilities, report: Found, said: str | None) -> None:
    told = too_vulnerable(asked, report, NOW)
    assert told == said or (told is not None and said is not None and told.startswith(said))


def test_many_are_told_by_the_first_of_them() -> None:
    assert str(too_vulnerable(rule("low"), found(*["low"] * 7), NOW)).endswith("CVE-4 in log4j and 2 more")


def test_an_exception_ends_with_its_day_and_so_does_what_was_verified_with_it() -> None:
    asked = rule("critical", ignored=IGNORED)
    last = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    assert too_vulnerable(asked, found("critical"), last) is None
    assert too_vulnerable(asked, found("critical"), last + timedelta(seconds=1)) is not None
    assert good_until(asked, found("critical"), NOW) == last + timedelta(seconds=1)
    assert good_until(rule("critical", max_age=DAY), found(made=NOW), NOW) == NOW + DAY
    assert good_until(rule("critical"), found("low"), NOW) is None


SEVERITIES = st.lists(st.sampled_from([each.value for each in Severity]), max_size=6)
LIMITS = st.dictionaries(st.sampled_from(list(Severity)), st.integers(0, 3), max_size=3)


@given(SEVERITIES, SEVERITIES, LIMITS, st.sampled_from(list(Severity)))
def test_more_or_stricter_never_makes_it_pass(
    few: list[str], more: list[str], limits: dict[Severity, int], at: Severity
) -> None:
    def passes(severities: list[str], fail_on: Severity | None, extra: int = 0) -> bool:
        most = tuple((each, count + extra) for each, count in limits.items())
        return too_vulnerable(rule(fail_on, at_most=most), found(*severities), NOW) is None

    assert passes(few, at) or not passes([*few, *more], at)
    assert passes(few, None) or not passes(few, at)
    assert passes(few, at, extra=1) or not passes(few, at)
    for stricter in Severity:
        if stricter.rank <= at.rank:
            assert passes(few, at) or not passes(few, stricter)


@given(SEVERITIES)
def test_to_ignore_one_never_makes_it_worse(severities: list[str]) -> None:
    ignoring = too_vulnerable(rule("high", ignored=IGNORED), found(*severities), NOW)
    assert ignoring is None or too_vulnerable(rule("high"), found(*severities), NOW) is not None


@pytest.mark.parametrize(
    ("template", "artifact", "url"),
    [
        ("{{ url }}.minisig", ARCHIVE, "https://artifacts.example/shop-1.4.2.tar.gz.minisig"),
        ("https://s.example/{{sha256}}.sig", ARCHIVE, f"https://s.example/{'ab' * 32}.sig"),
        ("https://s.example/{{ sha256 }}.sig", IN_GIT, f"https://s.example/{'ab' * 32}.sig"),
    ],
)
def test_what_belongs_to_an_archive_is_found_by_its_url_or_its_digest(
    template: str, artifact: Artifact, url: str
) -> None:
    assert place(template, artifact) == url


def test_an_archive_of_the_repository_has_no_url_beside_which_anything_is() -> None:
    with pytest.raises(NoPlace, match=r"say where it is by \{\{ sha256 \}\}"):
        signature_place(Signatures(keys=()), MinisignKey(key=""), IN_GIT)


def test_what_a_value_holds_is_not_filled_again() -> None:
    assert filled("{{ url }}", {"url": "{{ sha256 }}", "sha256": "x"}) == "{{ sha256 }}"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/x/shop-1.4.2.tar.gz?token=1", "shop-1.4.2.tar.gz"),
        ("https://a.example/", ARCHIVE.digest),
        (IN_GIT.url, "the archive abababababab of the repository"),
    ],
)
def test_an_archive_is_called_by_the_end_of_its_url(url: str, name: str) -> None:
    assert short(Artifact(url, ARCHIVE.digest)) == name


ANN, BOB = GpgKeys(keys="", name="ann@example.org"), GpgKeys(keys="", name="bob@example.org")


@pytest.mark.parametrize(
    ("everyone", "failed", "said"),
    [
        (False, [], None),
        (False, [ANN], None),
        (False, [ANN, BOB], "is not signed by any of: ann@example.org, bob@example.org (no)"),
        (True, [], None),
        (True, [BOB], "lacks the signatures of: bob@example.org (no)"),
    ],
)
def test_who_is_missing_is_told(everyone: bool, failed: list[GpgKeys], said: str | None) -> None:
    asked = Signatures(keys=(ANN, BOB), everyone=everyone)
    assert unsigned(asked, [(key, "no") for key in failed]) == said
