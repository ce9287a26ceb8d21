"""Write the man pages and the shell completion from the command line's own help: ``make pages``."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete
from click_man.core import write_man_pages

from reconciler.cli.main import COMMANDS, cli
from reconciler.cli.subcommands import Subcommands

DOCS = Path(__file__).parent
SHELLS: Mapping[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
RELEASED = "2026-11"


def eager() -> click.Group:
    """Return the whole command line, with every command imported and its one line of help."""
    group = click.Group(
        cli.name, help=cli.help, params=cli.params, short_help="keep a fleet in the state that Git says"
    )
    context = click.Context(cli)
    for name, (_, line) in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, Subcommands):
            command = _whole(command)
        command.short_help = line.rstrip(".")
        group.add_command(command, name)
    return group


def _whole(lazy: Subcommands) -> click.Group:
    group = click.Group(lazy.name, help=lazy.help, params=lazy.params)
    for name, (_, line) in lazy.table.items():
        command = lazy.get_command(click.Context(lazy), name)
        assert command is not None
        command.short_help = line.rstrip(".")
        group.add_command(command, name)
    return group


def completions() -> Iterator[tuple[str, str]]:
    """Yield the name of each file of completion, and its text."""
    for shell, maker in SHELLS.items():
        text = maker(cli, {}, "reconciler", "_RECONCILER_COMPLETE").source()
        yield f"reconciler.{shell}", text.strip() + "\n"


def write(folder: Path) -> None:
    """Write ``man/*.1`` and ``completion/*`` below the folder."""
    for part in ("man", "completion"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_man_pages("reconciler", eager(), version=version("reconciler"), target_dir=str(folder / "man"), date=RELEASED)
    for page in (folder / "man").glob("*.1"):
        page.write_text("\n".join(line.rstrip() for line in page.read_text().splitlines()) + "\n")
    for name, text in completions():
        (folder / "completion" / name).write_text(text)


if __name__ == "__main__":
    write(DOCS)
