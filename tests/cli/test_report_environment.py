"""The check of rules for one environment: one that Git alone knows, and one that nobody does."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.remote import remote
from reconciler.model.event import CommitAccepted
from tests.cli.journals import Run, journal

ENVIRONMENT = "apiVersion: reconciler/v1\nkind: Environment\nmetadata: {name: staging}\nspec: {}\n"
APP = "apiVersion: reconciler/v1\nkind: App\nmetadata: {name: shop}\nspec: {environments: {production: {}}}\n"
CHECK = ("report", "--compliance", "--since", "2026-03-03", "--until", "2026-03-04", "--environment")


def _git(repository: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def followed(run: Run, state: Path, tmp_path: Path) -> Run:
    """A journal in which a commit was followed, and nothing rolled out yet."""
    repository = tmp_path / "repository"
    (repository / "desired-state").mkdir(parents=True)
    (repository / "desired-state/fleet.yaml").write_text(f"{ENVIRONMENT}---\n{APP}")
    _git(repository, "init", "--quiet", "--initial-branch", "main")
    _git(repository, "add", ".")
    _git(repository, "commit", "--quiet", "--message", "a fleet")
    (tmp_path / "reconciler.toml").write_text(f'state_dir = "{state}"\n[git]\nurl = "{repository}"\n')
    journal(state, CommitAccepted(commit=_git(repository, "rev-parse", "HEAD"), subject="a fleet"))
    line = GitLine(remote(str(repository)), state / "git")
    asyncio.run(GitSource(line, "main", (".",)).head())
    return run


@pytest.mark.parametrize("name", ["staging", "production"])
def test_where_no_change_was_looked_at_it_is_said_instead_of_compliant(followed: Run, name: str) -> None:
    said = followed(*CHECK, name)
    assert said.exit_code == 0, said.output
    assert "No change was looked at" in said.stdout
    assert "Compliant:" not in said.stdout
    assert "The journal begins within this period" not in said.stdout
    found = json.loads(followed(*CHECK, name, "--format", "json").stdout)
    assert (found["compliant"], found["partial"]) == (None, False)


def test_an_environment_that_nobody_knows_is_refused_with_those_that_there_are(followed: Run) -> None:
    said = followed(*CHECK, "prodution")
    assert said.exit_code == 1
    told = " ".join(said.stderr.split())
    assert "nothing was ever rolled out to an environment prodution" in told
    assert "there are: production, staging" in told
