"""How content differences are worded."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diff.compare import MAX_LINES, describe
from reconciler.model.canonical import canonical

LAUGHS = b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 60))
CASES = yaml.safe_load(Path(__file__).with_name("compare.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_difference_is_worded_as_the_table_says(case: dict[str, Any]) -> None:
    before, after = (text if text is None else text.encode() for text in (case["before"], case["after"]))
    found = describe("content", before, after, case["name"])
    expected = [
        (diff["path"], diff.get("before"), diff.get("after"), diff.get("text")) if isinstance(diff, dict) else diff
        for diff in case["diffs"]
    ]
    shown = [(diff.path, *_without_digests(diff.before, diff.after), diff.text) for diff in found]
    assert shown == expected


def _without_digests(*values: Any) -> tuple[Any, ...]:
    return tuple("digest" if str(value).startswith("sha256:") else value for value in values)


def test_binary_contents_are_told_apart_by_size_and_digest() -> None:
    (diff,) = describe("content", b"\0" * 10, b"\0" * 1234, "logo.png")
    assert diff.text is None
    assert str(diff.before).startswith("10 bytes, sha256:")
    assert str(diff.after).startswith("1,234 bytes, sha256:")


def test_bytes_that_are_not_utf_8_are_binary_also_in_a_json_file() -> None:
    (diff,) = describe("content", b'{"a": "\xff"}', b'{"a": "\xfe"}', "a.json")
    assert diff.text is None


def test_a_long_diff_says_how_many_lines_it_leaves_out() -> None:
    (diff,) = describe("content", None, b"".join(b"line %d\n" % n for n in range(539)), "a.txt")
    assert diff.text is not None
    lines = diff.text.splitlines()
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == "... 340 more lines"


def test_a_file_with_one_endless_line_is_cut() -> None:
    (diff,) = describe("content", b"a" * 100_000, b"b" * 100_000, "bundle.js")
    assert diff.text is not None
    assert len(diff.text) < 2000
    assert "more characters" in diff.text


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("deep.yaml", b"- " * 30_000 + b"a", b"- " * 30_000 + b"b"),
        ("flow.yaml", b"[" * 30_000 + b"]" * 30_000, b"[" * 29_000 + b"]" * 29_000),
        ("deep.json", b"[" * 30_000 + b"]" * 30_000, b"[" * 29_000 + b"]" * 29_000),
        ("deep.toml", b"a = " + b"[" * 30_000 + b"]" * 30_000, b"a = " + b"[" * 29_000 + b"]" * 29_000),
        ("laughs.yaml", LAUGHS + b"z: 1\n", LAUGHS + b"z: 2\n"),
        ("round.yaml", b"a: &a [*a]\nb: 1\n", b"a: &a [*a]\nb: 2\n"),
        ("rows.txt", *(
            "\n".join(random.Random(seed).choices("abcdefgh", k=2000)).encode() for seed in (1, 2)
        )),
        ("wide.json", *(json.dumps({str(n): n + more for n in range(3000)}).encode() for more in (0, 1))),
    ],
)  # fmt: skip
def test_a_hostile_content_is_described_in_little_time(name: str, before: bytes, after: bytes) -> None:
    started = time.process_time()
    assert describe("content", before, after, name)
    assert time.process_time() - started < 5


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(_json, _json)
def test_two_documents_that_differ_are_never_said_to_be_the_same(before: Any, after: Any) -> None:
    found = describe("content", json.dumps(before).encode(), json.dumps(after).encode() + b"\n", "a.json")
    assert found
    said_same = any("formatting only" in (diff.text or "").split("\n")[0] for diff in found)
    assert said_same == (canonical(before) == canonical(after))
    assert all(
        diff.before != diff.after or diff.text or canonical(diff.before) != canonical(diff.after) for diff in found
    )


@given(
    st.dictionaries(st.text("abc", min_size=1), st.integers() | st.booleans()),
    st.dictionaries(st.text("abc", min_size=1), st.integers()),
)
def test_every_key_that_differs_is_named_once(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = describe("content", json.dumps(before).encode(), json.dumps(after).encode() + b"\n", "a.json")
    differing = {key for key in before | after if canonical(before.get(key)) != canonical(after.get(key))}
    if differing:
        assert sorted(diff.path for diff in found) == sorted(f"content.{key}" for key in differing)


@given(st.binary(max_size=200), st.binary(max_size=200), st.sampled_from(["a.yaml", "a.json", "a.toml", "a.txt", "a"]))
def test_any_two_contents_can_be_described(before: bytes, after: bytes, name: str) -> None:
    assert bool(describe("content", before, after, name)) == (before != after)
