"""Whatever people write as manifests is made into objects or told as a mistake, never an error of ours."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds import kubernetes
from reconciler.ports.kind import InputError
from tests.desired.manifests import Commit, resource_of

KEYS = st.sampled_from(
    [
        *("metadata", "spec", "data", "stringData", "items", "annotations", "labels", "selector", "matchLabels"),
        *("name", "namespace", "generateName", "kind", "apiVersion", "group", "names", "scope", "template", "type"),
        *("reconciler/hook", "reconciler/wave", "helm.sh/hook", "argocd.argoproj.io/hook", "helm.sh/hook-weight", "a"),
        "ttlSecondsAfterFinished",
    ]
)
WORDS = st.sampled_from(
    [
        *("v1", "apps/v1", "batch/v1", "apiextensions.k8s.io/v1", "Secret", "Job", "Deployment", "List", "PodList"),
        *("CustomResourceDefinition", "Service", "Namespace", "before", "PreSync", "test", "Cluster", "1", "", "x"),
        "77u/",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS
FORMS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)
METADATA = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b"])}, optional={"labels": FORMS, "annotations": FORMS}
)
SORTS = st.sampled_from(
    [
        *(("v1", "Secret"), ("v1", "Service"), ("batch/v1", "Job"), ("apps/v1", "Deployment"), ("x.y/v1", "Shop")),
        *(("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("v1", "ReplicationController"), ("v1", "List")),
    ]
)
TEXTS = st.dictionaries(KEYS, WORDS, max_size=3)
NEARLY_RIGHT = st.builds(
    lambda sort, metadata, rest: {"apiVersion": sort[0], "kind": sort[1], "metadata": metadata, **rest},
    SORTS,
    st.fixed_dictionaries({"name": st.sampled_from(["a", "b"])}, optional={"labels": TEXTS, "annotations": TEXTS}),
    st.fixed_dictionaries({}, optional={"spec": FORMS, "data": FORMS, "stringData": FORMS, "items": FORMS}),
)
OBJECTS = st.fixed_dictionaries(
    {"apiVersion": WORDS, "kind": WORDS, "metadata": METADATA | FORMS},
    optional={"spec": FORMS, "data": FORMS, "stringData": FORMS, "items": FORMS, "status": FORMS},
)


def tried(files: dict[str, str | bytes]) -> None:
    """Make objects of the folder; what comes out can be named, ordered, asked about and taken away."""
    try:
        found = Commit(files).rendered(manifests="files", namespace="shop")
    except InputError:
        return
    for name, each in found.items():
        resource = resource_of(each)
        assert resource.id.name == name
        assert kubernetes.wave(resource)
        for check in each.health:
            assert kubernetes.asked(check.subject)  # type: ignore[union-attr]


@given(st.lists(OBJECTS | FORMS, max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_objects(objects: list[Any]) -> None:
    tried({"shop/files/a.yaml": "\n---\n".join(json.dumps(each) for each in objects)})


@given(NEARLY_RIGHT)
@settings(max_examples=600, deadline=None)
def test_an_object_that_is_nearly_right(found: Any) -> None:
    tried({"shop/files/a.yaml": json.dumps(found)})


@given(st.text(max_size=200) | st.binary(max_size=50))
@settings(max_examples=300, deadline=None)
def test_any_text(text: str | bytes) -> None:
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    tried({"shop/files/a.yaml": data})
