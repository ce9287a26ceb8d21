"""What an HTTP answer is worth to a check."""

import pytest

from reconciler.model.health import Header, HttpCheck, StatusRange
from reconciler.verify.answer import Answer, judged, pattern, read_at_most

URL = "http://web-1:80/"
PAGE = Answer(
    status=200,
    headers=(("Content-Type", "text/plain; charset=utf-8"), ("X-Version", "1.4.2")),
    body=b"version 1.4.2, all is well: 7 workers",
)


@pytest.mark.parametrize(
    ("check", "answer", "wrong"),
    [
        ({}, PAGE, None),
        ({}, Answer(status=399), None),
        ({}, Answer(status=400), ""),
        ({}, Answer(status=199), ""),
        ({"statuses": (StatusRange(200, 299),)}, Answer(status=302), "expected 200-299"),
        ({"statuses": (StatusRange(200, 200), StatusRange(401, 403))}, Answer(status=402), None),
        ({"statuses": (StatusRange(200, 200), StatusRange(401, 403))}, Answer(status=404), "expected 200, 401-403"),
        ({"contains": "version 1.4.2,"}, PAGE, None),
        (
            {"contains": "1.5.0"},
            PAGE,
            "'1.5.0' is not in the body, which begins 'version 1.4.2, all is well: 7 workers'",
        ),
        ({"contains": ""}, Answer(status=200), None),
        ({"matches": r"\b[1-9][0-9]* workers$"}, PAGE, None),
        (
            {"matches": "^all"},
            PAGE,
            "the body does not match '^all', it begins 'version 1.4.2, all is well: 7 workers'",
        ),
        ({"contains": "é"}, Answer(status=200, body="caf\u00e9 \u2615".encode()), None),
        ({"contains": "x"}, Answer(status=200, body=b"\xff\xfex"), None),
        ({"expected": (Header("x-version", "1.4.2"),)}, PAGE, None),
        ({"expected": (Header("Content-Type", "text/plain"),)}, PAGE, None),
        ({"expected": (Header("X-Version", "2.0"),)}, PAGE, "X-Version is '1.4.2', expected '2.0'"),
        ({"expected": (Header("X-Ready", ""),)}, PAGE, "no header X-Ready"),
        ({"statuses": (StatusRange(500, 599),), "contains": "sorry"}, Answer(status=503, body=b"sorry"), None),
    ],
)
def test_an_answer_is_healthy_when_all_of_it_is_as_expected(check, answer, wrong) -> None:
    result = judged(HttpCheck(port=80, **check), URL, answer)
    assert result.healthy is (wrong is None)
    assert result.detail == f"HTTP {answer.status} from {URL}" + (f": {wrong}" if wrong else "")


def test_a_long_body_is_told_in_short() -> None:
    said = judged(HttpCheck(port=80, contains="z"), URL, Answer(status=200, body=b"a b\n" * 10_000)).detail
    assert len(said) < 200
    assert said.endswith("...'")


def test_no_more_of_a_body_is_kept_than_is_looked_at() -> None:
    assert read_at_most(HttpCheck(port=80)) == 0
    most = read_at_most(HttpCheck(port=80, contains="x"))
    assert len(Answer(status=200).longer(b"x" * most).longer(b"y" * most).body) == most


def test_a_pattern_that_is_none_says_what_is_wrong_and_one_that_would_take_for_ever_does_not() -> None:
    with pytest.raises(ValueError, match=r"not a regular expression \(RE2\): missing \)"):
        pattern("(a")
    assert not judged(HttpCheck(port=80, matches="(a+)+$"), URL, Answer(status=200, body=b"a" * 60_000 + b"!")).healthy
