"""All reviews that golden files show, by name; among them one with gates of every sort."""

from datetime import UTC, datetime

from reconciler.model.assessment import Review
from reconciler.model.governance import GateKind, GateState, GateWord
from reconciler.model.identity import UnitId
from reconciler.model.waiting import Reason, WaitingOn
from tests.cli.examples import (
    NEWER,
    assessment,
    empty,
    every_step,
    first_rollout,
    held,
    hostile,
    nothing,
    plan,
    probe,
    refused,
    rolling,
    several_sorts,
    unit,
    unproven,
)


def governed() -> Review:
    """Gates of every sort, before a plan and beside a rollout: one is what the plan waits for."""
    opens = datetime(2026, 5, 4, 7, tzinfo=UTC)
    gates = (
        gate(GateKind.GUARDRAIL, "few-deletes", GateWord.WARNS, "few-deletes: it deletes more than five resources"),
        gate(GateKind.LOCK, "production", GateWord.WAIVED, "waived by eve (it burns): production is locked by ann"),
        gate(GateKind.CONCURRENCY, "one", GateWord.OPEN, "0 of 1 at once in hand"),
        gate(GateKind.APPROVAL, "two-of-sre", GateWord.PENDING, "it needs 2 approvals of sre"),
        gate(GateKind.WINDOW, "office", GateWord.PENDING, "shut by office; opens 2026-05-04 09:00 CEST", opens),
    )
    waiting = WaitingOn(Reason.APPROVAL, "it needs 2 approvals of sre")
    mail = unit(UnitId("mail", "production"))
    runs = gate(GateKind.WINDOW, "office", GateWord.OPEN, "the rollout goes on until 2026-05-04 17:00 CEST")
    lock = gate(GateKind.LOCK, "production", GateWord.WARNS, "the rollout in hand goes on to its end")
    return Review(
        commit=NEWER,
        assessments=(
            assessment(unit(), plan=plan(unit(), probe(1, unit().targets)), gates=gates, waiting=waiting),
            assessment(mail, gates=(runs, lock), looked=False),
        ),
    )


def gate(kind: GateKind, name: str, stands: GateWord, detail: str, until: datetime | None = None) -> GateState:
    return GateState(kind=kind, name=name, stands=stands, detail=detail, until=until)


REVIEWS = {
    each.__name__: each
    for each in (
        *(rolling, first_rollout, every_step, several_sorts, nothing, unproven, empty, held, refused, hostile),
        governed,
    )
}
