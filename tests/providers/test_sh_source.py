"""Our sh texts get smaller on the way to a host, and mean the same."""

import subprocess
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.content import Content
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Resource
from reconciler.ports.shell import quote
from reconciler.providers.sh_source import compact, needed
from reconciler.providers.survey import Probes, compose
from reconciler.providers.transaction import library


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("# a comment\n\nrun\n", "run\n"),
        ("    run one\n\t\trun two", "run one\nrun two\n"),
        ("f() {\n    # why\n    run\n\n}\n", "f() {\nrun\n}\n"),
        ("run  # why, don't ask\nrun", "run\nrun\n"),
        ("run a#b $# ${x##*/} ${#x}\n", "run a#b $# ${x##*/} ${#x}\n"),
        ("printf '\n  # data\n\n    data\n'\n  run\n", "printf '\n  # data\n\n    data\n'\nrun\n"),
        ('printf "\n  # \\"data\\"\n  data"\n  run\n', 'printf "\n  # \\"data\\"\n  data"\nrun\n'),
        ("run \\# it\\'s\n  run\n", "run \\# it\\'s\nrun\n"),
        ("one\\\n    two\n", "one\\\n    two\n"),
        ("  \"$(tr '\\n' ' ')\"\n    run\n", "\"$(tr '\\n' ' ')\"\nrun\n"),
    ],
)
def test_comments_blank_lines_and_indentation_go_and_data_stays(text: str, small: str) -> None:
    assert compact(text) == small
    assert compact(small) == small


@pytest.mark.parametrize("text", ["cat <<END\n  data\nEND\n", "cat <<-END\n", "echo 'no end\n", 'echo "no end\n'])
def test_a_text_in_which_data_cannot_be_told_is_not_touched(text: str) -> None:
    with pytest.raises(ValueError, match="cannot make this small"):
        compact(text)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12), max_size=4))
def test_quoted_data_is_never_touched(words: list[str]) -> None:
    text = "".join(f"    printf '[%s]' {quote(word)}  # don't\n\n" for word in words)
    assert compact(text) == "".join(f"printf '[%s]' {quote(word)}\n" for word in words)


SOURCES = {
    "prelude": PRELUDE,
    **{file.name: file.read_text() for file in resources.files(library.__package__).joinpath("sh").iterdir()},
}


@pytest.mark.parametrize("text", SOURCES.values(), ids=SOURCES.keys())
def test_what_is_sent_is_smaller_and_still_sh(text: str) -> None:
    small = compact(text)
    assert "\n#" not in small
    assert len(small) < len(text)
    subprocess.run(["sh", "-n"], input=small.encode(), check=True, timeout=30)


FUNCTIONS = """\
# a() is said to be first
newline='
'
a() { echo a; }
b() {
    { a; }
}
c() (
    b
)
d() { echo a b c; }
"""


@pytest.mark.parametrize(
    ("calls", "kept"),
    [("", ""), ("a", "a"), ("b x", "ab"), ("x=$(c)", "abc"), ("d", "abcd"), ("ab bc", ""), ("a; d", "abcd")],
)
def test_only_functions_that_are_called_are_sent(calls: str, kept: str) -> None:
    small = needed(FUNCTIONS, calls)
    assert {name for name in "abcd" if f"\n{name}() " in small} == set(kept)
    assert "newline='\n'\n" in small


def test_every_function_of_the_prelude_is_found() -> None:
    nothing = compact(needed(PRELUDE, ""))
    assert nothing == "rcl_newline='\n'\n"
    assert needed(PRELUDE, PRELUDE) == PRELUDE


def test_looking_at_twenty_files_takes_little_more_than_their_names() -> None:
    files = [file(f"/etc/shop/file-{number}") for number in range(20)]
    sent = len(compose(files, Probes(CATALOG, PRELUDE)).text)
    of_one = sent - len(compose(files[1:], Probes(CATALOG, PRELUDE)).text)
    assert sent - 20 * of_one < 2048


def file(path: str) -> Resource:
    digest = "sha256:" + "a" * 64
    content = Content(digest, digest, 10)
    attributes = {"path": path, "content": digest, "mode": "0644"}
    return Resource(
        id=ResourceId(UnitId("shop", "testing"), "web-1", "file", path),
        attributes=attributes,
        contents={"content": content},
    )
