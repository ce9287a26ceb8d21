"""Objects of a Kubernetes cluster: one text, any number of objects, each applied with server-side apply."""

from collections.abc import Sequence

from reconciler.kinds import kubernetes_manifests, kubernetes_objects, kubernetes_waves
from reconciler.kinds.kubernetes_spec import Spec as Spec
from reconciler.model.target import Sort
from reconciler.ports.kind import Inputs, Rendered

NAME = "kubernetes"
TARGET = Sort.KUBERNETES_CLUSTER


def render(spec: Spec, inputs: Inputs) -> Sequence[Rendered]:
    """Return all objects of the text. Their manifests are contents under ``manifest``, as canonical JSON."""
    return [
        Rendered(
            name=str(each.name),
            attributes={
                **kubernetes_objects.attributes(each.name),
                **kubernetes_waves.attributes(each.turn),
                "manifest": each.content.digest,
            },
            contents={"manifest": each.content},
        )
        for each in kubernetes_manifests.objects(spec, inputs)
    ]


wave = kubernetes_waves.wave
