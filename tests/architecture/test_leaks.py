"""The search for secrets finds them: whatever they were written to, and however."""

import base64
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests import leaks
from tests.architecture.tracked import ROOT

VALUE = b"Kp9~mute+0123456789abcdef01234567"


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        b"postgres://shop:" + quote(VALUE, safe="").encode() + b"@db",
        base64.b64encode(b"shop:" + VALUE),
        base64.b64encode(b"a" + VALUE + b" and more of it"),
        base64.b64encode(VALUE),
    ],
)
def test_a_value_is_found_as_it_is_and_as_it_is_written_in_urls_and_in_headers(written: bytes) -> None:
    assert list(leaks.found({"db": VALUE}, [("here", b"before " + written + b" after")])) == [
        "the secret 'db' is in here"
    ]


def test_another_value_is_not_found() -> None:
    assert list(leaks.found({"db": VALUE}, [("here", VALUE[:-1] + b"8"), ("there", b"")])) == []


def test_a_value_in_a_journal_is_found_and_one_where_it_belongs_is_not(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "journal.db") as journal:
        journal.execute("PRAGMA journal_mode=WAL")
        journal.execute("CREATE TABLE event (said TEXT)")
        journal.execute("INSERT INTO event VALUES (?)", (VALUE.decode(),))
    journal.close()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/db").write_bytes(VALUE)
    (told,) = leaks.found({"db": VALUE}, leaks.files(tmp_path, [tmp_path / "secrets"]))
    assert told == f"the secret 'db' is in {tmp_path / 'journal.db'}"


WAYS = {
    "print(value)": "its captured stdout call",
    "logging.getLogger('shop').warning('with %s', value)": "its captured log call",
    "(tmp_path / 'state.json').write_text(value)": "state.json",
    "subprocess.run(['sh', '-c', 'echo \"$0\" >&2', value])": "its captured stderr call",
}


def test_a_test_that_lets_a_secret_out_fails(tmp_path: Path) -> None:
    text = "import logging, subprocess\nfrom tests.leaks import may_hold, unmistakable\n"
    for number, does in enumerate([*WAYS, "(tmp_path / 'held').write_text(value); may_hold(tmp_path / 'held')"]):
        text += f"\ndef test_{number}(tmp_path):\n    value = unmistakable('db')\n    {does}\n"
    (tmp_path / "test_it.py").write_text(text)
    words = ("-m", "pytest", "-p", "tests.leaks", "-p", "no:cacheprovider", "--capture=fd", "-c", "/dev/null")
    done = subprocess.run(
        [sys.executable, *words, f"--basetemp={tmp_path / 'base'}", f"--rootdir={tmp_path}", "test_it.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "5 passed, 4 errors" in done.stdout, done.stdout + done.stderr
    assert [place for place in WAYS.values() if f"{place}\n" not in done.stdout] == []
    assert done.stdout.count("a secret got out: the secret 'db' is in ") >= len(WAYS)
