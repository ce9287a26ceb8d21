"""What an API server says of an object, and what differs by that."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from reconciler.kinds import kubernetes
from reconciler.model.change import Action
from reconciler.model.cluster import ApplyObject, DeleteObject
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import ClusterToken, KubernetesCluster
from reconciler.model.verdict import Owned
from reconciler.policy.adoption import refused
from reconciler.ports.kind import Conflict
from reconciler.ports.reads import ReadObject
from tests.apis.kubernetes_world import config_map, deployment, rendered

TARGET = KubernetesCluster(
    name="kube-1", environment="testing", access=ClusterToken(server="https://192.0.2.1", ca="", token="t"), labels={}
)
OURS = {"app.kubernetes.io/managed-by": "reconciler", "reconciler/unit": "shop.testing"}
IMMUTABLE = [{"field": "spec.selector", "message": "field is immutable"}]


def there(manifest: Mapping[str, Any], labels: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return an object as the server has it once the manifest was applied."""
    return {**manifest, "metadata": {**manifest["metadata"], "labels": dict(labels or OURS), "uid": "1"}, **more}


def answer(
    live: Mapping[str, Any] | None,
    would: Mapping[str, Any] | None = None,
    conflicts: Sequence[Mapping[str, str]] = (),
    refuses: Sequence[Mapping[str, str]] = (),
) -> list[str]:
    return [json.dumps(each) if each else "" for each in (live, would, list(conflicts), list(refuses))]


def seen(resource: Resource, *said: Any, **more: Any) -> Present:
    found = kubernetes.parse(resource, answer(*said, **more))
    assert isinstance(found, Present)
    return found


def test_an_object_that_would_stay_as_it_is_differs_in_nothing_however_it_is_written() -> None:
    resource = rendered(deployment(), TARGET)
    live = there(deployment())
    live["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] = "1"
    live["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst"
    found = seen(resource, live, live)
    assert found.attributes == resource.attributes
    assert kubernetes.diff(resource, found) is None


def test_what_is_not_there_is_made() -> None:
    resource = rendered(config_map(text="a"), TARGET)
    assert kubernetes.parse(resource, answer(None)) == Absent()
    found = kubernetes.diff(resource, Absent())
    assert found is not None
    assert (found.action, [(each.path, each.after) for each in found.fields]) == (Action.CREATE, [("data.text", "a")])


def test_a_field_that_would_change_differs_and_one_that_would_go_too() -> None:
    resource = rendered(config_map(text="a"), TARGET)
    live, would = there(config_map(text="b", old="c")), there(config_map(text="a"))
    found = kubernetes.diff(resource, seen(resource, live, would))
    assert found is not None
    assert found.action is Action.UPDATE
    assert [(each.path, each.before, each.after) for each in found.fields] == [
        ("data.text", "b", "a"),
        ("data.old", "c", None),
    ]


def test_a_status_is_shown_and_compared_with_nothing() -> None:
    resource = rendered(deployment(), TARGET)
    status = {
        "readyReplicas": 2,
        "conditions": [{"type": "Available", "status": "True", "message": "all is well"}],
        "loadBalancer": {"ingress": []},
    }
    found = seen(resource, there(deployment(), status=status), there(deployment()))
    assert found.status == {
        "readyReplicas": 2,
        "conditions": {"Available": "True"},
        "images": ["registry.example/shop:1"],
    }
    assert found.attributes == resource.attributes


def test_what_is_ignored_does_not_differ_though_it_would_go() -> None:
    resource = replace(rendered(config_map(text="a"), TARGET), ignore=("data.old",))
    live, would = there(config_map(text="a", old="c")), there(config_map(text="a"))
    assert kubernetes.diff(resource, seen(resource, live, would)) is None


def conflict(field: str, manager: str) -> Mapping[str, str]:
    return {"field": field, "manager": manager}


def test_whose_a_field_is_goes_by_what_we_had_applied() -> None:
    resource = rendered(deployment(replicas=2), TARGET)
    said = seen(
        resource, there(deployment(replicas=5)), there(deployment()), conflicts=[conflict(".spec.replicas", "hpa")]
    )
    found = kubernetes.diff(resource, said)
    assert found is not None
    assert found.theirs == (("spec.replicas", "hpa"),)
    (operation,) = kubernetes.commands(resource, said, {})
    assert isinstance(operation, ApplyObject)
    assert (operation.force, operation.takes) == (False, ("spec.replicas",))
    assert refused(resource, said, found, Owned(resource=resource, created=True)) is None
    before = rendered(deployment(replicas=None), TARGET)
    for owned in (None, Owned(resource=before, created=True)):
        why = refused(resource, said, found, owned)
        assert why is not None
        assert "spec.replicas (set by hpa)" in why
    assert refused(replace(resource, adopt=True), said, found, None) is None


def test_a_field_that_cannot_be_changed_is_a_conflict_unless_the_object_may_be_made_anew() -> None:
    resource = rendered(deployment(), TARGET)
    said = seen(resource, there(deployment(replicas=5)), refuses=IMMUTABLE)
    with pytest.raises(Conflict, match=r"spec.selector: field is immutable.*reconciler/recreate"):
        kubernetes.diff(resource, said)
    manifest = deployment()
    manifest["metadata"]["annotations"] = {"reconciler/recreate": "true"}
    resource = rendered(manifest, TARGET)
    said = seen(resource, there(deployment(replicas=5)), refuses=IMMUTABLE)
    found = kubernetes.diff(resource, said)
    assert found is not None
    assert found.action is Action.REPLACE
    (operation,) = kubernetes.commands(resource, said, {})
    assert isinstance(operation, ApplyObject)
    assert operation.recreate


def test_what_is_wrong_in_git_is_said_so() -> None:
    resource = rendered(deployment(replicas=-1), TARGET)
    said = seen(resource, there(deployment()), refuses=[{"field": "spec.replicas", "message": "must not be negative"}])
    with pytest.raises(Conflict, match=r"spec.replicas: must not be negative\); mend it in Git"):
        kubernetes.diff(resource, said)


def test_an_object_is_deleted_while_it_has_our_labels() -> None:
    resource = rendered(config_map(text="a"), TARGET)
    ours = seen(resource, there(config_map(text="b")))
    assert kubernetes.removal(resource, ours) == (
        DeleteObject(object=kubernetes.object_of(resource), unit="shop@testing"),
    )
    theirs = seen(resource, there(config_map(text="b"), labels={"app": "shop"}))
    assert kubernetes.removal(resource, theirs) == ()


def test_pods_are_stamped_with_what_they_are_restarted_for() -> None:
    one, other = rendered(config_map(text="a"), TARGET), rendered(config_map(text="b"), TARGET)
    workload = replace(rendered(deployment(), TARGET), restart_on=(one.id.ref,))

    def stamp(*siblings: Resource) -> str:
        asked = kubernetes.probe(workload, {each.id.ref: each for each in siblings})
        assert isinstance(asked, ReadObject)
        return asked.stamp

    assert stamp() == ""
    assert len({stamp(one), stamp(other), ""}) == 3
