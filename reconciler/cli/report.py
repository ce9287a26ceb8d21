"""``reconciler report``: one rollout, a period, or whether the rules of change were kept."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import Reach, reach_option
from reconciler.cli.private_file import private_file

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.report.forms import Form, Report
    from reconciler.report.period import Period
    from reconciler.report.render_html import Draw

FORMATS = ("text", "markdown", "json", "csv", "html")
GROUPINGS = ("app", "environment", "team", "unit")
SINCE = "30d"
SINCE_COMPLIANCE = "90d"


@click.command("report")
@reach_option
@click.argument("what", metavar="[ROLLOUT|UNIT]", required=False)
@click.option("--since", metavar="WHEN", help="From then on: 30d (ago), 2026-11-01, RFC 3339. Default: 30d, 90d.")
@click.option("--until", metavar="WHEN", help="Before then. Default: now.")
@click.option("--environment", metavar="NAME", default="", help="Only this environment.")
@click.option("--by", type=click.Choice(GROUPINGS), help="What a period is told apart by. Default: app.")
@click.option("--compliance", is_flag=True, help="Check the rules of a pack against every change.")
@click.option("--pack", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The rules to check.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How it is told.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it there.")
def command(
    reach: Reach,
    what: str | None,
    since: str | None,
    until: str | None,
    environment: str,
    by: str | None,
    form: str,
    out: Path | None,
    pack: Path | None,
    *,
    compliance: bool,
) -> int:
    """Report on one rollout (of a unit: its newest), or on a period.

    A period is told by the four DORA measures and what stood in the way.
    With --compliance, exit status 2 means that a rule was not kept.
    """
    if reach.server:
        raise Failure("reports are made from the journal; run this on the daemon's machine, without --server")
    asked = _Asked(since, until, environment, by)
    if what:
        if compliance or pack or asked != _Asked(None, None, "", None):
            raise click.UsageError("of one rollout there is one report; leave out --since, --until and the others")
        report, status = asyncio.run(_rollout(reach, what)), Exit.DONE
    elif compliance:
        report, status = asyncio.run(_compliance(reach, asked, pack))
    elif pack:
        raise click.UsageError("--pack is for --compliance")
    else:
        report, status = asyncio.run(_period(reach, asked)), Exit.DONE
    _put(report, form, out)
    return status


@dataclass(frozen=True, slots=True)
class _Asked:
    since: str | None
    until: str | None
    environment: str
    by: str | None

    def period(self, now: "datetime", since: str) -> "Period":
        from reconciler.report.period import Period, moment_said

        try:
            found = Period(moment_said(self.since or since, now), moment_said(self.until, now) if self.until else now)
            first = found.before.since
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        except OverflowError as error:
            raise click.UsageError("the period before this one would begin before the year 1") from error
        if found.since >= found.until:
            raise click.UsageError(f"--since ({found.since:%F %R}) has to be before --until ({found.until:%F %R})")
        del first
        return found


async def _rollout(reach: Reach, what: str) -> "Report":
    from reconciler.cli.report_rollout import rollout_report_on
    from reconciler.daemon.reporting import reporting

    async with reporting(reach.config) as sources:
        return await rollout_report_on(sources, what)


async def _period(reach: Reach, asked: _Asked) -> "Report":
    from reconciler.cli.report_period import period_report_on
    from reconciler.daemon.reporting import reporting
    from reconciler.providers.clock import SystemClock

    period = asked.period(SystemClock().now(), SINCE)
    async with reporting(reach.config) as sources:
        return await period_report_on(sources, period, asked.by or GROUPINGS[0], asked.environment)


async def _compliance(reach: Reach, asked: _Asked, pack: Path | None) -> "tuple[Report, Exit]":
    from reconciler.cli.report_compliance import compliance_report_on
    from reconciler.daemon.reporting import reporting
    from reconciler.providers.clock import SystemClock

    if asked.by:
        raise click.UsageError("--by is for the report on a period")
    period = asked.period(SystemClock().now(), SINCE_COMPLIANCE)
    async with reporting(reach.config) as sources:
        report, kept = await compliance_report_on(sources, period, asked.environment, pack)
    return report, Exit.DONE if kept else Exit.PENDING


def _put(report: "Report", form: str, out: Path | None) -> None:
    from reconciler.cli import terminal
    from reconciler.control.clean import clean_lines
    from reconciler.report.forms import Form, formed
    from reconciler.report.plots import NoPlots

    chosen = Form(form)
    try:
        made = formed(report, chosen, terminal.width(), _drawer(chosen))
    except NoPlots as error:
        raise Failure(
            f"the plots cannot be drawn: {error}; install it anew or remove it, or take another format"
        ) from error
    if chosen in (Form.TEXT, Form.MARKDOWN):
        made = "\n".join(clean_lines(made))
    if out is None:
        click.echo(made, nl=False)
        return
    with private_file(out) as file:
        file.write(made)
    click.echo(f"Written to {out}.", err=True)


def _drawer(form: "Form") -> "Draw | None":
    from importlib.util import find_spec

    from reconciler.report.forms import Form
    from reconciler.report.plots import draw

    return draw if form is Form.HTML and find_spec("matplotlib") else None
