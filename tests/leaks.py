"""Whether a secret got out: every value that tests use in an unmistakable form is looked for in all that was written.

A plugin of pytest. Whoever has a secret in a test makes it with ``unmistakable``; when the test has ended, what it
printed and logged, and every file below its ``tmp_path``, is searched for it. Files that may hold it (the secret's own,
the one on its host) are told with ``may_hold``. Secrets that are told with ``used`` are words that a file may have for
other reasons: they are looked for in output, logs and journals.
"""

import base64
import hashlib
import itertools
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

_number = itertools.count()
_of_modules: dict[str, bytes] = {}
_of_test: dict[str, bytes] = {}
_used: dict[str, bytes] = {}
_may_hold: list[Path] = []
_registering = _of_modules

_BEGIN = "Kp9~mute+"
"""What all values begin with; quoted in URLs it is another text, as passwords are."""

_SHORTEST = 7
_TELLING = 10
"""So many letters of base64 are no accident."""

_JOURNALS = re.compile(r"\.(db|db-wal|log)$")


def unmistakable(name: str) -> str:
    """Return a value that nothing else looks like, and that is not to be found anywhere when the test has ended."""
    mark = hashlib.sha256(f"{name} {next(_number)}".encode()).hexdigest()[:24]
    value = _BEGIN + mark
    _registering[name] = value.encode()
    return value


def used(values: Mapping[str, str]) -> None:
    """Look for these values in output, logs and journals; those that are hardly more than a word are left out."""
    _used.update({name: value.encode() for name, value in values.items() if len(value) >= _SHORTEST})


def may_hold(*places: Path) -> None:
    """Let these files, and all that is in these folders, hold secrets: they are where they belong."""
    _may_hold.extend(places)


def forms(value: bytes) -> tuple[bytes, ...]:
    """Return the value as it is, and as it looks in URLs and, wherever in a longer text it begins, in base64."""
    # The letters at both ends depend on what stands beside the value.
    inner = (base64.b64encode(b"\0" * before + value).rstrip(b"=")[4:-4] for before in range(3))
    return (value, quote(value, safe="").encode(), *(each for each in inner if len(each) >= _TELLING))


def found(values: Mapping[str, bytes], written: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    """Yield a line for each secret and place in which it was found; never the value."""
    looked_for = {name: forms(value) for name, value in values.items()}
    for place, data in written:
        for name, its in looked_for.items():
            if any(each in data for each in its):
                yield f"the secret {name!r} is in {place}"


def files(folder: Path, but: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """Yield all files below a folder that can be read, but those in the places that may hold secrets."""
    kept = tuple(but)
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file() or any(path == each or each in path.parents for each in kept):
            continue
        try:
            yield str(path), path.read_bytes()
        except OSError:
            continue


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin a test: secrets that are made from now on are its own."""
    global _registering  # noqa: PLW0603 - a test is one at a time
    _of_test.clear()
    _used.clear()
    _may_hold.clear()
    _registering = _of_test


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that let a secret out, once all else of it has been put away."""
    report = yield
    values = {**_of_modules, **_of_test}
    if call.when != "teardown" or not (values or _used) or not report.passed:
        return report
    told = [(f"its {name.lower()}", text.encode(errors="replace")) for name, text in report.sections]
    folder = getattr(item, "funcargs", {}).get("tmp_path") if _of_test or _used else None
    there = list(files(folder, _may_hold)) if folder else []
    leaks = list(found(values, [*told, *(there if _of_test else ())]))
    leaks += found(_used, [*told, *(each for each in there if _JOURNALS.search(each[0]))])
    if leaks:
        report.outcome, report.longrepr = "failed", "a secret got out: " + "; ".join(leaks)
    return report
