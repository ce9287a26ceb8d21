"""How objects of a cluster do, case by case; and which of them are asked at all."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.kinds import kubernetes
from reconciler.kinds.kubernetes_health_others import RULES
from reconciler.model.health import ResourceCheck
from reconciler.model.target import Sort
from reconciler.ports.reads import Listed, ReadStatus
from tests.kinds.cases import Repository

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "kubernetes/health.yaml").read_text())["cases"]
POD = {"spec": {"selector": {"matchLabels": {"app": "web"}}}}


def check_of(api_version: str, kind: str, rules: dict[str, str], **more: Any) -> ResourceCheck | None:
    """Return the check that an object brings along."""
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}, **more}
    spec = kubernetes.Spec.model_validate({"manifest": manifest, "namespace": "shop", **rules})
    (rendered,) = kubernetes.render(spec, Repository())
    return next((each for each in rendered.health if isinstance(each, ResourceCheck)), None)


def subject_of(case: dict[str, Any]) -> str:
    """Return what the check of a case is about; of kinds that are never asked, what it would be."""
    api_version, kind = case["sort"].split()
    rules: dict[str, str] = {key: case[key] for key in ("healthy", "failed") if key in case}
    found = check_of(api_version, kind, rules, spec={"type": "LoadBalancer"})
    return found.subject if found else json.dumps({"object": [api_version, kind, "shop", "web"], "labels": []})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_an_object_does_as_it_says(case: dict[str, Any]) -> None:
    answer = "" if case["object"] is None else json.dumps(case["object"])
    lists = [json.dumps(case.get(name, [])) for name in ("pods", "sets")]
    result = kubernetes.judged(subject_of(case), [answer, *lists])
    state = "well" if result.healthy else "coming" if result.pending else "wrong"
    assert state in case, result
    assert result.detail.startswith(str(case[state]).replace("True", "true")), result
    assert not (result.healthy and result.pending)


def test_every_kind_with_rules_has_cases() -> None:
    told = {case["sort"] for case in CASES}
    sorts = {f"{kind}.{version.rpartition('/')[0]}".rstrip(".") for version, kind in (each.split() for each in told)}
    assert set(RULES) - {"Ingress.extensions"} <= sorts


@given(
    st.sampled_from(sorted({case["sort"] for case in CASES})),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["status", "spec", "metadata", "conditions", "type", "phase", "replicas", "ingress"]),
                inner,
            )
        ),
        max_leaves=12,
    ),
)
def test_an_object_of_any_form_is_judged(sort: str, form: Any) -> None:
    api_version, kind = sort.split()
    subject = json.dumps({"object": [api_version, kind, "shop", "web"], "labels": []})
    found = kubernetes.judged(subject, [json.dumps(form if isinstance(form, dict) else {"status": form}), "[]", "[]"])
    assert found.detail
    assert not (found.healthy and found.pending)


def test_a_deployment_is_asked_with_its_pods_and_sets() -> None:
    check = check_of("apps/v1", "Deployment", {}, **POD)
    assert check
    assert check.ref == "kubernetes:Deployment.apps/shop/web"
    assert check.on is Sort.KUBERNETES_CLUSTER
    asked = kubernetes.asked(check.subject)
    labels = (("app", "web"),)
    assert isinstance(asked, ReadStatus)
    assert asked.object.namespace == "shop"
    assert asked.listed == (Listed("v1", "Pod", labels), Listed("apps/v1", "ReplicaSet", labels))


def test_a_job_is_asked_with_its_pods() -> None:
    check = check_of("batch/v1", "Job", {})
    assert check
    assert kubernetes.asked(check.subject).listed == (Listed("v1", "Pod", (("job-name", "web"),)),)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "ServiceAccount", "Service"])
def test_what_is_well_as_soon_as_it_is_there_is_not_asked(kind: str) -> None:
    assert check_of("v1", kind, {}) is None


def test_a_rule_makes_anything_asked() -> None:
    assert check_of("v1", "ConfigMap", {"healthy": "has(object.data)"})


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"healthy": "object.status.phase"}, "expected something that is true or false"),
        ({"healthy": "status.phase == 'x'"}, "there is nothing named 'status.phase' here"),
        ({"failed": "true"}, "failed needs healthy beside it"),
    ],
)
def test_a_rule_that_is_none_is_a_mistake_of_the_document(rules: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        check_of("v1", "ConfigMap", rules)
