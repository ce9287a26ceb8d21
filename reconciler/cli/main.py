"""The ``reconciler`` command. Commands are imported when they are called, so that ``--help`` answers at once."""

import difflib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from reconciler.cli.errors import Exit, tell

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("reconciler.cli.init", "Write a working start: desired state, policies, settings."),
    "validate": ("reconciler.cli.validate", "Check desired state and policies; report every mistake."),
    "doctor": ("reconciler.cli.doctor", "Check this machine and every host; say how to mend what is wrong."),
    "schema": ("reconciler.cli.schema", "Print JSON Schemas of the documents, for editors."),
    "plan": ("reconciler.cli.plan", "Show what would be done, without doing it."),
    "simulate": ("reconciler.cli.simulate", "Tell what policies would do, on simulated targets."),
    "apply": ("reconciler.cli.apply", "Carry out a plan that was written with plan --out."),
    "run": ("reconciler.cli.run", "Keep the fleet in the state that Git says."),
    "status": ("reconciler.cli.status", "Show where every unit stands."),
    "explain": ("reconciler.cli.explain", "Say why a unit is where it is, and what can be done."),
    "query": ("reconciler.cli.query", "Show what is there, as it was seen last or as it is now."),
    "history": ("reconciler.cli.history", "Show what was rolled out, when, why, and how it ended."),
    "promote": ("reconciler.cli.promote", "Let a rollout that waits go on."),
    "approve": ("reconciler.cli.approve", "Approve a plan, or what a rollout waits with."),
    "reject": ("reconciler.cli.reject", "Reject a plan, or what a rollout waits with."),
    "abort": ("reconciler.cli.abort", "End a rollout, and take it back."),
    "rollback": ("reconciler.cli.rollback", "Go back to an earlier state, and hold it there."),
    "hold": ("reconciler.cli.hold", "Keep a unit at the state it is at."),
    "release": ("reconciler.cli.release", "Let a unit that is held follow Git again."),
    "retry": ("reconciler.cli.retry", "Try a rejected state again."),
    "accept": ("reconciler.cli.accept", "Follow a branch that was rewritten."),
    "pause": ("reconciler.cli.pause", "Stop automation for a unit, or for everything."),
    "resume": ("reconciler.cli.resume", "Lift a pause."),
    "lock": ("reconciler.cli.lock", "Keep a unit or an environment from being changed."),
    "unlock": ("reconciler.cli.unlock", "Take a lock away."),
    "waive": ("reconciler.cli.waive", "Break glass: pass gates in an emergency."),
    "review-waiver": ("reconciler.cli.review_waiver", "Say what was found of a waiver afterwards."),
    "delegate": ("reconciler.cli.delegate", "Let somebody approve in your place."),
    "token": ("reconciler.cli.token", "Make, list and revoke tokens for the API."),
    "sync": ("reconciler.cli.sync", "Look at Git and at a unit now."),
    "logs": ("reconciler.cli.logs", "Show what programs on targets printed, step by step."),
    "audit": ("reconciler.cli.audit", "Search, check, export and sign the record."),
    "report": ("reconciler.cli.report", "Report on a rollout or a period; check compliance."),
    "notify": ("reconciler.cli.notify", "Try the channels that people are told through."),
    "backup": ("reconciler.cli.backup", "Copy all that is known to a file, while it runs."),
    "restore": ("reconciler.cli.restore", "Make the state folder from a backup."),
    "rebuild": ("reconciler.cli.rebuild", "Learn from the targets what was lost with the journal."),
}
"""Name of the command: its module (it has a ``command``), and one line of help."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; a name that is not there gets the nearest one that is."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> NoReturn:
        """Run a command and end the process; the one place where errors become words and exit statuses."""
        options["standalone_mode"] = False
        options.setdefault("prog_name", "reconciler")
        try:
            status = super().main(args, *rest, **options)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost place
            status = tell(error)
        sys.exit(status if isinstance(status, int) else Exit.DONE)


@click.group(
    name="reconciler", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}
)
@click.version_option(package_name="reconciler", message="reconciler %(version)s")
@click.option(
    "--server",
    envvar="RECONCILER_SERVER",
    metavar="URL",
    help="Ask the daemon there: https://HOST[:PORT], or unix:///PATH. The token is in $RECONCILER_TOKEN.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="RECONCILER_TOKEN_FILE",
    metavar="FILE",
    help="The token for --server is in this file.",
)
def cli(server: str | None, token_file: Path | None) -> None:
    """Keep a fleet in the state that Git says, and take a bad commit back.

    Exit status: 0 done or nothing to do, 1 error, 2 changes pending (plan
    --detailed-exitcode), 3 reverted, 4 held or waiting, 130 interrupted.
    """
