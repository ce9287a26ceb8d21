"""How the story is told: a few words of the demo's own, commands, and below each what it really printed."""

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from itertools import takewhile

import click

from tests.demo.stage import RECONCILER, NotAsTold, Stage

WIDTH = 80


class Telling:
    """Performs commands on the stage where everybody can see them; raises NotAsTold for an unexpected exit status."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def heading(self, text: str) -> None:
        """Begin an act."""
        click.secho(f"\n==== {text} ".ljust(WIDTH + 1, "="), bold=True)

    def say(self, text: str) -> None:
        """Say something that is not output of the program."""
        lines = textwrap.wrap(" ".join(text.split()), WIDTH - 2)
        click.secho("\n" + "\n".join(f"# {line}" for line in lines), fg="cyan")

    def reconciler(self, words: str, exits: int = 0) -> None:
        """Run ``reconciler`` and show what it prints."""
        self._perform(f"reconciler {words}", (RECONCILER, *shlex.split(words)), exits)

    def git(self, words: str) -> None:
        """Run ``git`` in the repository and show what it prints."""
        self._perform(f"git {words}", ("git", *shlex.split(words)), 0)

    def on(self, host: str, script: str) -> None:
        """Do something in the folder of a host, as somebody who is logged in there, and show what it prints."""
        click.secho(f"\n{host}$ {script}", bold=True)
        self._insist(script, self.stage.on(host, script), 0)

    def start_daemon(self) -> None:
        """Start the daemon; what it logs is not shown."""
        click.secho("\n$ reconciler run &", bold=True)
        self.stage.start_daemon()

    def stop_daemon(self) -> None:
        """Ask the daemon to leave, and wait until it has."""
        click.secho("\n$ kill %1; wait %1", bold=True)
        self._insist("reconciler run", self.stage.stop_daemon(), 0)

    def watch(self, wanted: Mapping[str, str]) -> None:
        """Show rows of ``reconciler status`` as they change, until each unit has the version and state wanted of it."""
        click.secho("\n$ reconciler status  # again and again; rows as they change", bold=True)
        shown: dict[str, str] = {}

        def look() -> dict[str, str]:
            header, *rows = [*takewhile(bool, self.stage.rows().splitlines())] or [""]
            for row in rows if header.startswith("UNIT ") else ():
                unit, *standing = row[: header.index("COMMIT")].split()
                if unit in wanted and shown.get(unit) != " ".join(standing):
                    click.echo(row if shown else f"{header}\n{row}")
                    shown[unit] = " ".join(standing)
            return shown

        self.stage.until(look, lambda seen: seen == wanted, f"reconciler status shows {wanted}")

    def _perform(self, shown: str, words: Sequence[object], exits: int) -> None:
        click.secho(f"\n$ {shown}", bold=True)
        self._insist(shown, self.stage.perform(*(str(word) for word in words)), exits)

    def _insist(self, shown: str, status: int, expected: int) -> None:
        if status:
            click.secho(f"[exit status {status}]", bold=True)
        if status != expected:
            raise NotAsTold(f"{shown}: exit status {status}, expected {expected}")
