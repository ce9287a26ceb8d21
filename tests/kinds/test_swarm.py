"""What is written of services of a Swarm and what Swarm says of them: nothing that it fills in is a difference."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds import swarm_service_health as health
from reconciler.kinds import swarm_tasks
from reconciler.model.content import Content
from reconciler.model.health import ResourceCheck
from reconciler.model.resource import Present
from reconciler.model.swarm import PutServiceSpec
from reconciler.policy.swarm_revision import revision
from reconciler.ports.kind import NO_SECRETS
from reconciler.providers.docker.swarm_put import _with_kept, _within
from tests.kinds.cases import Repository, resource_of

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "swarm/health.yaml").read_text())["cases"]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SUBJECT = health.check("shop", "ours", timedelta(seconds=5)).subject
TEMPLATE = {"ContainerSpec": {"Image": "app:1"}, "ForceUpdate": 0}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_service_does_as_its_tasks_and_its_update_do(case: dict[str, Any]) -> None:
    service = "" if case["service"] is None else json.dumps(service_of(case["service"]))
    tasks = json.dumps([task_of(*each) for each in case.get("tasks", [])])
    result = health.judged(SUBJECT, [service, tasks, json.dumps({"SystemTime": NOW.isoformat()})])
    state = "well" if result.healthy else "coming" if result.pending else "wrong"
    assert {state: result.detail} == {key: case[key] for key in ("well", "coming", "wrong") if key in case}


def service_of(case: dict[str, Any]) -> dict[str, Any]:
    mode = {"Global": {}} if case.get("global") else {"Replicated": {"Replicas": case["replicas"]}}
    spec: dict[str, Any] = {"Name": "shop", "Mode": mode, "TaskTemplate": {**TEMPLATE, "Runtime": "container"}}
    if (label := case.get("label", "ours")) is not None:
        spec["Labels"] = {"reconciler/spec": label}
    if "action" in case:
        spec["UpdateConfig"] = {"FailureAction": case["action"]}
    status = {"State": case["state"], "Message": case.get("message", "")} if "state" in case else None
    return {"ID": "s1", "Spec": spec, "UpdateStatus": status}


def task_of(place: object, state: str, desired: str, ago: int, current: bool, error: str = "") -> dict[str, Any]:
    since = (NOW - timedelta(seconds=ago)).isoformat().replace("+00:00", ".123456789Z")
    template = TEMPLATE if current else {**TEMPLATE, "ContainerSpec": {"Image": "app:0"}}
    where = {"Slot": place} if isinstance(place, int) else {"NodeID": place}
    status = {"State": state, "Timestamp": since, "Err": error}
    return {
        "ServiceID": "s1",
        "CreatedAt": since,
        "Spec": template,
        "DesiredState": desired,
        "Status": status,
        **where,
    }


DURATION = st.sampled_from(["100ms", "1s", "2m"])
ROLLING = {
    "parallelism": st.integers(0, 5),
    "delay": DURATION,
    "order": st.sampled_from(["stop-first", "start-first"]),
    "monitor": DURATION,
    "failureAction": st.sampled_from(["pause", "continue"]),
    "maxFailureRatio": st.floats(0, 1),
}
PORT = st.builds(
    lambda published, target, mode: {"published": published, "target": target, "mode": mode},
    st.integers(1, 65535),
    st.integers(1, 65535),
    st.sampled_from(["ingress", "host"]),
)
ANY_SERVICE = st.fixed_dictionaries(
    {"name": st.just("shop"), "image": st.sampled_from(["app:1", "r.example:5000/a/b:2", "app@sha256:" + "0" * 64])},
    optional={
        "replicas": st.integers(0, 5),
        "command": st.lists(st.text("abc ", min_size=1), max_size=3),
        "env": st.dictionaries(st.text("ABC", min_size=1), st.text("abc=", max_size=5)),
        "labels": st.dictionaries(st.text("abc", min_size=1), st.text("abc", max_size=5)),
        "ports": st.lists(PORT, max_size=3),
        "constraints": st.lists(st.sampled_from(["node.role == manager", "node.labels.a!=b"]), max_size=2),
        "limits": st.fixed_dictionaries({}, optional={"cpus": st.floats(0.1, 8), "memory": st.just("64MiB")}),
        "restart": st.fixed_dictionaries({}, optional={"condition": st.just("any"), "delay": DURATION}),
        "update": st.fixed_dictionaries({}, optional=ROLLING),
        "rollback": st.fixed_dictionaries({}, optional=ROLLING),
        "stopTimeout": DURATION,
        "readOnly": st.booleans(),
    },
)


@dataclass
class Kept(Repository):
    """Inputs that keep the texts that they were given, by their digests."""

    texts: dict[str, str] = field(default_factory=dict)

    def text(self, text: str, secrets: Mapping[str, str] = NO_SECRETS) -> Content:
        made = super().text(text, secrets)
        self.texts[made.blob] = text
        return made


def sent(written: dict[str, Any]) -> dict[str, Any]:
    """The ServiceSpec that goes to Swarm."""
    kept = Kept()
    rendered = swarm_tasks.render(swarm_tasks.Spec.model_validate(written), kept)
    spec: dict[str, Any] = json.loads(kept.texts[rendered.contents["body"].blob])
    return spec


def said_of(spec: dict[str, Any]) -> list[str]:
    """What Swarm answers of a service with that spec, and what it fills in itself."""
    filled: dict[str, Any] = {**spec, "EndpointSpec": {"Mode": "vip", **spec.get("EndpointSpec", {})}}
    filled["TaskTemplate"] = {**spec["TaskTemplate"], "ForceUpdate": 0, "Runtime": "container"}
    status = {"RunningTasks": 1, "DesiredTasks": 1}
    service = {"ID": "s1", "Version": {"Index": 7}, "Spec": filled, "ServiceStatus": status}
    other = {"ID": "s2", "Version": {"Index": 8}, "Spec": {**filled, "Name": "shop-2"}}
    return [json.dumps([other, service]), "[]"]


@given(ANY_SERVICE)
@settings(deadline=None)
def test_what_was_sent_is_found_there_again_whatever_is_written(written: dict[str, Any]) -> None:
    resource = resource_of("swarmService", written)
    assert swarm_tasks.diff(resource, swarm_tasks.parse(resource, said_of(sent(written)))) is None


@given(ANY_SERVICE, ANY_SERVICE)
@settings(deadline=None)
def test_two_that_are_not_written_alike_differ_in_the_spec_at_least(one: dict[str, Any], two: dict[str, Any]) -> None:
    wanted, there = resource_of("swarmService", one), sent(two)
    found = swarm_tasks.diff(wanted, swarm_tasks.parse(wanted, said_of(there)))
    alike = wanted.attributes["spec"] == resource_of("swarmService", two).attributes["spec"]
    assert (found is None) == alike
    assert found is None or "spec" in {each.path for each in found.fields}


@given(ANY_SERVICE)
@settings(deadline=None)
def test_what_is_there_already_is_not_sent_again(written: dict[str, Any]) -> None:
    there = json.loads(said_of(sent(written))[0])[1]["Spec"]
    assert _within(_with_kept(sent(written), there, ()), there)


def test_a_plan_holds_a_service_by_its_spec_and_not_by_the_values_of_its_variables() -> None:
    spec = sent({"name": "shop", "image": "app:1", "env": {"A": "1"}})
    other = sent({"name": "shop", "image": "app:1", "env": {"A": "2"}})
    more = sent({"name": "shop", "image": "app:1", "env": {"A": "1", "B": "1"}})
    del spec["Labels"], other["Labels"], more["Labels"]
    assert revision(spec) == revision(other) != revision(more)


def test_a_service_uses_the_versions_of_the_configs_and_secrets_of_its_app() -> None:
    files = {"configFiles": [{"config": "shop", "path": "/a"}], "secretFiles": [{"secret": "shop"}]}
    service = resource_of("swarmService", {"name": "shop", "image": "app:1", **files})
    config = resource_of("swarmConfig", {"name": "shop", "content": "a"})
    secret = resource_of("swarmSecret", {"name": "shop", "secret": "shop/db"})
    siblings = {each.id.ref: each for each in (service, config, secret)}
    asked = swarm_tasks.probe(service, siblings)
    names = (str(config.attributes["object"]), str(secret.attributes["object"]))
    assert [each.path for each in asked.gets[2:]] == [f"/configs/{names[0]}", f"/secrets/{names[1]}"]
    seen = Present({"mode": "replicated"}, status={"revision": "sha256:0"})
    (operation,) = swarm_tasks.commands(service, seen, siblings)
    assert isinstance(operation, PutServiceSpec)
    assert (operation.configs, operation.secrets) == ((("shop", names[0]),), (("shop", names[1]),))
    assert operation.keeps == ("/Mode/Replicated/Replicas",)
    (alone,) = swarm_tasks.commands(service, seen, {})
    assert isinstance(alone, PutServiceSpec)
    assert (alone.configs, alone.secrets) == ((), ())


def test_a_service_brings_its_check_along() -> None:
    written = {"name": "shop", "image": "app:1", "update": {"monitor": "20s"}}
    (check,) = swarm_tasks.render(swarm_tasks.Spec.model_validate(written), Repository()).health
    assert isinstance(check, ResourceCheck)
    assert (check.ref, json.loads(check.subject)["steady"]) == ("swarmService:shop", 20)
