"""``reconciler waive UNIT``: break glass, where something has to be done now though policy says no."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, code_option, duration_option, reach_option, reason_option, unit_argument
from reconciler.cli.second_factor import with_code

if TYPE_CHECKING:
    from reconciler.model.asking import Ruling

GATES = ("approval", "window", "guardrail", "lock", "concurrency")
AN_HOUR = timedelta(hours=1)


@click.command()
@reach_option
@reason_option(required=True)
@code_option
@click.option("--gate", "gates", metavar="GATE[,GATE]", required=True, help=f"What is passed: {', '.join(GATES)}.")
@duration_option("--for", "duration", "How long, at most 24h. Default: 1h.")
@unit_argument(required=True)
def command(reach: Reach, reason: str, code: str, gates: str, duration: timedelta | None, unit: str) -> None:
    """Break glass: let UNIT (app@environment) pass gates, in an emergency.

    It is told louder than anything else, and somebody else has to look at it
    afterwards; see review-waiver.
    """
    from reconciler.model.asking import Waive
    from reconciler.model.governance import GateKind

    named = tuple(GateKind(each) for each in _known(gates))

    async def asked(code: str) -> "Ruling":
        return await ask(
            reach,
            unit,
            lambda found: Waive(unit=found, gates=named, reason=reason, duration=duration or AN_HOUR, code=code),
        )

    click.echo(with_code(asked, code).said)


def _known(gates: str) -> list[str]:
    given = [each.strip() for each in gates.split(",") if each.strip()]
    wrong = [each for each in given if each not in GATES]
    if wrong or not given:
        raise click.UsageError(f"there is no gate {', '.join(wrong) or gates!r}; there are {', '.join(GATES)}")
    return given
