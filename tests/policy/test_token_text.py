"""The text of a token: found by its id, known by its digest, and compared in constant time."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy import token_text as module
from reconciler.policy.token_text import digest, matches, token_id, token_text

GOOD = token_text("01ABCXYZ", bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rcl_",
        "rcl__" + "A" * 43,
        "rcl_01ABC",
        "rcl_01ABC_" + "A" * 42,
        "rcl_01ABC_" + "A" * 44,
        "rcl_01ABC_" + "A" * 42 + "=",
        "RCL_01ABC_" + "A" * 43,
        f" {GOOD}",
        f"{GOOD}\n",
        f"Bearer {GOOD}",
        "rcl_" + "x" * 65 + "_" + "A" * 43,
        "rcl_01\u0661_" + "A" * 43,
    ],
)
def test_what_is_no_token_of_ours_has_no_id(text: str) -> None:
    assert token_id(text) is None


@given(st.from_regex(r"[0-9A-Z]{1,64}", fullmatch=True), st.binary(min_size=32, max_size=32))
def test_a_token_is_known_again_by_its_digest_alone(name: str, secret: bytes) -> None:
    text = token_text(name, secret)
    assert token_id(text) == name
    assert matches(text, digest(text))
    assert text not in digest(text)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.text(max_size=80))
def test_no_other_text_is_taken_for_it(secret: bytes, other: bytes, text: str) -> None:
    kept = digest(token_text("A", secret))
    assert matches(token_text("A", other), kept) is (secret == other)
    assert not matches(text, kept)
    assert not matches(text, "")


def test_tokens_are_compared_in_constant_time() -> None:
    tree = ast.parse(Path(module.__file__).read_text())
    (function,) = (each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "matches")
    called = {ast.unparse(each.func) for each in ast.walk(function) if isinstance(each, ast.Call)}
    assert "hmac.compare_digest" in called
    assert not any(isinstance(each, ast.Compare) for each in ast.walk(function))
