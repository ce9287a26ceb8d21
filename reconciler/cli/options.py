"""Options and arguments that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

MAX_REASON = 500

_Function = TypeVar("_Function", bound=Callable[..., Any])


def config_option(function: _Function) -> _Function:
    """Add ``--config FILE``; the command gets ``config: Path | None`` and hands it to ``Settings.load``."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="RECONCILER_CONFIG",
        metavar="FILE",
        help="Settings file. Default: $RECONCILER_CONFIG, ./reconciler.toml, /etc/reconciler/reconciler.toml.",
    )(function)


def json_option(function: _Function) -> _Function:
    """Add ``--json``; the command gets ``as_json: bool``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(function)


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


def _one_line(_: click.Context, option: click.Parameter, text: str | None) -> str:
    reason = " ".join((text or "").split())
    if option.required and not reason:
        raise click.BadParameter("it must not be empty", param=option)
    if not reason.isprintable() or len(reason) > MAX_REASON:
        raise click.BadParameter(f"it must be at most {MAX_REASON} printable characters", param=option)
    return reason
