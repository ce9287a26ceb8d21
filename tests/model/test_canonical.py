"""Digests are of what was said, so that a program that knows more fields says the same of it."""

from dataclasses import dataclass
from typing import Literal

from reconciler.model.canonical import digest, said
from reconciler.model.health import HttpCheck, TcpCheck


@dataclass(frozen=True)
class Then:
    port: int
    check: Literal["tcp"] = "tcp"


@dataclass(frozen=True)
class Now:
    port: int
    deep: tuple[int, ...] = ()
    limit: int | None = None
    check: Literal["tcp"] = "tcp"


def test_a_field_that_came_later_changes_no_digest_until_somebody_uses_it():
    assert digest(said((Then(80),))) == digest(said((Now(80),)))
    assert digest(said(Now(80))) != digest(said(Now(80, limit=1)))


def test_what_sort_a_value_is_of_is_said():
    assert said(TcpCheck(port=80)) == {"port": 80, "check": "tcp"}
    assert digest(said(HttpCheck(port=80, path="/"))) != digest(said(TcpCheck(port=80)))
