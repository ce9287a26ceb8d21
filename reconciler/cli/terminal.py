"""Standard output: colour only on a terminal that wants it."""

import json
import shutil
import sys
from typing import Any

import click
from rich.console import Console
from rich.text import Text

MIN_WIDTH, MAX_WIDTH = 60, 120


def width() -> int:
    """Return the columns that prose may fill; 80 when it is not a terminal."""
    columns = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    return max(MIN_WIDTH, min(columns, MAX_WIDTH))


def show(text: Text) -> None:
    """Print a text; its lines are never wrapped or highlighted by the library."""
    Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(text)


def show_json(value: Any) -> None:
    """Print a JSON value; whatever is not ASCII is escaped, so no content can reach the terminal's controls."""
    click.echo(json.dumps(value, indent=2))
