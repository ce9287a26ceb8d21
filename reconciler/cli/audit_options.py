"""Options by which the entries of the record are chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import Reach

if TYPE_CHECKING:
    from reconciler.daemon.archive_reading import Segments
    from reconciler.daemon.settings import Settings
    from reconciler.model.question import Question

_Function = TypeVar("_Function", bound=Callable[..., Any])
_WHEN = "Duration ago (2h, 30d), date or time (UTC)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was said on the command line of the entries that are wanted."""

    environment: str
    actor: str
    outcome: str
    type: str
    text: str
    since: datetime | None
    until: datetime | None

    def question(self, unit: str | None) -> "Question":
        """Return what is asked for; raise BadParameter where the unit is no unit."""
        from reconciler.model.identity import UnitId
        from reconciler.model.question import Question

        try:
            named = str(UnitId.parse(unit)) if unit else ""
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        return Question(
            unit=named,
            environment=self.environment,
            actor=self.actor,
            outcome=self.outcome,
            type=self.type,
            text=self.text,
            since=self.since,
            until=self.until,
        )


def choice_options(function: _Function) -> _Function:
    """Add the options; the command gets ``environment``, ``actor`` and so on, for ``Choice``."""
    for add in reversed(
        (
            click.option("--environment", metavar="NAME", default="", help="Only of this environment."),
            click.option("--actor", metavar="NAME", default="", help="Only by this person or machine."),
            click.option("--since", metavar="WHEN", callback=_moment, help=f"Not older than this. {_WHEN}"),
            click.option("--until", metavar="WHEN", callback=_moment, help="Older than this, as above."),
            click.option("--outcome", metavar="WORD", default="", help="Only with this outcome: failed, refused, ..."),
            click.option("--type", "type_", metavar="TYPE", default="", help="Only of this type: waived, ..."),
            click.option("--text", metavar="TEXT", default="", help="Only with this text anywhere in them."),
        )
    ):
        function = add(function)
    return function


def _moment(_: click.Context, option: click.Parameter, text: str | None) -> datetime | None:
    from reconciler.audit.query import moment_of
    from reconciler.providers.clock import SystemClock

    if text is None:
        return None
    try:
        return moment_of(text, SystemClock().now())
    except ValueError as error:
        raise click.BadParameter(str(error), param=option) from error


def here(reach: Reach) -> Path | None:
    """Return the settings file to go by; raise Failure where a server was named: the record is read where it lies."""
    if reach.server:
        raise Failure(
            "the record is read where the daemon is, not over --server; there GET /v1/audit tells what you may read"
        )
    return reach.config


def archive_options(function: _Function) -> _Function:
    """Add ``--archive`` and ``--identity``; the command gets ``archive: bool`` and ``identity: Path | None``."""
    function = click.option(
        "--identity",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        metavar="FILE",
        help="The private key to sealed segments, of age or SSH.",
    )(function)
    return click.option("--archive", is_flag=True, help="Also what is in the archive.")(function)


def archive_of(settings: "Settings", identity: Path | None) -> "Segments":
    """Return where segments are; raise Failure where no archive is set."""
    from reconciler.daemon.archive_reading import Segments

    if settings.audit.archive is None:
        raise Failure("no archive is set; say where it is with folder in [audit.archive] of the settings")
    return Segments(settings.audit.archive.folder, identity)
