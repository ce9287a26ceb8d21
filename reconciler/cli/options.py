"""Options and arguments that several commands share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

MAX_REASON = 500
_CONFIG = "Settings file. Default: $RECONCILER_CONFIG, ./reconciler.toml, /etc/reconciler/reconciler.toml."

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the fleet is reached: through a server, with the token in a file, or by the settings of this machine."""

    config: Path | None = None
    server: str | None = None
    token_file: Path | None = None


def reach_option(function: _Function) -> _Function:
    """Add ``--config FILE``; the command gets ``reach: Reach``, with what was said before its name."""
    return click.option(
        "--config",
        "reach",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="RECONCILER_CONFIG",
        metavar="FILE",
        callback=_reach,
        help=_CONFIG,
    )(function)


def _reach(context: click.Context, _: click.Parameter, config: Path | None) -> Reach:
    said = context.find_root().params
    return Reach(config=config, server=said.get("server"), token_file=said.get("token_file"))


def config_option(function: _Function) -> _Function:
    """Add ``--config FILE``; the command gets ``config: Path | None`` and hands it to ``Settings.load``."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="RECONCILER_CONFIG",
        metavar="FILE",
        help=_CONFIG,
    )(function)


def json_option(function: _Function) -> _Function:
    """Add ``--json``; the command gets ``as_json: bool``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(function)


def unit_argument(*, required: bool) -> Callable[[_Function], _Function]:
    """Add ``UNIT``; the command gets ``unit: str``, or ``str | None`` where it is not required."""
    metavar = "UNIT" if required else "[UNIT]"
    return click.argument("unit", metavar=metavar, required=required, shell_complete=_units)


def _units(context: click.Context, _: click.Parameter, typed: str) -> list[str]:
    """Offer the units that the journal knows; nothing where it cannot be read, for there is nobody to tell."""
    from reconciler.cli.completion import units

    reach = context.params.get("reach")
    config = reach.config if isinstance(reach, Reach) else context.params.get("config")
    return [name for name in units(config) if name.startswith(typed)]


def environment_option(function: _Function) -> _Function:
    """Add ``--environment NAME``; the command gets ``environment: str | None``."""
    return click.option("--environment", metavar="NAME", help="A whole environment instead of a unit.")(function)


def one_of(unit: str | None, environment: str | None) -> bool:
    """Return whether it is a unit that is named, not an environment; UsageError unless it is just one of them."""
    if bool(unit) == bool(environment):
        raise click.UsageError("name a unit (app@environment) or --environment NAME")
    return bool(unit)


def duration_option(flag: str, name: str, text: str) -> Callable[[_Function], _Function]:
    """Add an option for a duration; the command gets a ``timedelta``, None where it was not said."""
    return click.option(flag, name, metavar="DURATION", callback=_duration, help=text)


def _duration(_: click.Context, option: click.Parameter, text: str | None) -> timedelta | None:
    from reconciler.model.duration import parse_duration

    if text is None:
        return None
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param=option) from error
    if not found:
        raise click.BadParameter("it must be longer than nothing", param=option)
    return found


def text_option(flag: str, text: str) -> Callable[[_Function], _Function]:
    """Add an option for a line of text that has to be there; the command gets it as ``str``."""
    return click.option(flag, metavar="TEXT", required=True, callback=_one_line, help=text)


def reason_option(*, required: bool) -> Callable[[_Function], _Function]:
    """Add ``--reason TEXT``; the command gets ``reason: str``, one line without control characters."""
    return click.option(
        "--reason",
        metavar="TEXT",
        required=required,
        default=None if required else "",
        callback=_one_line,
        help="Why; it is kept in the history.",
    )


def code_option(function: _Function) -> _Function:
    """Add ``--code``; the command gets ``code: str``. It is good once and soon over, so it may be seen in a list."""
    return click.option(
        "--code",
        metavar="DIGITS",
        default="",
        envvar="RECONCILER_CODE",
        help="One-time code, where a second factor is wanted. Asked for on a terminal.",
    )(function)


def _one_line(_: click.Context, option: click.Parameter, text: str | None) -> str:
    reason = " ".join((text or "").split())
    if option.required and not reason:
        raise click.BadParameter("it must not be empty", param=option)
    if not reason.isprintable() or len(reason) > MAX_REASON:
        raise click.BadParameter(f"it must be at most {MAX_REASON} printable characters", param=option)
    return reason
