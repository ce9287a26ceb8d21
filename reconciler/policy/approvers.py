"""Who may approve a step of a rollout: people by name, and whoever has a role (``role:sre``). Pure."""

from collections.abc import Collection

ROLE = "role:"
"""How an approver is written that is a role and nobody's name."""


def counts(approvers: Collection[str], author: str, roles: Collection[str]) -> bool:
    """Whether the approval of somebody with these roles counts. Without approvers that of anybody does."""
    named = not author.startswith(ROLE) and author in approvers
    return not approvers or named or any(f"{ROLE}{role}" in approvers for role in roles)
