"""What people write below ``kubernetes``."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds.written import Text, Written, one_of
from reconciler.policy import condition

VARIABLES: Mapping[str, condition.Sort] = {"object": condition.Sort.JSON}
"""What a rule is over: the object as the cluster has it."""


def _rule(text: str) -> str:
    try:
        condition.compile(text, VARIABLES)
    except condition.ConditionMistake as mistake:
        hint = f" ({mistake.suggestion})" if mistake.suggestion else ""
        raise ValueError(f"line {mistake.line}, column {mistake.column}: {mistake}{hint}") from mistake
    return text


Rule = Annotated[Text, AfterValidator(_rule), Field(description="CEL over `object`, the object as the cluster has it")]
"""A condition in CEL over ``object``."""


class Health(Written):
    """When objects do well."""

    healthy: Rule
    failed: Rule | None = None


class Helm(Written):
    """A chart in the repository."""

    chart: Annotated[Text, Field(description="a chart in the repository: a folder or a .tgz")]
    release: Text
    values: dict[str, Any] = Field(default_factory=dict)
    values_files: Annotated[list[Text], Field(description="files in the repository; later ones win")] = Field(
        default_factory=list
    )
    kube_version: Annotated[Text | None, Field(description="what the chart is told the cluster is")] = None
    api_versions: Annotated[list[Text], Field(description="what the chart is told the cluster knows")] = Field(
        default_factory=list
    )
    leave_out_hooks: Annotated[list[Text], Field(description="hooks of the chart that are never run here")] = Field(
        default_factory=list
    )


class Spec(Written):
    """Objects of a Kubernetes cluster."""

    manifest: Annotated[dict[str, Any] | None, Field(description="one object")] = None
    manifests: Annotated[Text | None, Field(description="a file or a folder in the repository")] = None
    kustomize: Annotated[Text | None, Field(description="a folder in the repository, for kustomize build")] = None
    helm: Helm | None = None
    namespace: Annotated[Text | None, Field(description="that of objects which name none")] = None
    cluster_scoped: Annotated[
        list[Text],
        Field(description="kinds of others that have no namespace, for example ClusterIssuer.cert-manager.io"),
    ] = Field(default_factory=list)
    template: Annotated[bool, Field(description="whether the files of manifests are Jinja2 templates")] = False
    restart_on: Annotated[
        list[Text], Field(description="resources whose change has new pods made, for example kubernetes:ConfigMap/shop")
    ] = Field(default_factory=list)
    secrets: Annotated[dict[str, Text], Field(description="name (secrets.NAME): reference of the secret")] = Field(
        default_factory=dict
    )
    healthy: Rule | None = None
    failed: Rule | None = None
    health: Annotated[
        dict[str, Health], Field(description="rules by kind, for example Certificate.cert-manager.io")
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_input(self) -> Self:
        given = {name: getattr(self, name) for name in ("manifest", "manifests", "kustomize", "helm")}
        one_of(given, at_least=1)
        if self.template and self.manifests is None:
            raise ValueError("template is about the files of manifests; texts of a manifest are templates anyway")
        if self.secrets and (self.kustomize or (self.manifests and not self.template)):
            raise ValueError("secrets are filled into templates; write 'template: true' below manifests")
        if self.helm and not self.namespace:
            raise ValueError("a chart writes the namespace of its release into its objects: write namespace, too")
        if (self.healthy or self.failed) and self.manifest is None:
            raise ValueError("healthy and failed are about one manifest; write them below health, by kind")
        if self.failed and not self.healthy:
            raise ValueError("failed needs healthy beside it")
        return self
