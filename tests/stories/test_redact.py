"""A transcript says the same of two runs that did the same, and still says what matters."""

import pytest

from tests.stories.redact import folded, redact

COMMITS = ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "60303ae22b998861bce3b28f33eec1be758a213c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at 9f86d08; Git says 60303ae", "at commit1; Git says commit2"),
        (COMMITS[1], "commit2"),
        ("since 12 s ago, just now", "since <ago>, <ago>"),
        ("looked at again in 4 min (12:30:00Z).", "looked at again <soon>."),
        ("took 3 s", "took <duration>"),
        ("2026-11-21T00:10:50.35Z", "<time>"),
        ("2026-11-21 (UTC)", "<day> (UTC)"),
        ("  00:10:50  started", "  <time>  started"),
        ("SHA256:iCXTLMFwKGI8zLAkRCZL/snOffjwTUAntrMdIdfj46k, it", "SHA256:<fingerprint>, it"),
        ("digest sha256:5cdf7f1c807b", "digest sha256:<digest>"),
        ("rollout 1m7xrfwg00cvktmv", "rollout <id>"),
        ("127.77.0.11:8080 and 127.77.0.110", "<web-1>:8080 and 127.77.0.110"),
        ("3 of 5 hosts, version 1.4.2, port 8080", "3 of 5 hosts, version 1.4.2, port 8080"),
        ("a column   ", "a column"),
    ],
)
def test_what_changes_from_run_to_run_is_taken_out(text: str, expected: str) -> None:
    assert redact(text, COMMITS, {"127.77.0.11": "<web-1>"}) == expected


def test_where_prose_wraps_does_not_count() -> None:
    assert folded("a sentence that\n    wraps") == folded("a sentence\nthat wraps\n")
