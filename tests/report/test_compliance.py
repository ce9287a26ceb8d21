"""Rules over changes: kept, broken, or nobody can tell; and packs that cannot be read."""

from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from reconciler.desired.compliance_documents import load_pack
from reconciler.desired.load import Invalid
from reconciler.model.access import Login
from reconciler.model.change import Cause
from reconciler.model.compliance import Over, Pack, Rule
from reconciler.model.event import Event
from reconciler.model.governance import GateKind
from reconciler.model.record import Entry
from reconciler.model.rollout import State
from reconciler.model.word import ApprovalGiven, Waived, WaiverReviewed
from reconciler.report.change_record import Signing, Trail, brought, changes_in, records
from reconciler.report.compliance import Kept, check
from reconciler.report.period import Period
from tests.architecture.tracked import ROOT
from tests.report.chronicles import NOON, SHOP, after, chronicle, ran, written

STARTER = load_pack("starter", files("reconciler.report").joinpath("packs", "change-management.yaml").read_bytes())
SOUND = {"verified": True, "detail": "9 entries"}
NOW = NOON + timedelta(days=10)


def approval(author: str, plan: str = "plan-0", email: str = "") -> ApprovalGiven:
    emails = (email,) if email else ()
    return ApprovalGiven(unit=SHOP, plan=plan, author=author, roles=(), login=Login.LOCAL, at=after(-5), emails=emails)


def waiver(*gates: GateKind, at: float = -10, emergency: bool = True) -> Waived:
    until = after(at + 60)
    return Waived(
        id="w1", unit=SHOP, gates=gates, author="ann", reason="it burns", until=until, at=after(at), emergency=emergency
    )


def reviewed(days: float) -> WaiverReviewed:
    return WaiverReviewed(id="w1", unit=SHOP, author="bob", finding="fine", at=after(-10) + timedelta(days=days))


def checked(*said: Event, **other: Any) -> dict[str, Kept]:
    """How the starter pack stands to one change at noon, written by ada, signed, with a health check passed."""
    change = other.pop("change", ran(State.SUCCEEDED, 0, 5, commit="c2"))
    known = {"c2": written("c2", -30, "ada@example.org", place=1), "c1": written("c1", -90, "cat@x.org", place=0)}
    told = chronicle(change, written=other.pop("written", known), oldest=other.pop("oldest", after(-9999)))
    trail = Trail(
        said=[Entry(number, NOON, event) for number, event in enumerate(said, 1)],
        begun={change.id: after(1)},
        proofs={change.id: other.pop("proofs", {"probe": 1, "apply": 2})},
        ends=other.pop("ends", frozenset({change.id})),
        before={SHOP: "c1"},
        asked=other.pop("asked", {}),
        signings={"c2": other.pop("signing", Signing(True, "signed"))},
    )
    journal = other.pop("journal", SOUND)
    assert not other
    found = records(told, trail, changes_in(told, Period(after(-60), after(60)), ""), NOW)
    result = check(STARTER, found, journal)
    return {
        each.rule.name: each.exceptions[0].stands if each.exceptions else Kept.KEPT
        for each in result.ruled
        if each.asked
    }


FINE = {"planned", "journal-unchanged", "approved", "not-by-its-author", "signed", "evidence"}


def test_a_change_that_has_all_it_should_keeps_every_rule() -> None:
    assert checked(approval("bob")) == dict.fromkeys(FINE, Kept.KEPT)


TABLE: dict[str, tuple[dict[str, Any], tuple[Event, ...], dict[str, Kept | None]]] = {
    "nobody approved it": ({}, (), {"approved": Kept.BROKEN, "not-by-its-author": None}),
    "another plan was approved": ({}, (approval("bob", "plan-9"),), {"approved": Kept.BROKEN}),
    "it was approved when it had begun": (
        {"change": ran(State.SUCCEEDED, -9, 5, commit="c2")},
        (approval("bob", "plan--9"),),
        {"approved": Kept.BROKEN},
    ),
    "its author approved it": ({}, (approval("ada"),), {"not-by-its-author": Kept.BROKEN}),
    "its author did by an address": ({}, (approval("x", email="ADA@example.org"),), {"not-by-its-author": Kept.BROKEN}),
    "its author and another did": ({}, (approval("ada"), approval("bob")), {"not-by-its-author": Kept.KEPT}),
    "Git does not know its author": ({"written": {}}, (approval("bob"),), {"not-by-its-author": Kept.UNKNOWN}),
    "it is not signed": ({"signing": Signing(False, "it is not signed")}, (), {"signed": Kept.BROKEN}),
    "nobody knows who may sign": ({"signing": Signing(None, "no list")}, (), {"signed": Kept.UNKNOWN}),
    "nothing was asked whether it is well": ({"proofs": {"apply": 1}}, (), {"evidence": Kept.BROKEN}),
    "figures are evidence too": ({"proofs": {"analyse": 1}}, (), {"evidence": Kept.KEPT}),
    "what was taken back needs none": (
        {"proofs": {}, "change": ran(State.REVERTED, 0, 5, commit="c2")},
        (),
        {"evidence": None},
    ),
    "heals were approved once for all": (
        {"change": ran(State.SUCCEEDED, 0, 5, commit="c2", cause=Cause.DRIFT)},
        (),
        {"approved": None, "signed": None},
    ),
    "it is in the archive": (
        {"oldest": after(1), "ends": frozenset()},
        (),
        {"planned": Kept.UNKNOWN, "approved": Kept.UNKNOWN, "evidence": Kept.UNKNOWN},
    ),
    "its plan cannot be read any more": (
        {"asked": {"shop-0": ""}},
        (approval("bob"),),
        {"approved": Kept.UNKNOWN, "not-by-its-author": Kept.UNKNOWN, "planned": Kept.KEPT},
    ),
    "its end is not written down": ({"ends": frozenset()}, (), {"planned": Kept.BROKEN}),
    "the journal was changed": (
        {"journal": {"verified": False, "detail": "x"}},
        (),
        {"journal-unchanged": Kept.BROKEN},
    ),
    "nobody could look at it": (
        {"journal": {"verified": None, "detail": "x"}},
        (),
        {"journal-unchanged": Kept.UNKNOWN},
    ),
    "a waiver that nobody reviewed": (
        {},
        (waiver(GateKind.APPROVAL),),
        {"approved": None, "waivers-reviewed": Kept.BROKEN, "emergencies-reviewed-in-time": Kept.BROKEN},
    ),
    "a waiver that was reviewed": (
        {},
        (waiver(GateKind.WINDOW), reviewed(2)),
        {"approved": Kept.BROKEN, "waivers-reviewed": Kept.KEPT, "emergencies-reviewed-in-time": Kept.KEPT},
    ),
    "an emergency that was reviewed late": (
        {},
        (waiver(GateKind.WINDOW), reviewed(8)),
        {"waivers-reviewed": Kept.KEPT, "emergencies-reviewed-in-time": Kept.BROKEN},
    ),
    "a waiver that was over": ({}, (waiver(GateKind.WINDOW, at=-90),), {"waivers-reviewed": None}),
    "a waiver that policy allows to wait": (
        {},
        (waiver(GateKind.WINDOW, emergency=False), reviewed(8)),
        {"waivers-reviewed": Kept.KEPT, "emergencies-reviewed-in-time": None},
    ),
}


@pytest.mark.parametrize(("world", "said", "expected"), TABLE.values(), ids=TABLE.keys())
def test_the_starter_pack_finds(
    world: dict[str, Any], said: tuple[Event, ...], expected: dict[str, Kept | None]
) -> None:
    found = checked(*said, **dict(world))
    assert {name: found.get(name) for name in expected} == expected


def test_who_wrote_any_of_the_commits_since_the_one_before_is_an_author() -> None:
    known = {
        "c1": written("c1", -90, "cat@x.org", place=0),
        "between": written("between", -50, "bob@x.org", place=1),
        "c2": written("c2", -30, "ada@example.org", place=2),
    }
    assert checked(approval("bob"), written=known)["not-by-its-author"] is Kept.BROKEN
    assert checked(approval("cat"), written=known)["not-by-its-author"] is Kept.KEPT


@pytest.mark.parametrize("state", [State.SUPERSEDED, State.ABORTED, State.REVERTED, State.HELD])
def test_a_commit_that_never_stayed_comes_with_the_next_one_and_so_do_who_wrote_it_and_how_it_is_signed(
    state: State,
) -> None:
    first, change = ran(state, -20, -15, commit="m1"), ran(State.SUCCEEDED, 0, 5, commit="c2")
    known = {
        "c1": written("c1", -90, "cat@x.org", place=0),
        "m1": written("m1", -40, "mallory@x.org", place=1),
        "c2": written("c2", -30, "bob@x.org", place=2),
    }
    told = chronicle(first, change, written=known)
    signings = {"c2": Signing(True, "signed"), "m1": Signing(False, "it is not signed")}
    trail = Trail(
        said=[Entry(1, NOON, approval("mallory", email="mallory@x.org"))],
        begun={change.id: after(1)},
        proofs={},
        ends=frozenset(),
        before={SHOP: "c1"},
        signings=signings,
    )
    (found,) = records(told, trail, told.rollouts, NOW)
    assert found["authors"] == ["bob@x.org", "mallory@x.org"]
    assert (found["signed"], found["signature"]) == (False, "m1, which came with it: it is not signed")
    ruled = {each.rule.name: each.holds for each in check(STARTER, [found], SOUND).ruled}
    assert (ruled["not-by-its-author"], ruled["signed"]) == (False, False)
    assert brought(told, told.rollouts, trail.before) == {"m1", "c2"}


def test_what_stayed_is_behind_the_next_commit() -> None:
    first, change = ran(State.SUCCEEDED, -20, -15, commit="m1"), ran(State.SUCCEEDED, 0, 5, commit="c2")
    known = {name: written(name, -90, f"{name}@x.org", place=place) for place, name in enumerate(("c1", "m1", "c2"))}
    told = chronicle(first, change, written=known)
    began = {each.id: each.started_at for each in told.rollouts}
    trail = Trail(said=[], begun=began, proofs={}, ends=frozenset(), before={SHOP: "c1"})
    assert [each["authors"] for each in records(told, trail, told.rollouts, NOW)] == [["m1@x.org"], ["c2@x.org"]]


def test_a_heal_puts_nothing_behind_the_next_commit() -> None:
    heal = ran(State.SUCCEEDED, -20, -15, commit="m1", cause=Cause.DRIFT)
    change = ran(State.SUCCEEDED, 0, 5, commit="c2")
    known = {name: written(name, -90, f"{name}@x.org", place=place) for place, name in enumerate(("c1", "m1", "c2"))}
    told = chronicle(heal, change, written=known)
    trail = Trail(said=[], begun={change.id: after(1)}, proofs={}, ends=frozenset(), before={SHOP: "c1"})
    assert [each["authors"] for each in records(told, trail, told.rollouts, NOW)] == [["c2@x.org", "m1@x.org"]]


def test_who_consented_to_a_first_try_did_not_consent_to_the_next() -> None:
    first, again = ran(State.HELD, 0, 2), ran(State.SUCCEEDED, 10, 12)
    told = chronicle(first, again)
    trail = Trail(
        said=[Entry(1, NOON, approval("bob", "as-asked"))],
        begun={first.id: after(1), again.id: after(11)},
        proofs={},
        ends=frozenset(),
        asked={first.id: "as-asked", again.id: "as-asked"},
    )
    approved = [each["approvals"] for each in records(told, trail, told.rollouts, NOW)]
    assert [bool(each) for each in approved] == [True, False]


def test_a_plan_that_never_had_an_effect_is_no_change() -> None:
    told = chronicle(ran(State.ABORTED, 0, 5))
    trail = Trail(said=[], begun={}, proofs={}, ends=frozenset())
    assert records(told, trail, told.rollouts, NOW) == ()


def _pack(rule: str, **more: Any) -> Pack:
    made = Rule(name="r", title="title", controls=(), over=Over.CHANGES, rule=rule, **more)
    return Pack("p", "t", (made,))


def test_a_rule_that_has_no_value_is_not_kept_and_says_why() -> None:
    (ruled,) = check(_pack("change.nothing.there == 1"), [{"rollout": "r1"}], SOUND).ruled
    assert [each.stands for each in ruled.exceptions] == [Kept.UNKNOWN]
    assert "nothing" in ruled.exceptions[0].why


def test_a_rule_holds_from_the_share_on_that_has_to_keep_it() -> None:
    changes: list[dict[str, Any]] = [{"good": number > 0} for number in range(10)]
    assert check(_pack("change.good == true", at_least=0.9), changes, SOUND).holds
    assert not check(_pack("change.good == true", at_least=0.91), changes, SOUND).holds
    assert check(_pack("change.good == true"), [], SOUND).holds


PACK = """apiVersion: reconciler/v1
kind: CompliancePack
metadata: {name: ours}
spec:
  title: Ours
  rules:
    - name: one
      title: One
      rule: change.approvals.size() > 0
"""

MISTAKES = {
    "the rule is no CEL": ("change.approvals.size() > 0", "change.approvals >", "pack.yaml:9:13", "character"),
    "the rule is a number": ("change.approvals.size() > 0", "1 + 1", "pack.yaml:9:13", "true or false"),
    "the rule is over what is not there": ("change.approvals", "plan.approvals", "pack.yaml:9:13", "change (JSON)"),
    "a key nobody knows": ("title: One", "titel: One", "pack.yaml:8:7", "did you mean 'title'?"),
    "no percentage": ("title: One", "title: One\n      atLeast: 101%", "pack.yaml:9:16", "a percentage such as 95%"),
    "another kind": ("kind: CompliancePack", "kind: Guardrail", "pack.yaml:2:7", "expected CompliancePack"),
    "no YAML": ("metadata: {name: ours}", "metadata: {name", "pack.yaml:4", "not YAML"),
    "no name": ("name: one", "name: One!", "pack.yaml:7:13", "small letters"),
    "over nothing": ("title: One", "title: One\n      over: plans", "pack.yaml:9:13", "changes or journal"),
    "two of a name": (
        "change.approvals.size() > 0",
        "1 == 1\n    - {name: one, title: Two, rule: 1 == 1}",
        "pack.yaml:10:14",
        "another rule",
    ),
    "two documents": (
        "kind: CompliancePack",
        "kind: CompliancePack\n---\nkind: CompliancePack",
        "pack.yaml:1:1",
        "got 2",
    ),
    "nothing": (PACK, "", "pack.yaml:1:1", "got 0"),
}


@pytest.mark.parametrize(("right", "wrong", "place", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_pack_that_is_wrong_is_told_by_file_line_and_column(right: str, wrong: str, place: str, said: str) -> None:
    assert right in PACK
    with pytest.raises(Invalid) as told:
        load_pack("pack.yaml", PACK.replace(right, wrong).encode())
    assert any(str(each).startswith(place) and said in str(each) for each in told.value.problems), str(told.value)


def test_a_pack_that_is_right_is_read() -> None:
    (rule,) = load_pack("pack.yaml", PACK.encode()).rules
    assert (rule.name, rule.over, rule.at_least) == ("one", Over.CHANGES, 1.0)


def test_the_pack_of_the_page_is_right_and_the_page_has_every_field_of_a_change() -> None:
    page = (ROOT / "docs/compliance.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0]
    (rule,) = load_pack("page.yaml", example.encode()).rules
    assert (rule.name, rule.at_least) == ("four-eyes", 0.95)
    change = ran(State.SUCCEEDED, 0, 5)
    trail = Trail(said=[], begun={change.id: after(1)}, proofs={}, ends=frozenset())
    (record,) = records(chronicle(change), trail, [change], NOW)
    fields = page.split("### `change`")[1].split("### `journal`")[0]
    assert {name for name in record if f"`{name}`" not in fields} == set()
    assert {each.name for each in STARTER.rules if f"| `{each.name}` |" not in page} == set()
