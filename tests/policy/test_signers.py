"""Which changes need whose signature: globs, merges, and how many signers are enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.signing import Signer, SignerPolicy
from reconciler.policy.signers import Step, Witness, covers, decided_by_merge, merges_with, objection
from reconciler.policy.trust import Broken, Signed, Unlisted, Unsigned

ANN, BOB = "ann@example.org", "bob@example.org"
POLICY = SignerPolicy(name="production", signers=(Signer(principal=ANN, ssh="k1"), Signer(principal=BOB, ssh="k2")))
STEP = Step("c" * 40, ("p" * 40,))
PATH = "desired-state/production/shop.yaml"


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("desired-state/production/**", "desired-state/production/shop.yaml", True),
        ("desired-state/production/**", "desired-state/production/deep/shop.yaml", True),
        ("desired-state/production/**", "desired-state/production.yaml", False),
        ("desired-state/production/", "desired-state/production/deep/shop.yaml", True),
        ("desired-state/production", "desired-state/production/deep/shop.yaml", True),
        ("desired-state/production", "desired-state/production.yaml", False),
        ("policies", "policies", True),
        ("desired-state/*.yaml", "desired-state/shop.yaml", True),
        ("desired-state/*.yaml", "desired-state/deep/shop.yaml", False),
        ("**/secret.yaml", "secret.yaml", True),
        ("**/secret.yaml", "a/b/secret.yaml", True),
        ("**/secret.yaml", "a/not-secret.yaml", False),
        ("**", "anything/at/all", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("**", "a\nb", True),
    ],
)
def test_a_path_is_covered_by_a_glob(pattern: str, path: str, fits: bool) -> None:
    assert covers((pattern,), path) is fits


@pytest.mark.parametrize(
    ("first", "second", "bases", "decided"),
    [
        ("", "a", [("a", "")], ""),  # the merge has what the first side changed
        ("a", "", [("", "a")], ""),  # and what the second did
        ("a", "a", [("a", "a")], "a"),  # it wrote something of its own
        ("a", "a", [("", "")], "a"),  # an evil merge: nobody before has changed the file
        ("a", "", [("a", "")], "a"),  # it throws away what the first side changed
        ("", "a", [("", "a")], "a"),  # or the second
        ("a", "", [("", "a"), ("a", "a")], "a"),  # two bases have to agree
        ("a", "", [], ""),
        ("", "", [("a", "a")], ""),
    ],
)
def test_a_merge_answers_for_what_it_does_not_take_as_it_is(
    first: str, second: str, bases: list[tuple[str, str]], decided: str
) -> None:
    assert decided_by_merge(set(first), set(second), [(set(one), set(other)) for one, other in bases]) == set(decided)


def test_merges_that_bring_a_commit_in_are_those_above_it() -> None:
    history = (
        Step("top", ("merge",)),
        Step("merge", ("main", "side")),
        Step("side", ("base",)),
        Step("other-merge", ("base", "x")),
        Step("main", ("base",)),
    )
    assert merges_with("side", history) == {"merge"}
    assert merges_with("top", history) == set()


def test_a_merge_on_top_of_a_commit_does_not_bring_it_in() -> None:
    history = (
        Step("unrelated", ("side-of-it", "x")),
        Step("side-of-it", ("merge",)),
        Step("merge", ("main", "later")),
        Step("later", ("synced",)),
        Step("synced", ("side", "y")),
        Step("side", ("base",)),
    )
    assert merges_with("side", history) == {"merge"}


def witness(email: str, key: str = "") -> Witness:
    return Witness(Signed(key or f"the key of {email.casefold()}", (email,), for_committer=True), email)


def test_the_signature_of_one_of_the_signers_is_enough() -> None:
    assert objection(POLICY, STEP, PATH, {STEP.commit: witness(ANN)}) is None


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (Unsigned(), "it is not signed; its committer signs it"),
        (Broken("it is not that of this commit"), "its signature is bad"),
        (Unlisted("the key X", "is not in the policy production"), "it is signed with the key X, which is not in"),
        (Signed("the key X", (BOB,), for_committer=False), f"it is signed by {BOB} (the key X), but its committer is"),
    ],
)
def test_what_is_wrong_is_told_with_commit_path_and_who_is_wanted(signature: object, said: str) -> None:
    found = objection(POLICY, STEP, PATH, {STEP.commit: Witness(signature, ANN)})  # type: ignore[arg-type]
    assert found is not None
    assert found.startswith(
        f"commit cccccccc changes {PATH}, for which the policy production wants the signature of {ANN} or {BOB}: {said}"
    )


def two_of() -> SignerPolicy:
    return SignerPolicy(name="production", signers=POLICY.signers, count=2)


def test_two_signers_are_two_people_and_one_of_them_made_the_commit() -> None:
    assert objection(two_of(), STEP, PATH, {STEP.commit: witness(ANN), "m": witness(BOB)}) is None
    same = objection(two_of(), STEP, PATH, {STEP.commit: witness(ANN), "m": witness(ANN.upper())})
    assert same is not None
    assert "wants the signature of 2 of" in same
    assert f"it has 1 of 2 signers: {ANN}" in same
    unsigned = {STEP.commit: Witness(Unsigned(), ANN), "m": witness(BOB), "n": witness(ANN)}
    assert "it is not signed" in (objection(two_of(), STEP, PATH, unsigned) or "")


def test_one_key_with_two_addresses_is_one_signer_and_so_is_one_address_with_two_keys() -> None:
    for other in (witness(BOB, "k1"), witness(ANN, "k3")):
        assert "it has 1 of 2 signers" in (
            objection(two_of(), STEP, PATH, {STEP.commit: witness(ANN, "k1"), "m": other}) or ""
        )


@pytest.mark.parametrize(("same", "one"), [("ssh-ed25519 AAAA here", True), ("ssh-ed25519 BBBB", False)])
def test_two_addresses_of_one_key_are_one_person_also_with_other_keys(same: str, one: bool) -> None:
    signers = (Signer(principal=ANN, ssh="ssh-ed25519 AAAA"), Signer(principal="ann@example.net", ssh=same))
    policy = SignerPolicy(name="production", signers=signers, count=2)
    seen = {STEP.commit: witness(ANN, "k1"), "m": witness("ann@example.net", "k3")}
    assert (objection(policy, STEP, PATH, seen) is not None) is one


def test_a_forges_key_is_one_signer_for_all_whom_it_signs_for() -> None:
    forge = {STEP.commit: witness(ANN, "f"), "m": witness(BOB, "f"), "n": witness("carol@example.org", "f")}
    assert "it has 1 of 2 signers" in (objection(two_of(), STEP, PATH, forge) or "")
    assert objection(two_of(), STEP, PATH, {**forge, "o": witness(ANN, "k1")}) is None


SIGNATURES = st.sampled_from(
    [
        Unsigned(),
        Broken("bad"),
        Unlisted("k", "is not listed"),
        *(Signed(key, (ANN,), True) for key in ("k", "l")),
        Signed("k", (ANN,), False),
    ]
)
WITNESSES = st.builds(Witness, SIGNATURES, st.sampled_from([ANN, BOB, "eve@example.net"]))


@given(own=WITNESSES, merges=st.lists(WITNESSES, max_size=4), count=st.integers(1, 4))
def test_more_signers_are_never_easier_and_another_witness_never_harms(
    own: Witness, merges: list[Witness], count: int
) -> None:
    def met(wanted: int, others: list[Witness]) -> bool:
        policy = SignerPolicy(name="p", signers=POLICY.signers, count=wanted)
        seen = {STEP.commit: own, **{str(number): each for number, each in enumerate(others)}}
        return objection(policy, STEP, PATH, seen) is None

    assert met(count, merges) or not met(count + 1, merges)
    assert met(count, merges) or not met(count, merges[:-1])
    assert not met(count, merges) or own.signer is not None


NAMES = st.frozensets(st.sampled_from("abcd"))


@given(first=NAMES, second=NAMES, bases=st.lists(st.tuples(NAMES, NAMES), max_size=3))
def test_a_merge_is_judged_by_no_file_that_it_leaves_and_by_all_that_differ_from_both(
    first: frozenset[str], second: frozenset[str], bases: list[tuple[frozenset[str], frozenset[str]]]
) -> None:
    decided = decided_by_merge(first, second, bases)
    assert first & second <= decided <= first | second
    assert decided <= decided_by_merge(first, second, [*bases, (first, second)])
