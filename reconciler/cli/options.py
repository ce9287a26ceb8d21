"""Options and arguments that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

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
