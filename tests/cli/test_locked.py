"""What explain says of locks: who, when, until when, what goes on all the same, and how to end them."""

from dataclasses import replace
from datetime import timedelta

from reconciler.cli.render.explain import explain_text
from tests.cli import pictures


def explained(app: str) -> str:
    return " ".join(explain_text(pictures.governed(), pictures.named(app)).plain.split())


def test_a_locked_unit_says_by_whom_and_the_commands_that_end_it():
    told = explained("windowed")
    assert "production is locked by ann since 2026-03-01 11:00 UTC, until it is unlocked: audit" in told
    assert "windowed@production is locked by ann" in told
    assert "reconciler unlock --environment production" in told
    assert "reconciler unlock windowed@production" in told


def test_a_rollout_in_hand_goes_on_in_spite_of_a_lock():
    assert "audit; the rollout in hand goes on to its end" in explained("halted")


def test_a_lock_that_has_run_out_is_not_told():
    picture = pictures.governed()
    later = replace(picture, now=picture.now + timedelta(hours=2))
    told = explain_text(later, pictures.named("windowed")).plain
    assert "my own" not in told
    assert "audit" in told
