"""A fleet with a target of each sort, and a small kind for each of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from reconciler.desired.load import Folders, load
from reconciler.model.health import ResourceCheck
from reconciler.model.target import Sort
from reconciler.model.unit import Desired
from reconciler.ports.kind import Inputs, Rendered
from tests.desired.note import BASE, Known, Note

TARGETS = """\
kind: DockerEngine
metadata: {name: engine-1, labels: {role: web}}
spec: {environment: production, host: web-1}
---
kind: Swarm
metadata: {name: swarm-1, labels: {role: web}}
spec: {environment: production, unix: {path: /run/swarm.sock}}
---
kind: KubernetesCluster
metadata: {name: cluster-1, labels: {role: web}}
spec: {environment: production, inCluster: }
---
kind: HttpApi
metadata: {name: api-1, labels: {role: dns}}
spec: {environment: production, url: "https://dns.example.net/v1/"}
"""


class Spec(BaseModel):
    """Things with names, which may stand for several resources at once."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    names: tuple[str, ...]
    text: str = ""
    restart_on: tuple[str, ...] = ()
    checked: bool = False


class Thing:
    """A kind for one sort of target; only what documents need of it."""

    Spec = Spec

    def __init__(self, name: str, sort: Sort) -> None:
        self.NAME = name
        self.TARGET = sort

    def render(self, spec: Spec, inputs: Inputs) -> Sequence[Rendered]:
        content = inputs.text(spec.text)
        return [
            Rendered(
                name=name,
                attributes={"text": content.digest, **({"first": True} if not index else {})},
                contents={"text": content},
                restart_on=spec.restart_on,
                health=[ResourceCheck(ref=f"{self.NAME}:{name}", subject=name, on=self.TARGET)] if spec.checked else (),
            )
            for index, name in enumerate(spec.names)
        ]


KINDS: Mapping[str, Any] = {
    "note": Note(),
    "box": Thing("box", Sort.DOCKER_ENGINE),
    "task": Thing("task", Sort.SWARM),
    "object": Thing("object", Sort.KUBERNETES_CLUSTER),
    "record": Thing("record", Sort.HTTP_API),
}


def loaded(files: Mapping[str, str | bytes]) -> Desired:
    """Load the files over BASE and TARGETS with a kind for each sort."""
    texts = {"desired-state/base.yaml": BASE, "desired-state/targets.yaml": TARGETS, **files}
    data = {path: text.encode() if isinstance(text, str) else text for path, text in texts.items()}
    return load("c" * 40, data, KINDS, Known({"shop/db": "hunter2"}), Folders())
