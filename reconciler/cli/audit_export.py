"""``reconciler audit export``: entries of the record for other programs, oldest first, however many there are."""

import asyncio
import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from reconciler.cli.audit_options import Choice, archive_of, archive_options, choice_options, here
from reconciler.cli.options import Reach, reach_option, unit_argument
from reconciler.cli.private_file import private_file

if TYPE_CHECKING:
    from reconciler.daemon.archive_reading import Segments
    from reconciler.daemon.settings import Settings
    from reconciler.model.question import Question


@click.command("export")
@reach_option
@unit_argument(required=False)
@choice_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "cloudevents", "ocsf"]),
    default="jsonl",
    show_default=True,
    help="JSON Lines, a table, CloudEvents 1.0 or OCSF 1.3.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Not to stdout.")
@archive_options
def command(
    reach: Reach,
    unit: str | None,
    form: str,
    output: Path | None,
    identity: Path | None,
    type_: str,
    *,
    archive: bool,
    **chosen: str | datetime | None,
) -> None:
    """Write entries of the record, oldest first: of UNIT (app@environment), or of all.

    What has left the journal is among them with --archive only.
    """
    from reconciler.daemon.settings import Settings

    settings = Settings.load(here(reach))
    segments = archive_of(settings, identity) if archive else None
    question = Choice(type=type_, **chosen).question(unit)  # type: ignore[arg-type] # as the options give them
    with private_file(output) if output else nullcontext(sys.stdout) as file:
        number = asyncio.run(_export(settings, segments, question, (form, file)))
    if output:
        click.echo(f"{number} entries are in {output}")


async def _export(
    settings: "Settings", segments: "Segments | None", question: "Question", to: tuple[str, IO[str]]
) -> int:
    from reconciler.audit.formats import Format, end, head, line
    from reconciler.daemon.archive_reading import with_archived
    from reconciler.daemon.audit_records import all_records, reading_records, source_of

    (form, file), source, number = to, source_of(settings), 0
    wanted = Format(form)
    async with reading_records(settings) as store:
        records = with_archived(store, segments, question) if segments else all_records(store.search, question)
        file.write(head(wanted))
        async for each in records:
            file.write(line(each, wanted, source) + end(wanted))
            number += 1
    return number
