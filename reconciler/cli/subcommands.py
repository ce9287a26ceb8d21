"""A group of subcommands, each imported when it is called."""

import importlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import click

Table: TypeAlias = Mapping[str, tuple[str, str]]
"""Name of the subcommand: its module (it has a ``command``), and one line of help."""


class Subcommands(click.Group):
    """A group that knows its subcommands by a table and imports only the one that is called."""

    def __init__(self, table: Table, **of_click: Any) -> None:
        super().__init__(**of_click)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the subcommand; None when there is none of that name."""
        if cmd_name not in self.table:
            return None
        command: click.Command = importlib.import_module(self.table[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])
