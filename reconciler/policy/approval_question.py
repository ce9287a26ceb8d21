"""What people are asked to consent to, and all that has been said of it: what the rules of approvals go by. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from reconciler.model.canonical import Json
from reconciler.model.plan import Plan
from reconciler.model.word import (
    ApprovalAsked,
    ApprovalEscalated,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalReminded,
    Word,
)

AboutPlan = TypeVar("AboutPlan", ApprovalAsked, ApprovalGiven, ApprovalRefused, ApprovalReminded, ApprovalEscalated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One plan at one moment, and who may have an interest of their own in it.

    ``facts`` are the plan as conditions see it. ``words`` are those in force about the unit. ``authors`` are addresses
    of who wrote or committed what it brings, None where that cannot be told; ``requesters`` are who asked for it.
    """

    plan: Plan
    facts: Mapping[str, Json]
    words: tuple[Word, ...]
    authors: frozenset[str] | None
    requesters: tuple[str, ...]
    now: datetime

    def said(self, sort: type[AboutPlan]) -> Iterator[AboutPlan]:
        """Yield the words of the sort that are about just this plan, in the order they were said."""
        return (each for each in self.words if isinstance(each, sort) and each.plan == self.plan.id)

    @property
    def asked_at(self) -> datetime:
        """When people were asked first: now, if they have not been."""
        return min((each.at for each in self.said(ApprovalAsked)), default=self.now)
