"""``reconciler audit query``: who did what, when, why, and how it ended."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli.audit_options import Choice, choice_options
from reconciler.cli.options import config_option, unit_argument

if TYPE_CHECKING:
    from reconciler.audit.record import Record
    from reconciler.model.event import Event
    from reconciler.model.question import Question


@click.command("query")
@config_option
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
def command(
    config: Path | None, unit: str | None, limit: int, form: Literal["table", "json"], type_: str, **chosen: str
) -> None:
    """Show entries of the record, newest first: of UNIT (app@environment), or of all."""
    from reconciler.cli import terminal
    from reconciler.cli.render.records import records_json, records_text

    question = Choice(type=type_, **chosen).question(unit)  # type: ignore[arg-type] # as the options give them
    found, looked_through = asyncio.run(_found(config, question, limit))
    if form == "json":
        terminal.show_json(records_json([record for record, _ in found]))
    elif found:
        terminal.show(records_text(found, terminal.width()))
    else:
        click.echo("No entry of the record fits.")
    if not looked_through:
        click.echo("There are more entries than a text is looked for in; narrow the time with --since.", err=True)


async def _found(
    config: Path | None, question: "Question", limit: int
) -> "tuple[list[tuple[Record, Event | None]], bool]":
    from reconciler.audit.record import record
    from reconciler.daemon.audit_records import reading_records
    from reconciler.daemon.settings import Settings

    async with reading_records(Settings.load(config)) as records:
        answer = await records.newest(question, limit)
        among = await records.belongings(answer.entries)
    return [(record(each, among), each.event) for each in answer.entries], answer.looked_through
