"""Who may do what, as documents say it: roles, bindings and the units they are about."""

import pytest

from reconciler.model.access import Access, Action, Match, Role, RoleBinding
from reconciler.policy.access import BUILT_IN
from tests.desired.note import loaded

ROLE = """\
kind: Role
metadata: {name: deployer}
spec: {actions: [read, sync, rollback, sync]}
"""
BINDING = """\
kind: RoleBinding
metadata: {name: ci}
spec:
  role: deployer
  subjects: [user:ci-base, "group:Domain Users"]
  match: {environments: {tier: critical}, apps: {team: web}, units: ["base@*", "*@production"]}
"""


def access(*documents: str) -> Access:
    return loaded({"policies/access.yaml": "---\n".join(documents)}).access


def test_all_that_is_written_is_in_the_commit():
    assert access(ROLE, BINDING) == Access(
        roles={"deployer": Role(name="deployer", actions=(Action.READ, Action.SYNC, Action.ROLLBACK))},
        bindings=(
            RoleBinding(
                name="ci",
                role="deployer",
                subjects=("user:ci-base", "group:Domain Users"),
                match=Match(environments={"tier": "critical"}, apps={"team": "web"}, units=("base@*", "*@production")),
            ),
        ),
    )


def test_without_documents_nothing_is_bound():
    assert access() == Access()


@pytest.mark.parametrize("role", BUILT_IN)
def test_a_built_in_role_needs_no_document(role: str):
    binding = f"kind: RoleBinding\nmetadata: {{name: it}}\nspec: {{role: {role}, subjects: [user:ada]}}\n"
    assert access(binding).bindings == (RoleBinding(name="it", role=role, subjects=("user:ada",)),)


def test_a_role_of_a_built_in_name_may_be_written():
    assert access(ROLE.replace("deployer", "operator")).roles["operator"].actions == (
        Action.READ,
        Action.SYNC,
        Action.ROLLBACK,
    )
