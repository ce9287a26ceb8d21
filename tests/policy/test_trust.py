"""Which signatures are trusted, and which histories go on."""

import pytest

from reconciler.policy.trust import Broken, Signature, Signed, Unlisted, Unsigned, distrust, goes_on


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (Unsigned(), "it is not signed; its committer signs it (git commit --amend -S) and pushes again"),
        (Broken("torn"), "its signature is bad: torn"),
        (Unlisted("key 1", "has expired"), "it is signed with key 1, which has expired"),
        (Signed("key 1", ("a@x", "b@x"), for_committer=True), None),
        (Signed("key 1", ("a@x", "b@x"), for_committer=False), "it is signed by a@x or b@x (key 1), but its c"),
    ],
)
def test_only_a_good_signature_for_the_committer_is_trusted(signature: Signature, said: str | None) -> None:
    found = distrust(signature, "c@x")
    assert found is None if said is None else found is not None and found.startswith(said)


@pytest.mark.parametrize(
    ("accepted", "let_by", "contained", "goes"),
    [
        (None, set(), set(), True),  # the first commit ever
        ("old", set(), {"old"}, True),
        ("old", set(), set(), False),
        ("old", {"new"}, set(), True),  # a person let just this one by
        ("old", {"other"}, {"other"}, True),  # the branch went on from one that a person let by
        ("old", {"other"}, set(), False),
        ("new", set(), set(), True),  # the branch is where it was
    ],
)
def test_a_branch_goes_on_from_the_accepted_commit_or_from_one_that_was_let_by(
    accepted: str | None, let_by: set[str], contained: set[str], goes: bool
) -> None:
    assert goes_on("new", accepted, let_by, contained) is goes
