"""Analyses as units have them: rendered, with defaults, and no part of what is rolled out."""

import subprocess
import sys
from datetime import timedelta

from reconciler.model.analysis import (
    CANARY,
    STABLE,
    Analysis,
    CommandQuery,
    Comparison,
    DatadogQuery,
    Direction,
    HttpQuery,
    Outcome,
    PrometheusQuery,
)
from reconciler.model.identity import UnitId
from reconciler.model.policy import Canary, RolloutPolicy
from reconciler.model.step import Analyse
from reconciler.model.unit import Unit
from tests.desired.note import KEY, loaded

SECOND_HOST = f"""\
kind: Host
metadata: {{name: web-2, labels: {{role: web}}}}
spec: {{environment: production, address: 203.0.113.2, user: deploy, hostKey: "{KEY}"}}
"""

POLICY = """\
kind: RolloutPolicy
metadata: {name: careful}
spec:
  strategy:
    canary:
      steps:
        - setWeight: 10
        - analyse: error-rate
        - analyse: {names: [error-rate, latency], passesAt: 80, within: 1h, args: {code: "4..", limit: 0.5}}
  background: [error-rate]
"""

ANALYSES = """\
kind: Analysis
metadata: {name: error-rate}
spec:
  args: {code: "5..", limit: 0.05}
  provider: {prometheus: {url: "http://prometheus.{{ environment }}:9090", token: mon/token}}
  query: '{{ app }} {{ version }} {{ unit }} {{ vars.color }} {{ args.code }} {{ canary }}'
  count: 5
  success: result < {{ args.limit }}
  failureLimit: 1
---
kind: Analysis
metadata: {name: latency}
spec:
  provider: {prometheus: {url: "http://p"}}
  query: '{{ canary }}'
  interval: 5s
  initialDelay: 1m
  count: 20
  success: result[0] < 0.5
  failure: result[0] > 1.0
  consecutiveSuccessLimit: 3
  inconclusiveLimit: 2
  consecutiveErrorLimit: 0
  onNoData: failed
  comparison: {baseline: '{{ stable }}', direction: either, confidence: 0.95, effect: 0.2, minimum: 5}
  weight: 3
"""

UNIT = UnitId("base", "production")


def unit(policy: str = POLICY, analyses: str = ANALYSES) -> Unit:
    files = {"policies/policy.yaml": policy, "policies/analyses.yaml": analyses}
    return loaded({**files, "desired-state/web-2.yaml": SECOND_HOST}).units[UNIT]


def steps(policy: RolloutPolicy) -> list[Analyse]:
    assert isinstance(policy.strategy, Canary)
    return [step for step in policy.strategy.steps if isinstance(step, Analyse)]


def test_an_analysis_is_rendered_for_the_unit_with_its_arguments() -> None:
    alone, together = steps(unit().policy)
    assert alone == Analyse((_error_rate(code="5..", limit="0.05"),))
    assert together.analyses[0] == _error_rate(code="4..", limit="0.5")
    assert (together.passes_at, together.within) == (80, timedelta(hours=1))


def test_a_background_analysis_has_no_end_of_its_own() -> None:
    (beside,) = unit().policy.background
    assert (beside.name, beside.count) == ("error-rate", None)


def test_every_field_says_what_the_document_says() -> None:
    assert steps(unit().policy)[1].analyses[1] == Analysis(
        name="latency",
        query=PrometheusQuery(url="http://p", query=CANARY),
        interval=timedelta(seconds=5),
        initial_delay=timedelta(minutes=1),
        count=20,
        success="result[0] < 0.5",
        failure="result[0] > 1.0",
        failure_limit=-1,
        inconclusive_limit=2,
        consecutive_error_limit=0,
        consecutive_success_limit=3,
        on_no_data=Outcome.FAILED,
        comparison=Comparison(
            baseline=PrometheusQuery(url="http://p", query=STABLE),
            direction=Direction.EITHER,
            confidence=0.95,
            effect=0.2,
            minimum=5,
        ),
        weight=3,
    )


def test_every_provider_becomes_its_query() -> None:
    policy = "kind: RolloutPolicy\nmetadata: {name: p}\nspec: {background: [d, h, c, e]}\n"
    analyses = """\
kind: Analysis
metadata: {name: d}
spec:
  provider: {datadog: {apiKey: dd/api, appKey: dd/app, over: 2m, url: "https://api.datadoghq.eu"}}
  query: "avg:errors{app:{{ app }}}"
  success: result < 0.05
---
kind: Analysis
metadata: {name: h}
spec:
  provider: {http: {url: "http://m/{{ unit }}", headers: {X-App: "{{ app }}"}, token: mon/t}}
  query: $.rate
  success: result < 0.05
---
kind: Analysis
metadata: {name: c}
spec: {provider: {http: {url: "http://m", language: cel}}, query: body.rate, success: result < 0.05}
---
kind: Analysis
metadata: {name: e}
spec: {provider: {command: }, query: [count, "{{ app }}", --errors], failure: result > 3}
"""
    assert [each.query for each in unit(policy, analyses).policy.background] == [
        DatadogQuery(
            query="avg:errors{app:base}",
            api_key="dd/api",
            app_key="dd/app",
            over=timedelta(minutes=2),
            url="https://api.datadoghq.eu",
        ),
        HttpQuery(url="http://m/base@production", value="$.rate", headers={"X-App": "base"}, token="mon/t"),
        HttpQuery(url="http://m", value="body.rate", language="cel"),
        CommandQuery(command=("count", "base", "--errors")),
    ]


def test_a_changed_query_rolls_nothing_out() -> None:
    before, after = unit(), unit(analyses=ANALYSES.replace("{{ app }}", "{{ app }} or nothing"))
    assert before.policy != after.policy
    assert before.digest == after.digest


def test_a_policy_without_analyses_is_the_same_for_all_units() -> None:
    assert unit("kind: RolloutPolicy\nmetadata: {name: p}\n").policy == RolloutPolicy(name="p")


def test_the_libraries_for_conditions_are_read_only_where_there_is_one() -> None:
    look = "import sys; from reconciler.desired.load import load; from reconciler.verify import analysis; "
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            look + "print([name for name in ('cel_expr_python', 'jsonpath') if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout == "[]\n"


def _error_rate(*, code: str, limit: str) -> Analysis:
    return Analysis(
        name="error-rate",
        query=PrometheusQuery(
            url="http://prometheus.production:9090",
            query=f"base 1 base@production red {code} {CANARY}",
            token="mon/token",
        ),
        count=5,
        success=f"result < {limit}",
        failure_limit=1,
    )
