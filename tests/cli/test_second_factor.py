"""The one-time code: it comes with the command, or is asked for where somebody can type it; never shown."""

import getpass
import io
import sys

import pytest

from reconciler.cli.second_factor import with_code
from reconciler.model.asking import FactorNeeded, Ruling

DONE = Ruling(events=(), said="Approved.")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def strict(code: str) -> Ruling:
    if not code:
        raise FactorNeeded("two-eyes wants a second factor")
    return Ruling(events=(), said=f"with {len(code)} digits")


async def easy(code: str) -> Ruling:
    return DONE


def test_a_code_that_came_is_used_and_none_is_asked_for_where_none_is_needed() -> None:
    assert with_code(strict, "123456").said == "with 6 digits"
    assert with_code(easy, "") == DONE


def test_where_nobody_can_type_it_what_is_needed_is_told() -> None:
    with pytest.raises(FactorNeeded, match="two-eyes wants a second factor"):
        with_code(strict, "")


def test_on_a_terminal_it_is_asked_for_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def typed(prompt: str = "", stream: object = None) -> str:
        asked.append(prompt)
        return " 654321 "

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(getpass, "getpass", typed)
    assert with_code(strict, "").said == "with 6 digits"
    assert len(asked) == 1
    assert "654321" not in "".join(capsys.readouterr())
