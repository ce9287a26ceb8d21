"""Whether what an app answers over HTTP is what its check expects. Pure."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import re2

from reconciler.model.health import CheckResult, HttpCheck

_BODY_AT_MOST = 64 * 1024

_SHOWN = 80
_USUAL = HttpCheck(port=1).statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer: names of headers are as they came, ``body`` is its start."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def longer(self, more: bytes) -> "Answer":
        """Return it with more of its body, up to what is read at most."""
        return replace(self, body=(self.body + more)[:_BODY_AT_MOST])


def pattern(text: str) -> Any:
    """Return the regular expression; ValueError with what is wrong in it.

    RE2, because it cannot take longer than in proportion to the text, whatever somebody writes.
    """
    try:
        return _compiled(text)
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"not a regular expression (RE2): {said}") from error


def read_at_most(check: HttpCheck) -> int:
    """Return how many bytes of a body have to be read: what is expected has to be in its first 64 KiB."""
    return _BODY_AT_MOST if check.contains is not None or check.matches is not None else 0


def judged(check: HttpCheck, url: str, answer: Answer) -> CheckResult:
    """Return whether the answer is healthy, and the first thing about it that is not as expected."""
    wrong = _wrong(check, answer)
    said = f"HTTP {answer.status} from {url}"
    return CheckResult(healthy=wrong is None, detail=f"{said}: {wrong}" if wrong else said)


def _wrong(check: HttpCheck, answer: Answer) -> str | None:
    """Say what is wrong beside the status, which is told anyway; an empty text when it is just that."""
    if not any(allowed.first <= answer.status <= allowed.last for allowed in check.statuses):
        return "" if check.statuses == _USUAL else f"expected {', '.join(map(str, check.statuses))}"
    for expected in check.expected:
        there = [value for name, value in answer.headers if name.lower() == expected.name.lower()]
        if not there:
            return f"no header {expected.name}"
        if not any(expected.value in value for value in there):
            return f"{expected.name} is {_short(there[0])}, expected {_short(expected.value)}"
    return _wrong_body(check, answer.body.decode(errors="replace"))


def _wrong_body(check: HttpCheck, body: str) -> str | None:
    if check.contains is not None and check.contains not in body:
        return f"{_short(check.contains)} is not in the body, which begins {_short(body)}"
    if check.matches is not None and not pattern(check.matches).search(body):
        return f"the body does not match {_short(check.matches)}, it begins {_short(body)}"
    return None


def _short(text: str) -> str:
    flat = " ".join(text[: _SHOWN * 4].split())
    return repr(flat if len(flat) <= _SHOWN else flat[:_SHOWN] + "...")


@lru_cache(maxsize=256)
def _compiled(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(text, options)
