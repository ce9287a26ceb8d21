"""Who may do what: nothing without a binding, never more than a binding says, never more than a token is for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import (
    EVERYTHING,
    NO_ACCESS,
    NO_LIMIT,
    Access,
    Action,
    Identity,
    Login,
    Match,
    Placed,
    Role,
    RoleBinding,
    Scope,
)
from reconciler.model.identity import UnitId
from reconciler.policy.access import BUILT_IN, Denied, Granted, may, may_all, roles_of

SHOP, TEST, BANK = UnitId("shop", "production"), UnitId("shop", "testing"), UnitId("bank", "production")
CRITICAL, CHECKOUT = {"tier": "critical"}, {"team": "checkout"}
PLACED = {
    SHOP: Placed(environment=CRITICAL, app=CHECKOUT),
    TEST: Placed(app=CHECKOUT),
    BANK: Placed(environment=CRITICAL, app={"team": "money"}),
}
ALICE = Identity(name="alice", login=Login.OIDC, groups=("sre", "staff"))
ROOT = Identity(name="root", login=Login.LOCAL, owner=True)


def bound(role: str, *subjects: str, match: Match = EVERYTHING) -> RoleBinding:
    return RoleBinding(name=f"{role}s", role=role, subjects=subjects, match=match)


def access(*bindings: RoleBinding, roles: tuple[Role, ...] = ()) -> Access:
    return Access(roles={role.name: role for role in roles}, bindings=bindings)


def allowed(rules: Access, who: Identity, action: Action, unit: UnitId | None) -> bool:
    return isinstance(may(rules, PLACED, who, action, unit), Granted)


@pytest.mark.parametrize(
    ("subject", "match", "unit", "granted"),
    [
        ("user:alice", EVERYTHING, SHOP, True),
        ("group:sre", EVERYTHING, SHOP, True),
        ("group:sre", EVERYTHING, None, True),
        ("user:sre", EVERYTHING, SHOP, False),
        ("group:alice", EVERYTHING, SHOP, False),
        ("alice", EVERYTHING, SHOP, False),
        ("user:Alice", EVERYTHING, SHOP, False),
        ("user:*", EVERYTHING, SHOP, False),
        ("user:alice", Match(environments=CRITICAL), SHOP, True),
        ("user:alice", Match(environments=CRITICAL), TEST, False),
        ("user:alice", Match(environments=CRITICAL, apps=CHECKOUT), BANK, False),
        ("user:alice", Match(environments=CRITICAL, apps=CHECKOUT), SHOP, True),
        ("user:alice", Match(units=("shop@*",)), TEST, True),
        ("user:alice", Match(units=("shop@*",)), BANK, False),
        ("user:alice", Match(units=("*",)), None, False),
        ("user:alice", Match(environments=CRITICAL), None, False),
        ("user:alice", Match(environments=CRITICAL), UnitId("new", "production"), False),
        ("user:alice", Match(units=("new@*",)), UnitId("new", "production"), True),
    ],
)
def test_a_binding_is_for_its_subjects_over_its_units(
    subject: str, match: Match, unit: UnitId | None, granted: bool
) -> None:
    assert allowed(access(bound("operator", subject, match=match)), ALICE, Action.ROLLBACK, unit) is granted


@pytest.mark.parametrize(
    ("role", "may_do", "may_not"),
    [
        ("viewer", {"read", "plan"}, {"sync", "approve", "tokens"}),
        ("operator", {"read", "rollback", "lock", "pause", "apply", "sync"}, {"approve", "waive", "tokens", "accept"}),
        ("approver", {"read", "approve", "reject", "delegate"}, {"promote", "rollback", "waive", "tokens"}),
        ("admin", set(Action), set()),
        ("nobody-wrote-it", set(), set(Action)),
    ],
)
def test_a_built_in_role_is_good_for_its_actions(role: str, may_do: set[str], may_not: set[str]) -> None:
    rules = access(bound(role, "user:alice"))
    assert all(allowed(rules, ALICE, Action(each), SHOP) for each in may_do)
    assert not any(allowed(rules, ALICE, Action(each), SHOP) for each in may_not)


def test_a_role_document_is_instead_of_the_built_in_one() -> None:
    rules = access(bound("operator", "user:alice"), roles=(Role(name="operator", actions=(Action.SYNC,)),))
    assert allowed(rules, ALICE, Action.SYNC, SHOP)
    assert not allowed(rules, ALICE, Action.ROLLBACK, SHOP)


def test_the_owner_of_the_machine_may_do_everything_and_has_no_role_by_that() -> None:
    assert all(allowed(NO_ACCESS, ROOT, action, unit) for action in Action for unit in (SHOP, None))
    assert roles_of(NO_ACCESS, PLACED, ROOT, SHOP) == ()
    assert roles_of(access(bound("approver", "user:root")), PLACED, ROOT, SHOP) == ("approver",)


def test_roles_are_those_bound_over_the_unit_whatever_they_allow() -> None:
    rules = access(
        bound("sre", "group:sre"),
        bound("approver", "user:alice", match=Match(environments=CRITICAL)),
        bound("lead", "user:bob"),
    )
    assert roles_of(rules, PLACED, ALICE, SHOP) == ("approver", "sre")
    assert roles_of(rules, PLACED, ALICE, TEST) == ("sre",)


def test_the_roles_that_allow_it_are_told() -> None:
    rules = access(bound("operator", "group:sre"), bound("viewer", "user:alice"), bound("admin", "group:staff"))
    assert may(rules, PLACED, ALICE, Action.SYNC, SHOP) == Granted(("admin", "operator"))


def test_a_denial_says_what_is_missing() -> None:
    denied = may(NO_ACCESS, PLACED, ALICE, Action.APPROVE, SHOP)
    assert denied == Denied(
        "alice may not approve shop@production: "
        "no role that allows it is bound to user:alice or group:sre or group:staff"
    )
    everything = may(NO_ACCESS, PLACED, replace(ALICE, groups=()), Action.PAUSE, None)
    assert everything == Denied("alice may not pause everything: no role that allows it is bound to user:alice")
    many = may(NO_ACCESS, PLACED, replace(ALICE, groups=tuple(f"g{i}" for i in range(200))), Action.READ, SHOP)
    assert isinstance(many, Denied)
    assert many.reason.endswith("or group:g7 and 192 more groups")


@pytest.mark.parametrize(
    ("scope", "action", "unit", "why"),
    [
        (Scope(actions=(Action.SYNC,)), Action.RETRY, SHOP, "the token is only for: sync"),
        (Scope(actions=()), Action.READ, SHOP, "the token is only for: nothing"),
        (Scope(match=Match(units=("shop@*",))), Action.RETRY, BANK, "the token is only for other units"),
        (Scope(match=Match(units=("*",))), Action.PAUSE, None, "the token is only for some units"),
        (Scope(match=Match(environments=CRITICAL)), Action.SYNC, TEST, "the token is only for other units"),
        (Scope(match=Match(units=("*",))), Action.DELEGATE, None, "the token is only for some units"),
        (Scope(actions=(Action.DELEGATE,)), Action.DELEGATE, None, "not for approve, so it does not pass that on"),
    ],
)
def test_a_token_is_good_for_no_more_than_its_scope_also_for_an_owner(
    scope: Scope, action: Action, unit: UnitId | None, why: str
) -> None:
    for who in (replace(ALICE, scope=scope), replace(ROOT, scope=scope)):
        denied = may(access(bound("admin", "user:alice")), PLACED, who, action, unit)
        assert isinstance(denied, Denied)
        assert denied.reason.endswith(why)


def test_a_token_for_other_units_brings_no_roles_there() -> None:
    who = replace(ALICE, scope=Scope(match=Match(units=("shop@*",))))
    rules = access(bound("approver", "user:alice"))
    assert roles_of(rules, PLACED, who, SHOP) == ("approver",)
    assert roles_of(rules, PLACED, who, BANK) == ()


def test_who_may_delegate_anywhere_may_delegate_for_it_passes_on_no_more_than_one_has() -> None:
    rules = access(bound("approver", "user:alice", match=Match(units=("shop@*",))))
    assert allowed(rules, ALICE, Action.DELEGATE, None)
    assert not allowed(rules, ALICE, Action.READ, None)
    assert not allowed(NO_ACCESS, ALICE, Action.DELEGATE, None)


def test_a_whole_environment_is_for_who_may_do_it_to_each_unit_there() -> None:
    both = access(bound("operator", "user:alice", match=Match(environments=CRITICAL)), bound("admin", "group:sre"))
    assert may_all(both, PLACED, ALICE, Action.LOCK, "production") == Granted(("admin", "operator"))
    one = access(bound("operator", "user:alice", match=Match(units=("shop@production",))))
    assert isinstance(may_all(one, PLACED, ALICE, Action.LOCK, "production"), Denied)
    every = access(bound("operator", "user:alice"))
    assert may_all(every, PLACED, ALICE, Action.LOCK, "nothing-there-yet") == Granted(("operator",))
    assert isinstance(may_all(one, PLACED, ALICE, Action.LOCK, "nothing-there-yet"), Denied)


def test_an_empty_name_or_group_is_nobodys() -> None:
    rules = access(bound("admin", "user:", "group:"))
    assert not allowed(rules, Identity(name="", login=Login.PROXY, groups=("",)), Action.READ, SHOP)


labels = st.dictionaries(st.sampled_from(("tier", "team")), st.sampled_from(("critical", "checkout")), max_size=1)
matches = st.builds(
    Match,
    environments=labels,
    apps=labels,
    units=st.lists(st.sampled_from(("*", "shop@*", "*@production")), max_size=1).map(tuple),
)
scopes = st.builds(
    Scope, actions=st.none() | st.lists(st.sampled_from(Action), max_size=4).map(tuple), match=matches
) | st.just(NO_LIMIT)
bindings = st.builds(
    RoleBinding,
    name=st.just("any"),
    role=st.sampled_from((*BUILT_IN, "custom", "unknown")),
    subjects=st.lists(st.sampled_from(("user:alice", "group:sre", "user:bob")), max_size=2).map(tuple),
    match=matches,
)
policies = st.builds(
    Access,
    roles=st.just({"custom": Role(name="custom", actions=(Action.READ, Action.LOCK))}),
    bindings=st.lists(bindings, max_size=4).map(tuple),
)
people = st.builds(
    Identity,
    name=st.sampled_from(("alice", "bob", "eve")),
    login=st.sampled_from(Login),
    groups=st.lists(st.sampled_from(("sre", "staff")), max_size=2).map(tuple),
    scope=scopes,
)
actions, units = st.sampled_from(Action), st.sampled_from((SHOP, TEST, BANK, UnitId("new", "production"), None))


@given(who=people, action=actions, unit=units)
def test_without_a_binding_nobody_may_do_anything(who: Identity, action: Action, unit: UnitId | None) -> None:
    assert not allowed(NO_ACCESS, who, action, unit)


@given(rules=policies, who=people, action=actions, unit=units)
def test_who_is_named_in_no_binding_may_do_nothing(
    rules: Access, who: Identity, action: Action, unit: UnitId | None
) -> None:
    stranger = replace(who, name="eve", groups=("staff",))
    assert not allowed(rules, stranger, action, unit)
    assert unit is None or roles_of(rules, PLACED, stranger, unit) == ()


@given(rules=policies, who=people, action=actions, unit=units)
def test_a_scope_never_widens(rules: Access, who: Identity, action: Action, unit: UnitId | None) -> None:
    without = replace(who, scope=NO_LIMIT)
    assert allowed(rules, without, action, unit) or not allowed(rules, who, action, unit)
    if unit:
        assert set(roles_of(rules, PLACED, who, unit)) <= set(roles_of(rules, PLACED, without, unit))


@given(rules=policies, who=people, action=actions, unit=units, data=st.data())
def test_to_end_a_binding_never_grants(
    rules: Access, who: Identity, action: Action, unit: UnitId | None, data: st.DataObject
) -> None:
    fewer = replace(rules, bindings=tuple(each for each in rules.bindings if data.draw(st.booleans())))
    assert allowed(rules, who, action, unit) or not allowed(fewer, who, action, unit)


@given(rules=policies, who=people, action=actions, unit=units)
def test_what_is_granted_is_granted_by_a_role_that_is_bound_and_allows_it(
    rules: Access, who: Identity, action: Action, unit: UnitId | None
) -> None:
    match may(rules, PLACED, who, action, unit):
        case Granted(roles):
            known = {**BUILT_IN, **rules.roles}
            assert roles
            assert all(action in known[role].actions for role in roles)
            assert unit is None or set(roles) <= set(roles_of(rules, PLACED, who, unit))
        case Denied(reason):
            assert who.name in reason


@given(rules=policies, who=people, action=st.sampled_from([a for a in Action if a is not Action.DELEGATE]), unit=units)
def test_who_may_do_it_to_everything_may_do_it_to_each_unit(
    rules: Access, who: Identity, action: Action, unit: UnitId | None
) -> None:
    assert not allowed(rules, who, action, None) or allowed(rules, who, action, unit)
