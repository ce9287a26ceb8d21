"""What is printed, without the secrets: whole, in parts, and in every way that programs write them."""

import base64
import json
import shlex
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.providers.masked import Masked, masked

SECRET = "p4ss/w\"o r'd+ü"
KEY = "-----BEGIN KEY-----\n" + "\n".join("Zm9vYmFyYmF6" * 5 + str(line) for line in range(8)) + "\n-----END KEY-----"

WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": json.dumps,
    "json in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "a URL": quote,
    "sh": shlex.quote,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 behind a byte": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base64 behind two": lambda text: base64.b64encode(b"xy" + text.encode() + b"z").decode(),
    "base64 for a URL": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_secret_is_masked_however_it_is_written(way: str) -> None:
    written = WRITTEN[way](SECRET)
    shown = masked(f"before {written} after", [SECRET])
    assert "(secret)" in shown
    assert (shown.startswith("before "), shown.endswith(" after")) == (True, True)
    left = shown.replace("(secret)", "")
    assert not any(written[at : at + 10] in left for at in range(len(written) - 9))


@pytest.mark.parametrize("width", [64, 76])
def test_the_lines_of_a_key_are_masked_one_by_one(width: int) -> None:
    indented = "\n".join(f"    {line}" for line in KEY.splitlines())
    assert "Zm9v" not in masked(indented, [KEY])
    text = base64.b64encode(KEY.encode()).decode()
    broken = "\n".join(text[at : at + width] for at in range(0, len(text) - width, width))
    assert masked(broken, [KEY]).replace("(secret)", "").strip() == ""


def in_parts(text: bytes, cuts: list[int], secrets: list[str]) -> bytes:
    mask, shown = Masked(secrets), b""
    for begin, end in pairwise([0, *sorted(cuts), max([len(text), *cuts])]):
        shown += mask.fed(text[begin:end])
    return shown + mask.ended()


ONE_IN_ANOTHER = ["abca", "abcaabcb", "bcabc", "aaaa", "cbüc\n"]


@given(
    parts=st.lists(st.sampled_from([*ONE_IN_ANOTHER, "a", "b", "c", "ü", "\n", "abc"]), max_size=12),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
def test_it_is_the_same_wherever_it_is_cut(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    shown = in_parts(text.encode(), cuts, ONE_IN_ANOTHER).decode()
    assert shown == masked(text, ONE_IN_ANOTHER)
    assert not any(secret.strip() in shown for secret in ONE_IN_ANOTHER)


def test_a_secret_that_a_longer_one_begins_with_hides_nothing_of_it_wherever_it_is_cut() -> None:
    secrets, text = ["hunter2pw", "hunter2pw-database-9"], b"x hunter2pw-database-9 y hunter2pw z"
    for cut in range(len(text)):
        assert in_parts(text, [cut], secrets) == b"x (secret) y (secret) z"


def test_a_key_that_is_cut_inside_shows_nothing_of_its_last_line() -> None:
    key = KEY.replace("\n-----END", "\nZm9v\n-----END") + "\n"
    text = f"the key:\n{key}is used\n".encode()
    for cut in range(len(text)):
        assert in_parts(text, [cut], [key]) == b"the key:\n(secret)\nis used\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_secret_of_a_file_is_masked_without_the_end_of_its_line(end: str) -> None:
    assert masked("user=shop password=hunter22 host=db", [f"hunter22{end}"]) == "user=shop password=(secret) host=db"
    encoded = base64.b64encode(f"hunter22{end}".encode()).decode().rstrip("=")
    assert len(masked(encoded, [f"hunter22{end}"]).replace("(secret)", "")) <= 1


def test_secrets_that_overlap_are_hidden_as_one() -> None:
    assert masked("x abcdefgh y", ["abcdef", "defgh"]) == "x (secret) y"


def test_what_is_a_secret_without_end_is_not_held_back_without_end() -> None:
    mask = Masked(["0000"])
    assert mask.fed(b"0" * 100_000) == b"(secret)"
    assert [mask.fed(b"0" * 100_000) for _ in range(3)] == [b"", b"", b""]
    assert mask.fed(b" 1") + mask.ended() == b" 1"


def test_what_is_no_secret_is_not_held_back() -> None:
    mask = Masked(["hunter22"])
    assert mask.fed(b"waiting for the hunt") == b"waiting for the "
    assert mask.fed(b"ress") == b"huntress"
    assert mask.fed("ü".encode()[:1]) == b""
    assert mask.fed("ü".encode()[1:]) == "ü".encode()


def test_the_beginning_of_a_secret_is_not_told_when_nothing_follows() -> None:
    mask = Masked(["hunter22"])
    assert mask.fed(b"it is hunter2") + mask.ended() == b"it is (secret)"
    assert mask.fed(b"a h") + mask.ended() == b"a h"


def test_a_secret_of_three_letters_stays() -> None:
    assert masked("the cat sat", ["cat"]) == "the cat sat"
