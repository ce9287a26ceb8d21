"""The page about approvals leaves no key out."""

from reconciler.desired.approval_documents import ApprovalPolicySpec, AutoSpec, EscalationSpec, StageSpec
from tests.docs.pages import page, section
from tests.docs.test_reference import keys


def test_every_key_of_an_approval_policy_is_in_the_page() -> None:
    text = section(page("approvals.md"), "## ApprovalPolicy")
    models = (ApprovalPolicySpec, StageSpec, EscalationSpec, AutoSpec)
    assert [key for model in models for key in keys(model) if key not in text] == []
