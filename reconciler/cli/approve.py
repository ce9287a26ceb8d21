"""``reconciler approve UNIT``: a person consents to a plan, or says yes where a rollout asks people."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, code_option, reach_option, reason_option, unit_argument
from reconciler.cli.second_factor import with_code

if TYPE_CHECKING:
    from reconciler.model.asking import Ruling


@click.command()
@reach_option
@reason_option(required=False)
@code_option
@click.option("--plan", metavar="ID", default="", help="Approve just this plan; refused when another waits by now.")
@unit_argument(required=True)
def command(reach: Reach, reason: str, code: str, plan: str, unit: str) -> None:
    """Approve the plan of UNIT (app@environment), or the step its rollout waits at."""
    from reconciler.model.asking import Approve

    async def asked(code: str) -> "Ruling":
        return await ask(reach, unit, lambda found: Approve(unit=found, reason=reason, plan=plan, code=code))

    click.echo(with_code(asked, code).said)
