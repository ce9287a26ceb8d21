"""``validate``, ``schema`` and ``init`` as a person runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG


def reconciler(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def start(tmp_path: Path) -> Path:
    assert reconciler("init", "fleet", cwd=tmp_path).returncode == 0
    return tmp_path / "fleet"


def test_what_init_writes_is_valid(start: Path) -> None:
    done = reconciler("validate", cwd=start)

    assert (done.stdout, done.stderr, done.returncode) == ("no problems: 1 unit on 1 host\n", "", 0)


def test_init_overwrites_nothing(start: Path) -> None:
    (start / "desired-state" / "hosts.yaml").write_text("mine")
    (start / "reconciler.toml").unlink()

    done = reconciler("init", cwd=start)

    assert done.returncode == 1
    assert "so nothing was written" in done.stderr
    assert (start / "desired-state" / "hosts.yaml").read_text() == "mine"
    assert not (start / "reconciler.toml").exists()


def test_validate_prints_every_problem_and_a_count(start: Path) -> None:
    host = start / "desired-state" / "hosts.yaml"
    host.write_text(host.read_text().replace("become: none", "become: su").replace("user:", "usr:"))
    (start / "policies" / "x.yaml").write_text("a: \x1b[31m\n")

    done = reconciler("validate", ".", cwd=start)

    known = "expected environment, address, port, user, become, becomePassword, jump or hostKey"
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "desired-state/hosts.yaml:10:3: spec: the key 'user' is missing",
        f"desired-state/hosts.yaml:12:3: spec.usr: there is no key 'usr' here; {known} (did you mean 'user'?)",
        "desired-state/hosts.yaml:13:11: spec.become: expected none or sudo, got 'su' (did you mean 'sudo'?)",
        "policies/x.yaml:1:4: this is not YAML: control characters are not allowed",
        "4 problems in 2 files",
    ]


def test_validate_refuses_links_as_a_commit_would(start: Path) -> None:
    (start / "policies" / "link.yaml").symlink_to(start / "policies" / "default.yaml")
    (start / "desired-state" / "folder").symlink_to("/etc")

    done = reconciler("validate", cwd=start)

    assert done.stdout.splitlines() == [
        "desired-state/folder: this is a symbolic link; only plain files are read",
        "policies/link.yaml: this is a symbolic link; only plain files are read",
        "2 problems in 2 files",
    ]


def test_a_folder_without_desired_state_is_told(tmp_path: Path) -> None:
    done = reconciler("validate", str(tmp_path), cwd=tmp_path)

    assert done.returncode == 1
    assert "there is no folder desired-state with files" in done.stdout


def test_the_schema_knows_all_kinds_of_resources(tmp_path: Path) -> None:
    printed = reconciler("schema", cwd=tmp_path).stdout
    assert reconciler("schema", "--out", "s.json", cwd=tmp_path).stdout == "wrote s.json\n"

    made = json.loads(printed)
    items = made["$defs"]["AppSpec"]["properties"]["resources"]["items"]["oneOf"]
    assert (tmp_path / "s.json").read_text() == printed
    assert [next(iter(each["properties"])) for each in items] == list(CATALOG)


def test_a_schema_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = reconciler("schema", "--out", "nowhere/s.json", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (1, "error: cannot write nowhere/s.json: No such file or directory\n")
