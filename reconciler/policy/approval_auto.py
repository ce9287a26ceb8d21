"""Which plans need nobody's consent though a policy asks for it. Pure."""

from reconciler.model.governance import AutoApproval
from reconciler.policy import condition
from reconciler.policy.approval_question import Question
from reconciler.policy.plan_facts import VARIABLES, left_out, touched


def needs_nobody(auto: AutoApproval, question: Question) -> str:
    """Return why the plan needs nobody; nothing where it needs somebody. A rule that has no value does not hold.

    Targets that are left out because they cannot be seen count: a change of many is no smaller while most are away.
    """
    plan = question.plan
    if plan.cause in auto.causes:
        return f"a {plan.cause} needs nobody"
    targets = len({*touched(plan), *left_out(plan)})
    if targets < auto.fewer_targets_than:
        return f"{targets} target{'s' if targets != 1 else ''} need nobody, fewer than {auto.fewer_targets_than}"
    return f"needs nobody: {auto.when}" if auto.when and _holds(auto.when, question) else ""


def _holds(rule: str, question: Question) -> bool:
    try:
        return condition.compile(rule, VARIABLES).holds(question.facts)
    except condition.Fault:
        return False
