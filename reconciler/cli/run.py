"""``reconciler run``: the daemon."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit
from reconciler.cli.options import config_option

if TYPE_CHECKING:
    from reconciler.daemon.settings import Settings
    from reconciler.daemon.settle import Settled


@click.command()
@config_option
@click.option(
    "--once", is_flag=True, help="Bring the fleet to the newest commit once, wait until that ended, and exit."
)
def command(config: Path | None, *, once: bool) -> Exit:
    """Keep the fleet in the state that Git says.

    SIGTERM finishes the step in hand and leaves; SIGHUP reads the settings
    again. With --once the exit status is 0 done or nothing to do, 3 reverted,
    4 held or waiting, 1 error.
    """
    from reconciler.daemon import event_loop
    from reconciler.daemon.logs import set_up
    from reconciler.daemon.settings import Settings

    settings = Settings.load(config)
    set_up(settings.log)
    if once:
        # Modules are read before the loop runs: it walks and waits for none of them.
        from reconciler.cli.ended import tell_ended, tell_refused
        from reconciler.daemon import settle, wiring  # noqa: F401

        settled = event_loop.run(_once(settings))
        return tell_refused(settled.review, tell_ended(settled))
    import faulthandler

    from reconciler.cli.render.pull_request import PullRequestWords
    from reconciler.daemon.serve import serve

    # A daemon that hangs is ended by systemd with SIGABRT: the journal then shows where it was.
    faulthandler.enable()
    event_loop.run(serve(settings, lambda: Settings.load(config), PullRequestWords()))
    return Exit.DONE


async def _once(settings: "Settings") -> "Settled":
    from reconciler.daemon.settle import settle
    from reconciler.daemon.wiring import acting

    async with acting(settings) as parts:
        await parts.world.commits.refresh()
        return await settle(parts.world, parts.hands, parts.wake, lambda _: True)
