"""Options by which the entries of the record are chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
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
