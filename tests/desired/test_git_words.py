"""Consent in the repository, with real keys: a tag or a note counts for whoever signed it, and for nothing else."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.desired.git_line import GitLine
from reconciler.desired.git_words import GitWords
from reconciler.desired.remote import remote
from reconciler.desired.signed_gpg import GpgSigners
from reconciler.desired.signed_ssh import SshSigners
from reconciler.model.identity import UnitId
from reconciler.ports.source import SignedConsent
from tests.desired.repository import Repository
from tests.desired.signing import GpgPerson, SshPerson

ADA, BOB = "ada@example.org", "bob@example.org"
PLAN = "0123456789abcdef"
SHOP = UnitId("shop", "production")
NAME = f"reconciler/approve/shop@production/{PLAN}"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "fleet")
    made.commit("first")
    return made


@pytest.fixture
def ada(tmp_path: Path) -> SshPerson:
    return SshPerson.new(tmp_path, ADA)


def tagged(repository: Repository, person: SshPerson | GpgPerson, name: str = NAME, email: str = "") -> str:
    who = ("-c", f"user.email={email or person.email}", "-c", "user.name=x", *person.options)
    environment = ("-c", "tag.gpgSign=true")
    repository.git(*environment, *who, "tag", "--sign", "-m", "yes", name)
    return name


@pytest.fixture(autouse=True)
def whoever_tags_says_who_they_are(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    del repository  # which has its first commit by then
    monkeypatch.setattr("tests.desired.repository._IDENTITY", {"GIT_CONFIG_GLOBAL": "/dev/null"})


async def said(repository: Repository, *people: SshPerson) -> tuple[SignedConsent, ...]:
    allowed = repository.path.with_name("allowed_signers")
    allowed.write_text("".join(each.line() for each in people))
    line = GitLine(remote(str(repository.path)), repository.path.with_name("mirror"))
    return await GitWords(line, (SshSigners(allowed),)).consents()


def consent(found: tuple[SignedConsent, ...]) -> list[tuple[UnitId, str, str, str]]:
    return [(each.unit, each.plan, each.email, each.distrust) for each in found]


async def test_nothing_is_said_in_a_repository_without_such_tags(repository, ada):
    repository.git("-c", "user.email=a@b", "-c", "user.name=x", "tag", "-a", "-m", "x", "v1")
    assert await said(repository, ada) == ()


async def test_a_tag_that_its_tagger_signed_counts(repository, ada):
    tagged(repository, ada)
    assert consent(await said(repository, ada)) == [(SHOP, PLAN, ADA, "")]


async def test_a_note_with_a_signed_tag_in_it_counts(repository, ada):
    text = repository.git("cat-file", "tag", tagged(repository, ada))
    repository.git("tag", "--delete", NAME)
    note = repository.path.with_name("note")
    note.write_text(text + "\n")
    who = ("-c", "user.email=bot@example.net", "-c", "user.name=bot")
    repository.git(*who, "notes", "--ref=reconciler", "add", "-F", str(note), "HEAD")
    assert consent(await said(repository, ada)) == [(SHOP, PLAN, ADA, "")]


async def test_a_tag_without_a_signature_does_not_count(repository, ada):
    repository.git("-c", f"user.email={ADA}", "-c", "user.name=x", "tag", "-a", "-m", "yes", NAME)
    (found,) = await said(repository, ada)
    assert found.distrust == "it is not signed"


async def test_a_tag_in_the_name_of_another_does_not_count(repository, ada, tmp_path):
    bob = SshPerson.new(tmp_path, BOB)
    tagged(repository, bob, email=ADA)
    (found,) = await said(repository, ada, bob)
    assert f"it is signed by {BOB}" in found.distrust
    assert found.distrust.endswith(f"and not by {ADA}")


async def test_a_tag_of_somebody_who_is_not_listed_does_not_count(repository, ada, tmp_path):
    tagged(repository, SshPerson.new(tmp_path, BOB))
    (found,) = await said(repository, ada)
    assert "is not in" in found.distrust


async def test_a_tag_that_was_put_under_another_name_says_what_was_signed(repository, ada):
    other = NAME.replace(PLAN, "f" * 16)
    object_id = repository.git("rev-parse", f"refs/tags/{tagged(repository, ada)}")
    repository.git("update-ref", f"refs/tags/{other}", object_id)
    repository.git("update-ref", "-d", f"refs/tags/{NAME}")
    assert [each.plan for each in await said(repository, ada)] == [PLAN]


async def test_a_text_that_was_changed_after_it_was_signed_does_not_count(repository, ada):
    text = repository.git("cat-file", "tag", tagged(repository, ada)) + "\n"
    repository.git("tag", "--delete", NAME)
    file = repository.path.with_name("changed")
    file.write_text(text.replace(PLAN, "f" * 16))
    changed = repository.git("hash-object", "-t", "tag", "-w", str(file))
    repository.git("update-ref", f"refs/tags/{NAME}", changed)
    (found,) = await said(repository, ada)
    assert (found.plan, found.distrust) == ("f" * 16, "its signature does not fit it")


async def test_of_more_tags_than_are_looked_at_the_newest_count(repository, ada, monkeypatch):
    monkeypatch.setattr("reconciler.desired.git_words._MOST", 1)
    for day, plan in enumerate(["a" * 16, "b" * 16, "c" * 16], start=1):
        identity = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_COMMITTER_DATE": f"2026-11-0{day}T12:00:00Z"}
        monkeypatch.setattr("tests.desired.repository._IDENTITY", identity)
        tagged(repository, ada, NAME.replace(PLAN, plan))
    assert [each.plan for each in await said(repository, ada)] == ["c" * 16]


@dataclass(slots=True)
class CountedGit(GitLine):
    """Git, and what it was asked."""

    asked: list[str] = field(default_factory=list)

    async def __call__(self, doing, *arguments, **bounds):
        self.asked.append(arguments[0])
        return await GitLine.__call__(self, doing, *arguments, **bounds)


async def test_what_was_read_once_is_not_read_again(repository, ada):
    tagged(repository, ada)
    allowed = repository.path.with_name("allowed_signers")
    allowed.write_text(ada.line())
    line = CountedGit(remote(str(repository.path)), repository.path.with_name("mirror"))
    words = GitWords(line, (SshSigners(allowed),))
    first = await words.consents()
    assert line.asked.count("cat-file") == 1
    assert await words.consents() == first
    assert line.asked.count("cat-file") == 1
    repository.git("tag", "--delete", NAME)
    other = "f" * 16
    tagged(repository, ada, NAME.replace(PLAN, other))
    assert other in [each.plan for each in await words.consents()]


async def test_gpg_signs_as_well(repository, tmp_path_factory, monkeypatch):
    person = GpgPerson.new(tmp_path_factory.mktemp("gpg"), ADA)
    monkeypatch.setenv("GNUPGHOME", str(person.home))
    try:
        tagged(repository, person)
        keys = repository.path.with_name("keys.asc")
        keys.write_text(person.exported())
        line = GitLine(remote(str(repository.path)), repository.path.with_name("mirror"))
        assert consent(await GitWords(line, (GpgSigners(keys),)).consents()) == [(SHOP, PLAN, ADA, "")]
    finally:
        person.close()
