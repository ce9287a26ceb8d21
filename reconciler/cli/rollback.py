"""``reconciler rollback UNIT``: a person goes back to an earlier state, and holds the unit there."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import config_option, reason_option, unit_argument

if TYPE_CHECKING:
    from reconciler.daemon.settings import Settings
    from reconciler.model.assessment import Assessment
    from reconciler.model.event import Pinned
    from reconciler.model.verdict import Snapshot


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a person asks for; ``force`` is that a loss is accepted."""

    unit: str
    to: str | None
    reason: str
    force: bool


@click.command()
@config_option
@reason_option(required=False)
@click.option("--to", metavar="VERSION|COMMIT", help="Which state. Default: the one before the present.")
@click.option("--dry-run", is_flag=True, help="Say whether it can be done and what would happen; decide nothing.")
@click.option("--force", is_flag=True, help="Also from a version that the App calls irreversible.")
@unit_argument(required=True)
def command(config: Path | None, unit: str, to: str | None, reason: str, *, dry_run: bool, force: bool) -> Exit:
    """Take UNIT (app@environment) back to a state that was good, and hold it there.

    First it is found out whether that can be done: the state and its contents
    are stored, its archives can be had, the targets are reached. New commits
    wait until release. Exit status: 0 decided, or can be done; 1 cannot.
    """
    from reconciler.daemon.settings import Settings

    settings, wish = Settings.load(config), _Wish(unit, to, reason, force)
    pinned = asyncio.run(_checked(settings, wish))
    if dry_run:
        click.echo("It can be done. Nothing was decided: leave --dry-run out to do it.")
        return Exit.DONE
    asyncio.run(_decide(settings, pinned))
    click.echo(
        f"{pinned.unit} goes back to {pinned.named} and is held there. To follow it: reconciler explain "
        f"{pinned.unit}; to follow Git again: reconciler release {pinned.unit}"
    )
    return Exit.DONE


async def _decide(settings: "Settings", pinned: "Pinned") -> None:
    from reconciler.cli.journal import decide

    await decide(settings, [pinned])


async def _checked(settings: "Settings", wish: _Wish) -> "Pinned":
    from reconciler.daemon.wiring import looking

    pinned, at = await _meant(settings, wish)
    click.echo(f"{pinned.unit} back to {pinned.named}, which was good at {at.at:%Y-%m-%d %H:%M} UTC")
    async with looking(settings) as look:
        found = await look.held(pinned, at)
        _tell(found)
        if found.plan and (away := await look.fetch(found.plan)):
            raise Failure("\n".join(("it cannot be done now: an archive cannot be had", *away)))
    return pinned


async def _meant(settings: "Settings", wish: _Wish) -> "tuple[Pinned, Snapshot]":
    """Return the state that is meant, if it is kept whole and nothing is lost by it."""
    from reconciler.cli.journal import author, picture, reading
    from reconciler.cli.units import find_unit
    from reconciler.model.event import Pinned
    from reconciler.model.rollout import State
    from reconciler.model.verdict import Verdict
    from reconciler.policy.going_back import NoSuchState, lost, meant
    from reconciler.store.blobs import named_by_unit

    async with reading(settings) as store:
        seen = await picture(store, settings.state_dir)
        unit = find_unit(wish.unit, seen.standing.units)
        states = [each.snapshot for each in await store.history.states(unit) if each.verdict is Verdict.GOOD]
        known = seen.standing.of(unit)
        shown = known.rollout or known.assessed
        try:
            to = meant([each.unit for each in states], shown.digest if shown else "", wish.to)
        except NoSuchState as none:
            raise Failure(f"{unit}: {none}. All that is kept: reconciler history {unit}") from none
        half_way = [
            each for each in (known.rollout, known.last) if each and each.state not in (State.SUCCEEDED, State.REVERTED)
        ]
        tried = [await store.history.plan(each.forward) for each in half_way]
        undone = lost([each.unit for each in states], [each.unit for each in tried], to)
        missing = await store.history.missing(named_by_unit(to))
    if missing:
        raise Failure(f"{unit} cannot go back to {to.named}: {len(missing)} of its contents are not stored any more")
    if undone and not wish.force:
        raise Failure(
            f"{unit} cannot go back to {to.named} without loss: {', '.join(undone)} is marked irreversible. "
            "If that is dealt with (a schema taken back by hand), say --force"
        )
    pinned = Pinned(unit=unit, digest=to.digest, named=to.named, author=author(), reason=wish.reason)
    return pinned, next(each for each in states if each.unit.digest == to.digest)


def _tell(found: "Assessment") -> None:
    """Print what would happen; Failure when it cannot."""
    from reconciler.cli import terminal
    from reconciler.cli.render.review_text import review_text
    from reconciler.model.assessment import Review
    from reconciler.model.waiting import Reason

    if found.effective and found.unseen and len(found.unseen) >= len(found.effective.targets):
        raise Failure(f"it cannot be done now: no target can be reached: {found.unseen[0].reason}")
    terminal.show(review_text(Review(commit=found.wanted.commit if found.wanted else "", assessments=(found,))))
    if found.plan is None and (found.waiting is None or found.waiting.reason is not Reason.HELD):
        raise Failure(f"it cannot be done now: {found.waiting.detail if found.waiting else 'there is nothing to do'}")
