"""From a document to a conclusion, with a real Prometheus in between: only the time is ours."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from reconciler.model.analysis import Analysis, Measurement, Outcome
from reconciler.model.policy import Canary
from reconciler.model.step import Analyse
from reconciler.policy.servers import resolved
from reconciler.ports.errors import WorldError
from reconciler.providers.by_sort import AllTargets
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from reconciler.providers.metrics import Monitoring
from reconciler.providers.remembering import Remembering
from reconciler.verify.analysis import Answer, Conclusion, begin, conclude, measured
from tests.conftest import unavailable
from tests.desired.note import SECOND, loaded
from tests.factory import NOW
from tests.lab.prometheus import obstacle, prometheus
from tests.providers.local_shell import DASH, LocalShell
from tests.providers.secret_values import SecretValues

POLICY = """\
kind: RolloutPolicy
metadata: {name: careful}
spec: {strategy: {canary: {steps: [{setWeight: 10}, {analyse: {names: [errors], args: {limit: LIMIT}}}]}}}
---
kind: Analysis
metadata: {name: errors}
spec:
  args: {limit: null}
  provider: {prometheus: {url: "URL"}}
  query: >-
    sum(rate(requests_total{app="{{ app }}",server=~"{{ canary }}",code=~"5.."}[5m]))
    / sum(rate(requests_total{app="{{ app }}",server=~"{{ canary }}"}[5m]))
  count: 10
  success: result < {{ args.limit }}
  comparison:
    baseline: >-
      sum(rate(requests_total{app="{{ app }}",server=~"{{ stable }}",code=~"5.."}[5m]))
      / sum(rate(requests_total{app="{{ app }}",server=~"{{ stable }}"}[5m]))
    effect: 0.5
    minimum: 5
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on four servers, 100 requests a second each; this many percent fail."""
    if missing := obstacle():
        unavailable(missing)
    start = int(SystemClock().now().timestamp()) - 900
    lines = ["# TYPE requests counter"]
    for name, percent in {"web-1": 1, "web-2": 1, "web.3": 4, "web-4": 30}.items():
        for code, share in (("200", 100 - percent), ("500", percent)):
            labels = f'app="base",server="{name}",code="{code}"'
            lines += [f"requests_total{{{labels}}} {15 * share * n} {start + 15 * n}" for n in range(120)]
    with prometheus(tmp_path_factory.mktemp("prometheus"), "\n".join([*lines, "# EOF", ""])) as url:
        yield url


def analyses(url: str, canary: list[str], stable: list[str]) -> tuple[Analysis, ...]:
    """What the planner makes of the step in the document."""
    text = POLICY.replace("URL", url).replace("LIMIT", "0.05")
    (unit,) = loaded({"policies/p.yaml": text, "desired-state/web-2.yaml": SECOND}).units.values()
    assert isinstance(unit.policy.strategy, Canary)
    step = unit.policy.strategy.steps[1]
    assert isinstance(step, Analyse)
    return tuple(resolved(each, canary, stable) for each in step.analyses)


async def concluded(asked: tuple[Analysis, ...], folder: Path) -> tuple[Conclusion | None, list[Measurement]]:
    http, made = Http(), list[Measurement]()
    clock = SystemClock()
    monitoring = Monitoring(
        http, LocalShell(folder, *DASH), SecretValues({}), clock, Remembering(AllTargets({}), clock)
    )

    async def ask(query: object) -> Answer:
        try:
            return await monitoring.read(query, None)  # type: ignore[arg-type]
        except WorldError as error:
            return str(error)

    (run,), (analysis,) = begin(asked, NOW), asked
    assert analysis.comparison
    while (found := conclude([run], asked, None)) is None:
        beside = await ask(analysis.comparison.baseline)
        run, measurement = measured(run, analysis, await ask(analysis.query), beside, run.next_at)
        made.append(measurement)
    await http.close()
    return found, made


async def test_a_canary_like_its_baseline_is_successful(server: str, tmp_path: Path) -> None:
    found, made = await concluded(analyses(server, ["web-1"], ["web-2"]), tmp_path)
    assert found == Conclusion(Outcome.SUCCESSFUL, "errors: 10 of 10 measurements successful")
    assert "not worse than the baseline: 10 and 10 values, U 50, p 1" in made[-1].detail
    assert (made[-1].value, made[-1].baseline) == ("[0.01]", "[0.01]")


async def test_a_canary_over_the_limit_fails_at_once(server: str, tmp_path: Path) -> None:
    found, made = await concluded(analyses(server, ["web-1", "web-4"], ["web-2"]), tmp_path)
    assert len(made) == 1
    assert found is not None
    assert found.outcome is Outcome.FAILED
    assert "errors: 1 failed measurement, 0 allowed; the latest answer was [0.155] (not result < 0.05" in found.reason


async def test_a_canary_under_the_limit_and_worse_than_its_baseline_fails(server: str, tmp_path: Path) -> None:
    found, made = await concluded(analyses(server, ["web.3"], ["web-1", "web-2"]), tmp_path)
    assert found is not None
    assert found.outcome is Outcome.FAILED
    assert [each.outcome for each in made] == [*[Outcome.SUCCESSFUL] * 4, Outcome.FAILED]
    assert "worse than the baseline: 5 and 5 values, U 25" in found.reason
    assert "means +300%" in found.reason


@pytest.mark.parametrize("servers", [[], ["web-9"]])
async def test_nobody_to_ask_about_is_inconclusive(server: str, tmp_path: Path, servers: list[str]) -> None:
    found, _ = await concluded(analyses(server, servers, ["web-1"]), tmp_path)
    assert found is not None
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "no data: the answer is empty" in found.reason


async def test_a_prometheus_that_is_away_is_an_error_after_five_tries(tmp_path: Path) -> None:
    found, made = await concluded(analyses("http://127.0.0.1:1", ["web-1"], ["web-2"]), tmp_path)
    assert found is not None
    assert found.outcome is Outcome.ERROR
    assert "errors: 5 errors in a row, 4 allowed" in found.reason
    assert "no answer from http://127.0.0.1:1/api/v1/query: connection refused" in found.reason
    assert [(two.at - one.at).total_seconds() for one, two in pairwise(made)] == [10, 10, 10, 10]
