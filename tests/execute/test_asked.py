"""What a check is asked with: the secrets that its answer must not tell, which is written down."""

from dataclasses import replace

from reconciler.execute.effects import Effects
from reconciler.execute.side_by_side import SideBySide
from reconciler.model.content import Content
from reconciler.model.health import CheckProgress, CheckResult, ExecCheck, HealthCheck, HidingCheck
from reconciler.model.plan import Probe
from reconciler.model.target import Target
from tests import factory as f
from tests.execute.test_move import rollout
from tests.sim import plans


class Told:
    """Targets that keep what they are asked."""

    asked: HealthCheck | None = None

    async def check(self, target: Target, check: HealthCheck) -> CheckResult:
        self.asked = check
        return CheckResult(healthy=True, detail="exit 0")


async def test_a_check_of_a_rollout_is_asked_with_the_secrets_of_its_unit() -> None:
    content = Content(blob="sha256:1", digest="keyed:1", size=1, secrets={"db": "shop/db"})
    plan = plans.at_once(plans.shop("1", ("web-1",)))
    plan = replace(plan, unit=f.unit(replace(f.thing("a"), contents={"content": content})))
    step = Probe(batch=0, targets=("web-1",), checks=(ExecCheck(command=("ask",)),))
    targets = Told()
    effects = Effects(targets, {}, None, SideBySide())  # type: ignore[arg-type]
    await effects.ask(rollout(), plan, step, [CheckProgress(target="web-1", check=0, next_at=f.NOW)])
    assert targets.asked == HidingCheck(command=("ask",), secrets=frozenset({"shop/db"}))
