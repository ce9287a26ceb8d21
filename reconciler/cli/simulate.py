"""``reconciler simulate``: what the policies would do, tried on a fleet and a clock that are not there."""

from pathlib import Path

import click

from reconciler.cli.errors import Exit


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(file: Path) -> int:
    """Tell what would happen, on simulated targets and time.

    FILE is a Scenario: which folder of desired state, what happens when, and
    what is expected at the end. Planner and executor are those of the daemon;
    targets, load balancers, figures and time are not there. The same file tells
    the same story each time. Exit status: 0 as expected, 1 not as expected,
    or a mistake in the file.
    """
    from reconciler.cli.errors import Failure
    from reconciler.cli.render.story import ending
    from reconciler.control.clean import clean
    from reconciler.daemon.logs import silence
    from reconciler.kinds.catalog import CATALOG
    from reconciler.simulate.expect import unmet
    from reconciler.simulate.play import play
    from reconciler.simulate.scenario import read_scenario

    try:
        scenario, _ = read_scenario(file)
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error
    silence()
    played = play(scenario.spec, file.parent, CATALOG)
    for line in (*played.lines, *ending(played)):
        click.echo(clean(line).rstrip())
    wrong = [text for each in scenario.spec.expect for text in unmet(each, played)]
    for text in wrong:
        click.echo(click.style("not as expected: ", fg="red") + clean(text))
    if scenario.spec.expect and not wrong:
        click.echo("all as expected")
    return Exit.ERROR if wrong else Exit.DONE
