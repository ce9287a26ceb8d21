"""Tokens by the command line, against a real journal in a file: told once, listed without what they are, revoked."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.text import Text

from reconciler.cli.errors import Exit
from reconciler.cli.render.tokens import tokens_json, tokens_text
from reconciler.model.access import Action, Match, Scope
from reconciler.model.event import CommitAccepted
from reconciler.model.word import TokenIssued
from reconciler.policy.token_text import digest
from tests.cli.examples import NEWER
from tests.cli.journals import Run, journal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMITED = ("--group", "ci", "--action", "sync", "--action", "read", "--unit", "shop@*", "--expires", "30d")


@pytest.fixture
def state(state: Path) -> Path:
    journal(state, CommitAccepted(commit=NEWER, subject="x"))
    return state


def test_a_token_is_printed_alone_and_what_is_kept_is_not_it(run: Run, state: Path) -> None:
    done = run("token", "make", "ci-shop", *LIMITED)
    assert done.exit_code == Exit.DONE, done.output
    token = done.stdout.removesuffix("\n")
    assert re.fullmatch(r"rcl_[0-9A-Za-z]+_[A-Za-z0-9_-]{43}", token)
    assert done.stderr.startswith(f"The token {token.split('_')[1]} is made for ci-shop; it is good until ")
    kept = b"".join(each.read_bytes() for each in state.iterdir() if each.is_file())
    assert token.encode() not in kept
    assert token.split("_", 2)[2].encode() not in kept
    assert digest(token).encode() in kept
    assert (state / "wake").exists()


def test_tokens_are_listed_with_their_limits_and_without_what_they_are(run: Run, state: Path) -> None:
    token = run("token", "make", "ci-shop", *LIMITED).stdout.strip()
    run("token", "make", "robot", "--expires", "never")
    shown = run("token", "list")
    assert shown.exit_code == Exit.DONE
    words = " ".join(shown.output.split())
    assert "ci-shop good until" in words
    assert "in ci; only to sync, read; only shop@*; made by ann" in words
    assert "robot good until it is revoked" in words
    listed = json.loads(run("token", "list", "--json").output)
    assert [each["name"] for each in listed["tokens"]] == ["ci-shop", "robot"]
    for output in (shown.output, json.dumps(listed)):
        assert digest(token) not in output
        assert token not in output


def test_a_revoked_token_is_gone(run: Run, state: Path) -> None:
    token = run("token", "make", "ci-shop").stdout.split("_")[1]
    done = run("token", "revoke", token)
    assert (done.exit_code, done.output) == (Exit.DONE, f"The token {token} of ci-shop is no longer good.\n")
    assert run("token", "list").output == "There are no tokens.\n"
    again = run("token", "revoke", token)
    assert again.exit_code == Exit.ERROR
    assert "to see which there are: reconciler token list" in again.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--action", "deploy"), "'deploy' is no action; expected read, plan, approve"),
        (("--expires", "soon"), "or never"),
        (("--expires", "0s"), "more than 0s"),
        (("--expires", "9999d"), "at most 3653 days"),
        (("--group", ""), "is no name of a group"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(run: Run, state: Path, words: tuple[str, ...], says: str) -> None:
    done = run("token", "make", "ci", *words)
    assert done.exit_code == Exit.ERROR
    assert says in done.stderr
    assert done.stdout == ""
    assert run("token", "list").output == "There are no tokens.\n"


def token(**other: object) -> TokenIssued:
    fields = {"id": "01A", "name": "ci", "digest": "0" * 64, "author": "ann", "at": NOW, "until": None}
    return TokenIssued(**(fields | other))  # type: ignore[arg-type] # a table of fields


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (token(until=NOW), "ended 2026-11-21 12:00Z"),
        (token(until=NOW + timedelta(days=1)), "good until 2026-11-22 12:00Z"),
        (token(emails=("a@b.c",)), "also a@b.c; made by ann"),
        (token(scope=Scope(actions=())), "only to do nothing"),
        (
            token(scope=Scope(actions=(Action.READ,), match=Match(environments={"tier": "minor"}, apps={"a": "b"}))),
            "only to read; only environments with tier=minor; only apps with a=b",
        ),
        (token(name="\x1b[2J"), "\\x1b[2J"),
    ],
)
def test_a_token_is_told_in_two_lines(made: TokenIssued, says: str) -> None:
    text: Text = tokens_text([made], NOW)
    assert says in " ".join(text.plain.split())
    assert "0" * 64 not in f"{text.plain} {tokens_json([made])}"
