"""Histories in real repositories, signed with real keys, judged by the policies of the commit before them."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.ports.source import SourceError
from tests.desired.signed_story import ANN, BOB, EVE, PRODUCTION, Story
from tests.desired.signing import GpgPerson


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


async def test_a_change_in_production_needs_one_of_its_signers(story: Story) -> None:
    accepted = story.begin(ANN, BOB)
    story.commit(BOB, production__shop="2")
    assert await story.asked(accepted) is None
    commit = story.commit(EVE, production__shop="3")
    said = await story.asked(accepted)
    assert said is not None
    assert said.startswith(
        f"commit {commit[:8]} changes {PRODUCTION}, for which the policy production wants the signature of "
        f"{ANN} or {BOB}: it is signed with the ED25519 key SHA256:"
    )
    assert said.endswith("which is not in the policy production")


async def test_every_commit_since_the_accepted_one_is_judged_and_not_only_the_head(story: Story) -> None:
    accepted = story.begin(ANN)
    hidden = story.commit(None, production__shop="evil")
    story.commit(ANN, staging__shop="2")
    assert f"commit {hidden[:8]} changes {PRODUCTION}" in (await story.asked(accepted) or "")
    story.commit(ANN, production__shop="1")
    assert f"commit {hidden[:8]}" in (await story.asked(accepted) or "")


async def test_what_is_elsewhere_needs_nobody(story: Story) -> None:
    accepted = story.begin(ANN)
    story.commit(None, staging__shop="2")
    story.change(None, {"README.md": "hello"})
    assert await story.asked(accepted) is None


async def test_a_file_that_is_moved_out_or_taken_away_is_a_change(story: Story) -> None:
    accepted = story.begin(ANN)
    story.git("mv", PRODUCTION, "desired-state/staging/other.yaml")
    story.by(None, "commit", "--quiet", "-m", "move")
    assert f"changes {PRODUCTION}" in (await story.asked(accepted) or "")


async def test_a_commit_cannot_loosen_the_policy_that_judges_it(story: Story) -> None:
    accepted = story.begin(ANN, paths=["desired-state/production/**"])
    loosened = story.change(EVE, {"policies/signers.yaml": story.policy(EVE), PRODUCTION: "evil"})
    assert f"commit {loosened[:8]} changes {PRODUCTION}" in (await story.asked(accepted) or "")
    story.git("reset", "--quiet", "--hard", accepted)
    story.change(None, {"policies/signers.yaml": story.policy(EVE)})
    evil = story.commit(EVE, production__shop="evil")
    assert f"commit {evil[:8]} changes {PRODUCTION}" in (await story.asked(accepted) or "")


async def test_a_policy_that_covers_itself_is_changed_by_its_signers_alone(story: Story) -> None:
    accepted = story.begin(ANN)
    story.change(EVE, {"policies/signers.yaml": story.policy(ANN, EVE)})
    assert "changes policies/signers.yaml" in (await story.asked(accepted) or "")
    story.git("reset", "--quiet", "--hard", accepted)
    changed = story.change(ANN, {"policies/signers.yaml": story.policy(ANN, EVE)})
    assert await story.asked(accepted) is None
    story.commit(EVE, production__shop="2")
    assert await story.asked(changed) is None


def side(story: Story, who: str | None, **files: str) -> str:
    story.git("checkout", "--quiet", "-b", "side")
    commit = story.commit(who, **files)
    story.git("checkout", "--quiet", "main")
    return commit


MERGE = ("merge", "--quiet", "--no-ff", "-m", "merge")


async def test_an_honest_merge_needs_no_signature_and_what_it_brings_does(story: Story) -> None:
    accepted = story.begin(ANN)
    side(story, ANN, production__shop="2")
    story.commit(None, staging__shop="2")
    story.by(None, *MERGE, "side")
    assert await story.asked(accepted) is None


async def test_what_a_merge_brings_is_judged(story: Story) -> None:
    accepted = story.begin(ANN)
    hidden = side(story, None, production__shop="evil")
    story.commit(ANN, staging__shop="2")
    story.by(ANN, *MERGE, "side")
    assert f"commit {hidden[:8]} changes" in (await story.asked(accepted) or "")


async def test_an_evil_merge_that_neither_side_asked_for_is_judged(story: Story) -> None:
    accepted = story.begin(ANN)
    side(story, None, staging__shop="2")
    story.commit(None, staging__other="2")
    story.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    evil = story.change(None, {PRODUCTION: "evil"})
    assert len(story.git("rev-list", "--parents", "-1", evil).split()) == 3
    assert f"commit {evil[:8]} changes {PRODUCTION}" in (await story.asked(accepted) or "")


@pytest.mark.parametrize("ours_first", [True, False])
async def test_a_merge_that_takes_production_back_is_judged_whichever_parent_comes_first(
    story: Story, ours_first: bool
) -> None:
    start = story.begin(ANN)
    story.git("branch", "old", start)
    accepted = story.commit(ANN, production__shop="mended")
    story.git("checkout", "--quiet", "old")
    story.commit(None, staging__shop="2")
    if ours_first:
        evil = story.by(None, *MERGE, "--strategy", "ours", "main")
        story.git("update-ref", "refs/heads/main", evil)
    else:
        tree = story.git("rev-parse", "HEAD^{tree}")
        evil = story.git("commit-tree", "-p", "main", "-p", "HEAD", "-m", "evil", tree)
        story.git("update-ref", "refs/heads/main", evil)
    assert f"commit {evil[:8]} changes {PRODUCTION}" in (await story.asked(accepted) or "")


async def test_a_merge_of_three_answers_for_all_that_it_brings_together(story: Story) -> None:
    accepted = story.begin(ANN)
    side(story, ANN, production__shop="2")
    story.git("checkout", "--quiet", "-b", "other", accepted)
    story.commit(None, staging__shop="2")
    story.git("checkout", "--quiet", "main")
    story.commit(None, staging__more="2")
    merge = story.by(None, *MERGE, "side", "other")
    assert len(story.git("rev-list", "--parents", "-1", merge).split()) == 4
    assert f"commit {merge[:8]} changes {PRODUCTION}" in (await story.asked(accepted) or "")
    story.by(ANN, "commit", "--quiet", "--amend", "--no-edit")
    story.git("commit", "--quiet", "--allow-empty", "-m", "later")
    assert await story.asked(accepted) is None


async def test_a_history_of_its_own_that_is_merged_in_is_judged(story: Story) -> None:
    accepted = story.begin(ANN)
    story.git("checkout", "--quiet", "--orphan", "other")
    story.git("rm", "-r", "--quiet", "--force", ".")
    foreign = story.commit(None, production__more="evil")
    story.git("checkout", "--quiet", "main")
    story.by(ANN, *MERGE, "--allow-unrelated-histories", "other")
    assert f"commit {foreign[:8]} changes desired-state/production/more.yaml" in (await story.asked(accepted) or "")


async def test_a_branch_that_goes_back_changes_files_too_and_its_head_answers(story: Story) -> None:
    start = story.begin(ANN)
    accepted = story.commit(ANN, production__shop="mended")
    assert await story.asked(accepted) is None
    story.git("reset", "--quiet", "--hard", start)
    assert f"commit {start[:8]} changes {PRODUCTION}" in (await story.asked(accepted) or "")
    story.commit(ANN, staging__shop="2")
    assert await story.asked(accepted) is None


async def test_a_second_signer_is_whoever_merges_it(story: Story) -> None:
    accepted = story.begin(ANN, BOB, count=2)
    side(story, ANN, production__shop="2")
    story.by(ANN, *MERGE, "side")
    assert "it has 1 of 2 signers: ann@example.org" in (await story.asked(accepted) or "")
    story.git("reset", "--quiet", "--hard", accepted)
    story.by(BOB, *MERGE, "side")
    assert await story.asked(accepted) is None


async def test_one_key_under_two_names_is_one_signer(story: Story) -> None:
    story.people[BOB] = story.people[ANN]
    accepted = story.begin(ANN, BOB, count=2)
    side(story, ANN, production__shop="2")
    story.by(BOB, *MERGE, "side")
    assert "it has 1 of 2 signers: ann@example.org" in (await story.asked(accepted) or "")


async def test_who_merges_something_else_later_is_no_second_signer(story: Story) -> None:
    accepted = story.begin(ANN, BOB, count=2)
    alone = story.commit(ANN, production__shop="2")
    side(story, None, staging__shop="2")
    story.by(BOB, *MERGE, "side")
    said = await story.asked(accepted)
    assert said is not None
    assert f"commit {alone[:8]} changes {PRODUCTION}" in said
    assert "it has 1 of 2 signers: ann@example.org" in said


async def test_a_listed_signer_signs_for_no_other_committer(story: Story) -> None:
    accepted = story.begin(ANN, BOB)
    story.people[BOB] = story.people[ANN]
    story.commit(BOB, production__shop="2")
    assert f"it is signed by {ANN}" in (await story.asked(accepted) or "")


BASE = """\
kind: Environment
metadata: {name: live, labels: {tier: critical}}
---
kind: Environment
metadata: {name: test, labels: {tier: free}}
"""


def app(*environments: str, version: str = "1") -> str:
    named = ", ".join(f"{each}: {{}}" for each in environments)
    return f"kind: App\nmetadata: {{name: shop}}\nspec: {{version: '{version}', environments: {{{named}}}}}\n"


def host(environment: str, address: str) -> str:
    return f"kind: Host\nmetadata: {{name: web}}\nspec: {{environment: {environment}, address: {address}}}\n"


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"desired-state/shop.yaml": app("live", "test", version="2")}, True),
        ({"desired-state/shop.yaml": app("test", version="2")}, True),
        ({"desired-state/tool.yaml": app("test", version="2")}, False),
        ({"desired-state/tool.yaml": app("test", "live", version="2")}, True),
        ({"desired-state/web.yaml": host("test", "203.0.113.9")}, False),
        ({"desired-state/web.yaml": host("live", "203.0.113.9")}, True),
        ({"desired-state/base.yaml": BASE.replace("critical", "free")}, True),
        ({"desired-state/more.yaml": "kind: Environment\nmetadata: {name: x, labels: {tier: critical}}\n"}, True),
        ({"desired-state/more.yaml": "kind: Environment\nmetadata: {name: x, labels: {tier: free}}\n"}, False),
        (
            {"desired-state/more.yaml": 'kind: "Environm\\u0065nt"\nmetadata: {name: x, labels: {tier: critical}}\n'},
            True,
        ),
        ({"desired-state/files/motd": "hello"}, True),
        ({"desired-state/broken.yaml": "["}, True),
        ({"desired-state/large.yaml": "# " + "x" * 1_100_000 + "\n"}, True),
        ({"desired-state/remark.yaml": "# nothing\n"}, False),
        ({"policies/rollouts.yaml": "kind: RolloutPolicy\nmetadata: {name: x}\n"}, True),
        ({"README.md": "hello"}, False),
    ],
)
async def test_by_environment_a_change_is_judged_when_it_may_reach_one(
    story: Story, changed: dict[str, str], wanted: bool
) -> None:
    policy = story.policy(ANN, paths=[], match={"environments": {"tier": "critical"}})
    files = {
        "policies/signers.yaml": policy,
        "desired-state/base.yaml": BASE,
        "desired-state/shop.yaml": app("live", "test"),
        "desired-state/tool.yaml": app("test"),
        "desired-state/web.yaml": host("test", "203.0.113.1"),
    }
    accepted = story.change(None, files)
    story.change(None, changed)
    said = await story.asked(accepted)
    assert (said is not None) is wanted
    assert said is None or f"changes {next(iter(changed))}," in said


@pytest.fixture(scope="module")
def carol(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GpgPerson]:
    person = GpgPerson.new(tmp_path_factory.mktemp("gpg"), "carol@example.org")
    yield person
    person.close()


def by_gpg(story: Story, who: GpgPerson) -> str:
    story.repository.write(PRODUCTION, b"2")
    story.git("add", "--all")
    environment = {
        **os.environ,
        "GNUPGHOME": str(who.home),
        "GIT_COMMITTER_EMAIL": who.email,
        "GIT_COMMITTER_NAME": "c",
    }
    environment |= {"GIT_AUTHOR_NAME": "c", "GIT_AUTHOR_EMAIL": who.email}
    command = ["git", *who.options, "commit", "--quiet", "-S", "-m", "signed"]
    subprocess.run(command, cwd=story.repository.path, env=environment, check=True, capture_output=True)
    return story.git("rev-parse", "HEAD")


async def test_a_gpg_key_signs_by_its_fingerprint_written_out_or_from_the_settings(
    story: Story, carol: GpgPerson
) -> None:
    accepted = story.begin(signers=[{"gpg": carol.fingerprint}])
    by_gpg(story, carol)
    with pytest.raises(SourceError, match=f"names the GPG key {carol.fingerprint}, which is not here"):
        await story.asked(accepted)
    story.gpg_keys = story.folder / "keys.asc"
    story.gpg_keys.write_text(carol.exported())
    assert await story.asked(accepted) is None


async def test_only_the_keys_of_the_policy_count_and_only_for_whom_it_says(story: Story, carol: GpgPerson) -> None:
    bound = story.begin(signers=[{"gpg": carol.fingerprint, "key": carol.exported(), "principal": BOB}])
    by_gpg(story, carol)
    assert f"it is signed by {BOB} (the GPG key" in (await story.asked(bound) or "")
    story.git("reset", "--quiet", "--hard", bound)
    other = story.begin(signers=[{"gpg": "0" * 40, "key": carol.exported()}])
    by_gpg(story, carol)
    assert "which is not in the policy production" in (await story.asked(other) or "")


async def test_a_forges_key_signs_for_everybody(story: Story, carol: GpgPerson) -> None:
    accepted = story.begin(signers=[{"gpg": carol.fingerprint, "key": carol.exported(), "principal": "*"}])
    carol = GpgPerson(BOB, carol.home, carol.fingerprint)
    by_gpg(story, carol)
    assert await story.asked(accepted) is None


async def test_an_accepted_commit_that_is_lost_lets_nothing_by_and_says_what_to_do(story: Story) -> None:
    story.begin(ANN)
    with pytest.raises(SourceError, match=r"who has to sign .* cannot be told: .*signer_policies = \"ignore\""):
        await story.asked("0" * 40)
