from dataclasses import replace

import pytest

from reconciler.execute.steps.decisions import approved_by
from reconciler.model.change import Cause
from reconciler.model.rollout import Decided, Decision, Rollout, State
from reconciler.policy.approvers import counts
from tests.factory import NOW, SHOP


@pytest.mark.parametrize(
    ("approvers", "author", "roles", "does"),
    [
        ((), "ann", (), True),
        (("ann",), "ann", (), True),
        (("ann",), "ben", (), False),
        (("role:sre",), "ben", ("sre",), True),
        (("role:sre",), "ben", ("dba",), False),
        (("role:sre", "ben"), "ben", (), True),
        (("sre",), "ben", ("sre",), False),
        (("role:sre",), "role:sre", (), False),
        (("role:sre",), "sre", (), False),
    ],
)
def test_an_approval_counts_by_name_or_by_role(approvers, author, roles, does):
    assert counts(approvers, author, roles) is does


def test_a_step_counts_each_person_with_a_role_once():
    """Also who comes under two names, by the same address or in another case."""
    said = Decision(
        rollout="r", plan="p", index=0, decided=Decided.APPROVE, author="ann", reason="", at=NOW, roles=("sre",)
    )
    others = (
        said,
        replace(said, author="ben"),
        replace(said, author="Ann"),
        replace(said, author="0a1b2c", emails=("ann@example.net",)),
        replace(said, author="4d5e6f", emails=("ben@example.net",)),
        replace(said, author="eve", roles=("viewer",)),
    )
    rollout = Rollout(
        id="r",
        unit=SHOP,
        cause=Cause.COMMIT,
        commit="c",
        version="1",
        digest="d",
        state=State.RUNNING,
        forward="p",
        plan="p",
        started_at=NOW,
        updated_at=NOW,
        decisions=(said, *others),
    )
    assert approved_by(rollout, ("role:sre",)) == ("ann", "ben")
    assert approved_by(rollout, ()) == ("ann", "ben", "eve")
