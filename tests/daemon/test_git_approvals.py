"""A signed tag in the repository lets a commit go on, for whoever Git gives the role."""

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.daemon.git_approvals import GitApprovals
from reconciler.desired.git_line import GitLine
from reconciler.desired.git_words import GitWords
from reconciler.desired.remote import remote
from reconciler.desired.signed_ssh import SshSigners
from reconciler.model.assessment import Assessment
from reconciler.model.event import RetryRequested
from reconciler.model.identity import UnitId
from reconciler.model.waiting import Reason
from reconciler.model.word import AccessRefused, ApprovalGiven
from reconciler.plan.consent import as_asked
from tests.daemon.fleet import Fleet, app
from tests.desired.signing import SshPerson

ADA = "ada@example.org"
UNIT = UnitId("shop", "testing")

POLICIES = """\
kind: ApprovalPolicy
metadata: {name: in-git}
spec: {stages: [{roles: [approver]}], fromGit: true}
---
kind: RoleBinding
metadata: {name: approvers}
spec: {role: approver, subjects: ["user:SUBJECT"]}
"""


async def waiting(fleet: Fleet, subject: str = ADA) -> Assessment:
    fleet.repository.write("policies/in-git.yaml", POLICIES.replace("SUBJECT", subject).encode())
    await fleet.commit("red", shop=app("red"))
    return await looked(fleet)


async def looked(fleet: Fleet) -> Assessment:
    (found,) = (await fleet.settled()).review.assessments
    return found


def approvals(fleet: Fleet, *people: SshPerson) -> GitApprovals:
    allowed = fleet.folder / "allowed_signers"
    allowed.write_text("".join(each.line() for each in people))
    line = GitLine(remote(str(fleet.repository.path)), fleet.folder / "words")
    return GitApprovals(GitWords(line, (SshSigners(allowed),)), fleet.world)


def tagged(fleet: Fleet, person: SshPerson, found: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found.plan
    said = {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_COMMITTER_NAME": "x",
        "GIT_COMMITTER_EMAIL": person.email,
        "GIT_COMMITTER_DATE": fleet.clock.now().isoformat(),
    }
    with monkeypatch.context() as patch:
        patch.setattr("tests.desired.repository._IDENTITY", said)
        name = f"reconciler/approve/{UNIT}/{as_asked(found.plan).id}"
        fleet.repository.git(*person.options, "tag", "--sign", "-m", "yes", name)


@pytest.fixture
def ada(tmp_path: Path) -> SshPerson:
    return SshPerson.new(tmp_path, ADA)


async def test_a_signed_tag_is_an_approval_once(fleet: Fleet, ada: SshPerson, monkeypatch: pytest.MonkeyPatch) -> None:
    taking = approvals(fleet, ada)
    assert not await taking.take()
    found = await waiting(fleet)
    assert found.waiting
    assert found.waiting.reason is Reason.APPROVAL
    tagged(fleet, ada, found, monkeypatch)

    assert [await taking.take(), await taking.take()] == [True, False]
    (given,) = [each for each in await fleet.events() if isinstance(each, ApprovalGiven)]
    assert (given.author, given.roles, given.factor) == (ADA, ("approver",), False)
    await fleet.settled()
    assert fleet.colours() == ["red", "red"]


async def test_a_tag_of_somebody_without_a_role_is_refused_once(
    fleet: Fleet, ada: SshPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await waiting(fleet, "bob@example.org")
    tagged(fleet, ada, found, monkeypatch)
    taking = approvals(fleet, ada)
    assert [await taking.take(), await taking.take()] == [True, False]
    (refused,) = [each for each in await fleet.events() if isinstance(each, AccessRefused)]
    assert refused.reason.endswith(f"no role that allows to approve {UNIT} is bound to user:{ADA}")
    assert (await looked(fleet)).waiting


async def test_a_tag_by_a_key_that_is_not_listed_is_refused(
    fleet: Fleet, ada: SshPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await waiting(fleet)
    tagged(fleet, ada, found, monkeypatch)
    assert await approvals(fleet).take()
    assert not [each for each in await fleet.events() if isinstance(each, ApprovalGiven)]


async def test_what_was_said_before_people_were_asked_again_counts_no_longer(
    fleet: Fleet, ada: SshPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await waiting(fleet)
    tagged(fleet, ada, found, monkeypatch)
    fleet.clock.jump(fleet.clock.now() + timedelta(hours=1))
    again = RetryRequested(unit=UNIT, author="bob", reason="another look")
    await fleet.world.journal.append([again], fleet.clock.now())
    await looked(fleet)
    assert not await approvals(fleet, ada).take()
