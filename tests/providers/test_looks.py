"""What hosts say of paths that are looked at together: taken apart, and never taken for what it is not."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ports.look import Look
from reconciler.providers.kept import Slots, head
from reconciler.providers.looks import Answer, apart, tame

SUM = hashlib.sha256(b"x").hexdigest()
STAT = "=81a4 0 0 1 1700000000 {}\nUroot\nGroot\n"
THERE = "stat 81a4 0 0 1 1700000000\nowner root\ngroup root\n"


def one(look: Look, said: str) -> Answer:
    [answer] = apart([look], Answer(0, said, ""))
    return answer


@pytest.mark.parametrize(
    "error",
    [
        "stat: cannot statx '/etc/a b': No such file or directory",
        "stat: cannot stat '/etc/a b': No such file or directory",
        "stat: can't stat '/etc/a b': No such file or directory",
    ],
)
def test_what_is_certainly_not_there_is_absent(error: str) -> None:
    assert one(Look("/etc/a b"), f"{error}\n\n") == Answer(0, "absent\n", "")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("stat: cannot statx '/etc/a': Permission denied", "/etc/a: Permission denied"),
        ("stat: can't stat '/etc/a': Not a directory", "/etc/a: Not a directory"),
        ("sh: stat: not found", "/etc/a: sh: stat: not found"),
        ("stat: cannot statx '/etc/ab': No such file or directory", "/etc/a: it did not say anything about it"),
        ("sha256sum: /etc/a: No such file or directory", "/etc/a: it did not say anything about it"),
        (STAT.format("/etc/a") + "sha256sum: /etc/a: Permission denied", "cannot read /etc/a: Permission denied"),
        (STAT.format("/etc/a") + "sha256sum: can't open '/etc/a': I/O error", "cannot read /etc/a: I/O error"),
        (STAT.format("/etc/a"), "cannot read /etc/a: it did not say anything about it"),
        (STAT.format("/etc/a").replace("=8", "=a"), "cannot read the link /etc/a"),
        ("", "/etc/a: it did not say anything about it"),
    ],
)
def test_everything_else_is_unknown_and_says_why(said: str, why: str) -> None:
    assert one(Look("/etc/a", SUM), said + "\n") == Answer(1, f"reason {why}\n", "")


def test_each_path_gets_what_was_said_of_it() -> None:
    said = (
        "stat: cannot statx './none': No such file or directory\n"
        + STAT.format("/etc/a b")
        + STAT.format("./link").replace("=8", "=a")
        + "plain a:b ./link\n"
        + f"{SUM}  /etc/a b\ncontent eA== /etc/a b\n"
    )
    looks = [Look("~/link"), Look("/etc/a b", "0" * 64), Look("~/none")]
    found = [answer.output for answer in apart(looks, Answer(0, said, ""))]
    link = THERE.replace("8", "a", 1) + "to YTpi\n"
    assert found == [link, f"{THERE}sha256 {SUM}\ncontent eA==\n", "absent\n"]


@pytest.mark.parametrize("path", ["/", "~", "/etc/a b", "~/a+b/..c", "/a@b=c,d%e"])
def test_plain_names_are_asked_together(path: str) -> None:
    assert tame(Look(path))


@pytest.mark.parametrize("path", ["/a\nb", "/a'b", "/a:b", "/a\\b", "/ü", "/a*", "/a$b", "~x/a", "a", "/a/", "/a\0b"])
def test_odd_names_are_asked_alone(path: str) -> None:
    assert not tame(Look(path))


@given(said=st.text(), path=st.sampled_from(["/etc/a", "~/b", "/"]), content=st.sampled_from([None, "", SUM]))
def test_no_answer_breaks_the_reader(said: str, path: str, content: str | None) -> None:
    answer = one(Look(path, content), said)
    assert answer.output == "absent\n" or answer.status == 1 or f"\n{said}".find("\n=") >= 0


@given(line=st.binary(max_size=60))
def test_no_line_breaks_the_reader_of_a_kept_shell(line: bytes) -> None:
    found = head(line)
    assert found is None or line.startswith(str(found.number).encode()) or line[:1] == b"0"


def test_a_text_is_sent_once_and_then_asked_by_a_line() -> None:
    slots = Slots("shell")
    first, second = slots.ask("echo ü", ""), slots.ask("echo ü", "shell 1")
    assert first.sent == "keep 0 7\necho üask 0 1 nothing\n".encode()
    assert second.sent == b"ask 0 2 1\n"
    assert slots.ask("echo ü", "other 1").sent == b"ask 0 3 nothing\n"
