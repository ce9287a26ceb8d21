"""Who signed a commit, with real keys: only its committer may have, with a key that is listed for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.remote import remote
from reconciler.desired.signatures import Listed, Signers, take_apart
from reconciler.desired.signed_gpg import GpgSigners
from reconciler.desired.signed_ssh import SshSigners
from reconciler.policy.trust import Broken
from reconciler.ports.source import SourceError
from tests.desired.repository import Repository
from tests.desired.signing import GpgPerson, SshPerson, signed

ADA, BOB = "ada@example.org", "bob@example.org"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "fleet")


@pytest.fixture
def ada(tmp_path: Path) -> SshPerson:
    return SshPerson.new(tmp_path, ADA)


@pytest.fixture(scope="module")
def gpg_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gpg")


@pytest.fixture(scope="module")
def gpg_ada(gpg_folder: Path) -> Iterator[GpgPerson]:
    person = GpgPerson.new(gpg_folder, ADA)
    yield person
    person.close()


class Judge:
    """Asks about commits of a repository, with lists in files beside it."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.line = GitLine(remote(str(repository.path)), repository.path.with_name("mirror"))
        self.allowed = repository.path.with_name("allowed_signers")
        self.keys = repository.path.with_name("keys.asc")

    async def ssh(self, commit: str, *lines: str) -> str | None:
        self.allowed.write_text("".join(lines))
        return await self._by(SshSigners(self.allowed), commit)

    async def gpg(self, commit: str, exported: str, *forges: str) -> str | None:
        self.keys.write_text(exported)
        return await self._by(GpgSigners(self.keys, forges), commit)

    async def _by(self, signers: Signers, commit: str) -> str | None:
        await GitSource(self.line, "main", (".",)).head()
        return await Listed(self.line, (signers,)).distrust(commit)


@pytest.fixture
def judge(repository: Repository) -> Judge:
    return Judge(repository)


@pytest.mark.parametrize(
    ("principals", "options"),
    [("", ""), (f"eve@example.net,{ADA}", ""), ("*@example.org", ""), ("*", ""), ("", 'namespaces="git"')],
)
async def test_a_commit_signed_by_its_committer_is_trusted(
    ada: SshPerson, judge: Judge, principals: str, options: str
) -> None:
    commit = signed(judge.repository, ada)
    assert await judge.ssh(commit, ada.line(principals, options)) is None


async def test_a_listed_signer_may_not_sign_for_another_committer(ada: SshPerson, judge: Judge, tmp_path: Path) -> None:
    bob = SshPerson.new(tmp_path, BOB)
    commit = signed(judge.repository, ada, committer=BOB)
    said = await judge.ssh(commit, ada.line(), bob.line())
    assert said is not None
    assert said.startswith(f"it is signed by {ADA} (the ED25519 key SHA256:")
    assert said.endswith(f"but its committer is {BOB}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('valid-before="20200101"', "has expired"),
        ('valid-after="29990101"', "is not valid yet"),
        ('namespaces="file"', "is not listed for commits (the namespace git) in {allowed}"),
    ],
)
async def test_a_key_that_does_not_count_now_is_told(ada: SshPerson, judge: Judge, options: str, said: str) -> None:
    distrust = await judge.ssh(signed(judge.repository, ada), ada.line(options=options))
    assert distrust is not None
    assert distrust.startswith("it is signed with the ED25519 key SHA256:")
    assert distrust.endswith(f"which {said.format(allowed=judge.allowed)}")


async def test_a_key_that_nobody_lists_is_told(ada: SshPerson, judge: Judge, tmp_path: Path) -> None:
    said = await judge.ssh(signed(judge.repository, ada), SshPerson.new(tmp_path, BOB).line())
    assert said is not None
    assert said.endswith(f"which is not in {judge.allowed}")


async def test_a_commit_that_is_not_signed_is_not_trusted(judge: Judge, ada: SshPerson) -> None:
    refused = await judge.ssh(judge.repository.commit("plain"), ada.line())
    assert refused is not None
    assert refused.startswith("it is not signed; its committer signs it")


async def test_a_signature_taken_from_another_commit_is_bad(judge: Judge, ada: SshPerson) -> None:
    repository = judge.repository
    raw = repository.git("cat-file", "commit", signed(repository, ada)) + "\n"
    repository.path.joinpath("forged").write_text(raw.replace("\n\nsigned", "\n\nforged"))
    forged = repository.git("hash-object", "-t", "commit", "-w", "forged")
    repository.git("update-ref", "refs/heads/main", forged)
    assert await judge.ssh(forged, ada.line()) == "its signature is bad: it is not that of this commit"


async def test_a_list_that_cannot_be_read_is_no_verdict_on_the_commit(judge: Judge, ada: SshPerson) -> None:
    commit = signed(judge.repository, ada)
    judge.allowed.mkdir()
    with pytest.raises(SourceError, match=r"cannot read .*allowed_signers: Is a directory"):
        await judge._by(SshSigners(judge.allowed), commit)
    with pytest.raises(SourceError, match="there is no public GPG key in"):
        await judge.gpg(_with_gpg_header(judge.repository), "nothing")


async def test_the_owner_of_a_gpg_key_is_trusted_by_every_name_of_it(gpg_folder: Path, judge: Judge) -> None:
    person = GpgPerson.new(gpg_folder, "carol@example.org")
    person.add_name("carol@work.example")
    commit = signed(judge.repository, person, committer="Carol@work.example")
    assert await judge.gpg(commit, person.exported()) is None
    person.revoke_name("carol@work.example")
    said = await judge.gpg(commit, person.exported())
    person.close()
    assert said is not None
    assert said.endswith("but its committer is Carol@work.example")
    assert said.startswith("it is signed by carol@example.org (the GPG key ")


async def test_a_forge_signs_for_every_committer_when_the_settings_say_so(gpg_ada: GpgPerson, judge: Judge) -> None:
    commit = signed(judge.repository, gpg_ada, committer=BOB)
    assert await judge.gpg(commit, gpg_ada.exported(), gpg_ada.fingerprint) is None
    said = await judge.gpg(commit, gpg_ada.exported(), "0" * 40)
    assert said == f"it is signed by {ADA} (the GPG key {gpg_ada.fingerprint}), but its committer is {BOB}"


async def test_a_gpg_key_that_is_revoked_expired_or_unknown_counts_for_nobody(
    gpg_folder: Path, gpg_ada: GpgPerson, judge: Judge
) -> None:
    dave = GpgPerson.new(gpg_folder, "dave@example.org", "2099-01-01")
    commit = signed(judge.repository, dave)
    assert await judge.gpg(commit, dave.exported()) is None
    unknown = await judge.gpg(commit, gpg_ada.exported())
    dave.revoke()
    revoked = await judge.gpg(commit, dave.exported())
    dave.close()
    assert unknown is not None
    assert revoked is not None
    assert unknown.endswith(f"which is not in {judge.keys}")
    assert revoked.endswith("which was revoked")


async def test_a_gpg_key_that_has_expired_counts_for_nobody(gpg_folder: Path, judge: Judge) -> None:
    once = GpgPerson.new(gpg_folder, "erin@example.org", "2020-06-01", on="20200101T000000")
    said = await judge.gpg(signed(judge.repository, once), once.exported())
    once.close()
    assert said == f"it is signed with the GPG key {once.fingerprint[-16:]}, which has expired"


async def test_a_gpg_signature_of_another_text_is_bad(gpg_ada: GpgPerson, judge: Judge) -> None:
    repository = judge.repository
    raw = repository.git("cat-file", "commit", signed(repository, gpg_ada)) + "\n"
    repository.path.joinpath("forged").write_text(raw.replace("\n\nsigned", "\n\nforged"))
    forged = repository.git("hash-object", "-t", "commit", "-w", "forged")
    repository.git("update-ref", "refs/heads/main", forged)
    said = await judge.gpg(forged, gpg_ada.exported())
    assert said is not None
    assert said.startswith("its signature is bad: it is not that of this commit")


async def test_a_sort_of_signature_that_nobody_is_listed_for_is_told(gpg_ada: GpgPerson, judge: Judge) -> None:
    said = await judge.ssh(signed(judge.repository, gpg_ada))
    assert said == "its signature is bad: nobody is listed whose signatures start with 'BEGIN PGP SIGNATURE'"


HEAD = b"tree 1\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (HEAD.replace(b"committer A", b"committer A <b@x>") + b"\nm", "it does not name one committer"),
        (HEAD + b"committer B <b@x> 1 +0000\n\nm", "it does not name one committer"),
        (HEAD + b"committer broken\n\nm", "it does not name one committer"),
        (HEAD + b"gpgsig a\n b\ngpgsig c\n\nm", "there is more than one signature"),
        (HEAD + b"gpgsig a\ngpgsig-sha256 c\n\nm", "there is more than one signature"),
        (b"", "it does not name one committer"),
    ],
)
def test_a_commit_that_can_be_read_in_two_ways_is_not_trusted(raw: bytes, said: str) -> None:
    assert take_apart(raw) == Broken(said)


def test_what_is_signed_is_the_commit_without_its_signature() -> None:
    raw = HEAD + b"gpgsig -----BEGIN\n \n xyz\n -----END\nencoding x\n\nsubject\n\ngpgsig no\n"
    taken = take_apart(raw)
    assert not isinstance(taken, Broken)
    assert taken.payload == HEAD + b"encoding x\n\nsubject\n\ngpgsig no\n"
    assert taken.signature == b"-----BEGIN\n\nxyz\n-----END\n"
    assert taken.committer == "a@x"


def _with_gpg_header(repository: Repository) -> str:
    plain = repository.git("cat-file", "commit", repository.commit("plain")) + "\n"
    header = "gpgsig -----BEGIN PGP SIGNATURE-----\n -----END PGP SIGNATURE-----\n\n"
    repository.path.joinpath("made").write_text(plain.replace("\n\n", f"\n{header}", 1))
    commit = repository.git("hash-object", "-t", "commit", "-w", "made")
    repository.git("update-ref", "refs/heads/main", commit)
    return commit
