"""``reconciler audit query``: who did what, when, why, and how it ended."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli.audit_options import Choice, archive_of, archive_options, choice_options, here
from reconciler.cli.options import Reach, reach_option, unit_argument

if TYPE_CHECKING:
    from reconciler.audit.record import Record
    from reconciler.daemon.archive_reading import Segments
    from reconciler.daemon.settings import Settings
    from reconciler.model.event import Event
    from reconciler.model.question import Question


@click.command("query")
@reach_option
@unit_argument(required=False)
@choice_options
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="So many at most.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people, or for programs.",
)
@archive_options
def command(
    reach: Reach,
    unit: str | None,
    limit: int,
    form: Literal["table", "json"],
    identity: Path | None,
    type_: str,
    *,
    archive: bool,
    **chosen: str,
) -> None:
    """Show entries of the record, newest first: of UNIT (app@environment), or of all."""
    from reconciler.cli import terminal
    from reconciler.cli.render.records import records_json, records_text
    from reconciler.daemon.settings import Settings

    question = Choice(type=type_, **chosen).question(unit)  # type: ignore[arg-type] # as the options give them
    settings = Settings.load(here(reach))
    segments = archive_of(settings, identity) if archive else None
    found, looked_through = asyncio.run(_found(settings, segments, question, limit))
    if form == "json":
        terminal.show_json(records_json([record for record, _ in found]))
    elif found:
        terminal.show(records_text(found, terminal.width()))
    else:
        click.echo("No entry of the record fits.")
    if not looked_through:
        click.echo("There are more entries than a text is looked for in; narrow the time with --since.", err=True)


async def _found(
    settings: "Settings", segments: "Segments | None", question: "Question", limit: int
) -> "tuple[Sequence[tuple[Record, Event | None]], bool]":
    from reconciler.daemon.archive_reading import newest_with_archived
    from reconciler.daemon.audit_records import reading_records, told

    async with reading_records(settings) as store:
        if segments is not None:
            return await newest_with_archived(store, segments, question, limit), True
        answer = await store.search.newest(question, limit)
        return await told(store.search, answer.entries), answer.looked_through
