"""Which heads of the branch are followed: what nobody trusts or expects is told, and the accepted commit stays."""

from pathlib import Path

from reconciler.daemon.admission import Admission
from reconciler.daemon.intake import Commits, Reading
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.history import History
from reconciler.desired.load import Folders, Loading
from reconciler.desired.remote import remote
from reconciler.desired.signatures import Anybody, Listed
from reconciler.desired.signed_changes import SignedChanges
from reconciler.desired.signed_ssh import SshSigners
from reconciler.model.event import CommitAccepted, CommitRefused, Refusal, RewriteAccepted
from reconciler.policy.trust import Rewrites
from tests.daemon.fleet import KINDS, Fleet, app
from tests.desired.signing import SshPerson, signed
from tests.providers.secret_values import SecretValues


def followed(fleet: Fleet) -> str:
    desired = fleet.world.commits.newest.desired
    assert desired is not None
    return desired.commit


async def let_by(fleet: Fleet, commit: str) -> None:
    await fleet.world.journal.append([RewriteAccepted(commit=commit, author="ann", reason="ours")], fleet.clock.now())
    await fleet.world.commits.refresh()


async def told(fleet: Fleet) -> list[tuple[type, str]]:
    kinds = CommitAccepted | CommitRefused
    return [(type(event), event.commit) for event in await fleet.events() if isinstance(event, kinds)]


async def test_a_history_that_goes_back_is_held_until_a_person_lets_it_by(fleet: Fleet) -> None:
    first = await fleet.commit("first", shop=app("red"))
    second = await fleet.commit("second", shop=app("blue"))
    fleet.repository.git("reset", "--quiet", "--hard", first)
    await fleet.world.commits.refresh()
    await fleet.world.commits.refresh()
    assert followed(fleet) == second
    (said,) = fleet.world.commits.newest.refused
    assert said == (
        f"commit {first[:8]}: the branch was rewritten: Git says {first[:8]}, which does not contain the accepted "
        f"{second[:8]}; to follow it: reconciler accept {first[:8]} --reason TEXT"
    )
    assert await told(fleet) == [(CommitAccepted, first), (CommitAccepted, second), (CommitRefused, first)]
    await let_by(fleet, first)
    assert followed(fleet) == first
    assert fleet.world.commits.newest.refused == ()


async def test_what_is_pushed_on_top_of_a_rewrite_that_was_let_by_is_followed(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))
    fleet.repository.git("checkout", "--quiet", "--orphan", "other")
    fleet.repository.git("branch", "--quiet", "-M", "main")
    rewritten = await fleet.commit("another first", shop=app("green"))
    later = fleet.repository.commit("later", **{"shop.yaml": app("black")})
    await let_by(fleet, rewritten)
    assert followed(fleet) == later


async def test_what_was_let_by_once_is_no_licence_for_ever(fleet: Fleet) -> None:
    first = await fleet.commit("first", shop=app("red"))
    await fleet.commit("second", shop=app("blue"))
    fleet.repository.git("reset", "--quiet", "--hard", first)
    await fleet.world.commits.refresh()
    await let_by(fleet, first)
    third = await fleet.commit("third", shop=app("black"))
    assert followed(fleet) == third
    fleet.repository.git("reset", "--quiet", "--hard", first)
    await fleet.world.commits.refresh()
    assert followed(fleet) == third
    assert "was rewritten" in fleet.world.commits.newest.refused[0]


async def test_another_repository_is_a_rewritten_branch(fleet: Fleet, tmp_path: Path) -> None:
    first = await fleet.commit("first", shop=app("red"))
    fleet.repository.path.rename(tmp_path / "old")
    fleet.repository.path.mkdir()
    fleet.repository.git("init", "--quiet", "--initial-branch=main")
    await fleet.commit("elsewhere", shop=app("blue"))
    assert followed(fleet) == first
    assert "was rewritten" in fleet.world.commits.newest.refused[0]


async def test_a_branch_that_is_back_is_no_rewrite(fleet: Fleet) -> None:
    first = await fleet.commit("first", shop=app("red"))
    second = await fleet.commit("second", shop=app("blue"))
    fleet.repository.git("reset", "--quiet", "--hard", first)
    await fleet.world.commits.refresh()
    fleet.repository.git("reset", "--quiet", "--hard", second)
    await fleet.world.commits.refresh()
    assert followed(fleet) == second
    assert fleet.world.commits.newest.refused == ()


def commits_of(fleet: Fleet, allowed: Path | None, rewrites: Rewrites = "hold") -> Commits:
    """Return what follows the fleet's branch with other settings."""
    line = GitLine(remote(str(fleet.repository.path)), fleet.folder / "git")
    source = GitSource(line, "main", ("desired-state", "policies"))
    trust = Listed(line, (SshSigners(allowed),)) if allowed else Anybody()
    journal = fleet.world.journal
    reading = Reading(loading=Loading(KINDS, SecretValues(fleet.secrets), Folders()))
    changes = SignedChanges(source, History(line), Folders())
    return Commits(source, journal, reading, fleet.clock, Admission(source, trust, journal, changes, rewrites))


async def test_a_rewritten_branch_is_followed_where_the_settings_say_so(fleet: Fleet) -> None:
    first = await fleet.commit("first", shop=app("red"))
    await fleet.commit("second", shop=app("blue"))
    fleet.repository.git("reset", "--quiet", "--hard", first)
    commits = commits_of(fleet, None, "follow")
    await commits.begin()
    await commits.refresh()
    assert commits.newest.desired is not None
    assert commits.newest.desired.commit == first


async def test_an_untrusted_commit_is_not_even_loaded_and_is_followed_once_its_signer_is_listed(
    fleet: Fleet, tmp_path: Path
) -> None:
    allowed = tmp_path / "allowed"
    ann, eve = SshPerson.new(tmp_path, "ann@example.org"), SshPerson.new(tmp_path, "eve@example.org")
    allowed.write_text(ann.line())
    fleet.repository.commit("first", **{"shop.yaml": app("red")})
    first = signed(fleet.repository, ann)
    commits = commits_of(fleet, allowed)
    await commits.refresh()
    fleet.repository.git("reset", "--quiet", "--hard", first)
    fleet.repository.write("desired-state/shop.yaml", b"broken: [")
    fleet.repository.git("add", "--all")
    second = signed(fleet.repository, eve, parent=first)
    await commits.refresh()
    assert commits.newest.desired is not None
    assert commits.newest.desired.commit == first
    (said,) = commits.newest.refused
    assert said.startswith(f"commit {second[:8]}: it is signed with the ED25519 key SHA256:")
    allowed.write_text(ann.line() + eve.line())
    await commits.refresh()
    assert any("this is not YAML" in problem for problem in commits.newest.refused)
    refusals = [event.why for event in await fleet.events() if isinstance(event, CommitRefused)]
    assert refusals == [Refusal.UNTRUSTED, Refusal.MISTAKES]


async def test_a_list_that_is_away_is_told_as_trouble_and_nothing_is_followed(fleet: Fleet, tmp_path: Path) -> None:
    fleet.repository.commit("first", **{"shop.yaml": app("red")})
    signed(fleet.repository, SshPerson.new(tmp_path, "ann@example.org"))
    commits = commits_of(fleet, tmp_path / "nothing")
    await commits.refresh()
    assert commits.newest.desired is None
    assert f"signatures cannot be verified: cannot read {tmp_path}/nothing" in (commits.newest.trouble or "")


async def test_a_change_that_is_not_signed_as_the_accepted_policy_wants_is_refused_with_who_is_wanted(
    fleet: Fleet, tmp_path: Path
) -> None:
    ann = SshPerson.new(tmp_path, "ann@example.org")
    public = " ".join(ann.key.with_name(ann.key.name + ".pub").read_text().split()[:2])
    signer = f"paths: [desired-state/**], signers: [{{principal: {ann.email}, ssh: {public}}}]"
    fleet.repository.write(
        "policies/signers.yaml", f"kind: SignerPolicy\nmetadata: {{name: all}}\nspec: {{{signer}}}\n".encode()
    )
    first = await fleet.commit("first", shop=app("red"))
    second = await fleet.commit("second", shop=app("blue"))
    assert followed(fleet) == first
    (said,) = fleet.world.commits.newest.refused
    assert said == (
        f"commit {second[:8]}: commit {second[:8]} changes desired-state/shop.yaml, for which the policy all wants the "
        "signature of ann@example.org: it is not signed; its committer signs it (git commit --amend -S) and pushes "
        "again"
    )
    refusals = [event.why for event in await fleet.events() if isinstance(event, CommitRefused)]
    assert refusals == [Refusal.UNTRUSTED]
    amended = signed(fleet.repository, ann, parent=first)
    await fleet.world.commits.refresh()
    assert followed(fleet) == amended
