"""How the story is told: a few words of the demo's own, commands, and below each what it really printed."""

import shlex
import textwrap
from collections.abc import Callable, Sequence

import click

from tests.demo.stage import RECONCILER, NotAsTold, Picture, Stage

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

    def watch(self, units: Sequence[str], is_there: Callable[[Picture], bool], what: str) -> None:
        """Show the rows of ``reconciler status`` as they change, until it is there."""
        click.secho("\n$ reconciler status  # again and again; rows as they change", bold=True)
        shown: dict[str, str] = {}
        before: list[Picture] = []

        def look() -> Picture:
            picture = self.stage.status()
            if picture.get("units") != before:
                before[:] = picture.get("units", [])
                self._show_rows(units, shown)
            return picture

        self.stage.until(look, is_there, what)

    def _show_rows(self, units: Sequence[str], shown: dict[str, str]) -> None:
        lines = self.stage.rows().splitlines()
        header = next((line for line in lines if line.startswith("UNIT ")), "")
        for line in lines:
            unit, row = line.partition(" ")[0], " ".join(line[: header.find("SINCE")].split())
            if unit in units and "  " in line and shown.get(unit) != row:
                if not shown:
                    click.echo(header)
                shown[unit] = row
                click.echo(line)

    def _perform(self, shown: str, words: Sequence[object], exits: int) -> None:
        click.secho(f"\n$ {shown}", bold=True)
        self._insist(shown, self.stage.perform(*(str(word) for word in words)), exits)

    def _insist(self, shown: str, status: int, expected: int) -> None:
        if status:
            click.secho(f"[exit status {status}]", bold=True)
        if status != expected:
            raise NotAsTold(f"{shown}: exit status {status}, expected {expected}")
