"""``python -m tests.demo [--keep]`` tells the story of a small fleet.

Lines that begin with ``#`` or ``=`` are the demo's own, those with ``$`` or a host's name are commands; everything
else is the true output of these. Exit status 0 when every act ended as told, 1 when one did not, 130 when it was
interrupted.
"""

import argparse
import os
import sys

import click

from tests.demo.acts import ACTS
from tests.demo.processes import Interrupted, Processes
from tests.demo.stage import NotAsTold, Stage
from tests.demo.telling import Telling

FAILED, INTERRUPTED = 1, 130


def main() -> int:
    """Tell the story, and take everything away again."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description="Tell the story of a small fleet.")
    parser.add_argument("--keep", action="store_true", help="leave the folder in place")
    keep = parser.parse_args().keep
    processes = Processes()
    processes.listen()
    stage = Stage(processes)
    status = FAILED
    try:
        status = _tell(stage)
        keep = keep or status == FAILED
    except Interrupted:
        status, keep = INTERRUPTED, False
        click.echo("\ninterrupted; everything is taken away", err=True)
    except BrokenPipeError:
        keep = False
        # Nobody reads on; what Python would flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        stage.leave()
        if keep:
            click.echo(f"\n# The folder stays: {stage.folder}", err=True)
        else:
            stage.remove()
    return status


def _tell(stage: Stage) -> int:
    """Perform the acts; return 0 when all ended as told, 1 when one did not."""
    telling = Telling(stage)
    act = "Setting up"
    try:
        stage.build()
        for act, perform in ACTS:
            telling.heading(act)
            perform(telling)
    except NotAsTold as wrong:
        click.echo(f"\n{act}: this did not end as told: {wrong}\n\nThe daemon's log ends so:", err=True)
        click.echo(stage.log_tail(), err=True)
        return FAILED
    telling.say("Every act ended as told.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
