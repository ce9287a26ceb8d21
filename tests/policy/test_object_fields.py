"""What fields of an object are called, and what of it is compared and shown."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.canonical import digest_bytes
from reconciler.policy.object_fields import (
    LONGEST,
    as_it_is,
    changed,
    comparable,
    hidden,
    is_ours,
    labels,
    leaves,
    path_of,
    with_labels,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=4), JSON, max_size=4)

NAMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "below each other": ({"spec": {"replicas": 2}}, {"spec.replicas": 2}),
    "items by their name": (
        {"containers": [{"name": "web", "image": "a"}, {"name": "log", "image": "b"}]},
        {
            "containers.web.name": "web",
            "containers.web.image": "a",
            "containers.log.name": "log",
            "containers.log.image": "b",
        },
    ),
    "items by their number": (
        {"ports": [{"port": 80}, {"port": 81}]},
        {"ports.0.port": 80, "ports.1.port": 81},
    ),
    "names that are there twice are no names": (
        {"env": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]},
        {"env.0.name": "a", "env.0.value": "1", "env.1.name": "a", "env.1.value": "2"},
    ),
    "lists of values as a whole": ({"args": ["a", "b"]}, {"args": ["a", "b"]}),
    "what is empty counts": ({"emptyDir": {}, "args": []}, {"emptyDir": {}, "args": []}),
    "null is no field": ({"a": None, "b": 1}, {"b": 1}),
    "long texts by their digest": (
        {"data": {"text": "x" * (LONGEST + 1)}},
        {"data.text": digest_bytes(b"x" * (LONGEST + 1))},
    ),
}


@pytest.mark.parametrize(("item", "expected"), NAMES.values(), ids=NAMES.keys())
def test_fields_are_called_by_their_place(item: dict[str, Any], expected: dict[str, Any]) -> None:
    assert leaves(item) == expected


def test_a_schema_is_one_field() -> None:
    found = leaves({"schema": {"openAPIV3Schema": {"type": "object", "properties": {}}}})
    assert list(found) == ["schema.openAPIV3Schema"]


CALLED = {
    ".spec.replicas": "spec.replicas",
    '.spec.template.spec.containers[name="web"].image': "spec.template.spec.containers.web.image",
    '.spec.ports[port=80,protocol="TCP"].targetPort': "spec.ports.80.targetPort",
    ".metadata.annotations.example.com/owner": "metadata.annotations.example.com/owner",
    '.metadata.finalizers[="a"]': "metadata.finalizers.a",
}


@pytest.mark.parametrize(("theirs", "ours"), CALLED.items())
def test_the_servers_name_of_a_field_becomes_ours(theirs: str, ours: str) -> None:
    assert path_of(theirs) == ours


def test_what_only_the_server_writes_is_not_compared() -> None:
    item = {
        "kind": "Deployment",
        "metadata": {
            "name": "shop",
            "uid": "1",
            "resourceVersion": "7",
            "managedFields": [],
            "annotations": {"deployment.kubernetes.io/revision": "3"},
        },
        "status": {"replicas": 2},
    }
    assert comparable(item) == {"kind": "Deployment", "metadata": {"name": "shop"}}


def keyed(digest: str) -> str:
    return f"keyed:{digest[7:15]}"


def test_what_a_secret_holds_is_hidden_and_the_same_as_text_and_in_base64() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}
    encoded = base64.b64encode(b"hunter2").decode()
    shown = hidden({**secret, "data": {"password": encoded}}, frozenset(), keyed)
    written = hidden({**secret, "stringData": {"password": "hunter2"}}, frozenset(), keyed)
    assert shown["data"]["password"] == written["stringData"]["password"] == keyed(digest_bytes(b"hunter2"))
    assert shown["metadata"] == {"name": "db"}


def test_a_marked_field_is_hidden_whatever_is_there_now() -> None:
    marked = frozenset({"spec.env.DB.value"})
    there = {"spec": {"env": [{"name": "DB", "value": "hunter2"}, {"name": "LOG", "value": "info"}]}}
    instead = {"spec": {"env": [{"name": "DB", "value": {"from": "hunter2"}}]}}
    assert "hunter2" not in repr(hidden(there, marked, keyed))
    assert "info" in repr(hidden(there, marked, keyed))
    assert "hunter2" not in repr(hidden(instead, marked, keyed))


def test_ignored_fields_are_as_they_are_and_those_that_are_not_there_are_left_out() -> None:
    wanted = {"spec": {"replicas": 2, "paused": True, "image": "b"}}
    live = {"spec": {"replicas": 7, "image": "a"}}
    assert as_it_is(wanted, live, ("spec.replicas", "spec.paused")) == {"spec": {"replicas": 7, "image": "b"}}
    assert as_it_is(wanted, {}, ("spec.replicas",)) == wanted


@given(OBJECTS)
def test_an_object_of_which_nothing_is_changed_is_as_it_was(item: dict[str, Any]) -> None:
    assert changed(item, lambda _, value: value) == item


@given(OBJECTS)
def test_labels_are_put_on_and_known_again(item: dict[str, Any]) -> None:
    ours = with_labels({**item, "metadata": {"labels": {"app": "shop"}}}, "shop@production")
    assert is_ours(ours, "shop@production")
    assert not is_ours(ours, "shop@staging")
    assert ours["metadata"]["labels"]["app"] == "shop"


@given(st.text("abcdefghij-.", min_size=1, max_size=90), st.text("abc-", min_size=1, max_size=20))
def test_a_unit_has_a_label_that_the_server_takes(app: str, environment: str) -> None:
    assert all(len(value) <= 63 for value in labels(f"{app}@{environment}").values())
    assert (
        len({labels(f"{app}@{environment}")["reconciler/unit"], labels(f"{app}x@{environment}")["reconciler/unit"]})
        == 2
    )
