"""The reference leaves nothing out: every field, setting, reason, state and decision is in its page."""

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from reconciler.daemon.settings import Settings
from reconciler.desired.access_documents import RoleBindingSpec, RoleSpec
from reconciler.desired.analysis_documents import (
    AnalyseSpec,
    AnalysisSpec,
    ComparisonSpec,
    FromDatadog,
    FromHttp,
    FromPrometheus,
)
from reconciler.desired.api_documents import BasicSpec, BearerSpec, ClientCredentialsSpec, HttpApiSpec
from reconciler.desired.documents import (
    AppSpec,
    CommonSpec,
    EnvironmentSpec,
    HostSpec,
)
from reconciler.desired.fleet import KINDS
from reconciler.desired.health_documents import CertificateSpec, ExecSpec, GrpcSpec, HttpSpec, SystemdSpec, TcpSpec
from reconciler.desired.policy_documents import RolloutPolicySpec
from reconciler.desired.strategy_documents import (
    BlueGreenSpec,
    CanarySpec,
    CanaryStepSpec,
    PortionSpec,
    ProgressiveSpec,
    RingSpec,
    RollingSpec,
)
from reconciler.desired.target_documents import DockerEngineSpec, KubernetesClusterSpec
from reconciler.desired.traffic_documents import HaproxySpec, NginxSpec
from reconciler.desired.vigil_documents import VigilSpec
from reconciler.desired.wait_documents import ApproveSpec, HookSpec, HttpHookSpec, PauseSpec
from reconciler.kinds.catalog import CATALOG
from reconciler.model.access import Action
from reconciler.model.rollout import State
from reconciler.model.waiting import Reason
from reconciler.policy.access import BUILT_IN
from tests.architecture.tracked import ROOT, files
from tests.docs.pages import page, section

SECTIONS: dict[str, tuple[type[BaseModel], ...]] = {
    "## Environment": (EnvironmentSpec,),
    "## Host": (HostSpec,),
    "## DockerEngine": (DockerEngineSpec,),
    "## KubernetesCluster": (KubernetesClusterSpec,),
    "## HttpApi": (HttpApiSpec, BearerSpec, BasicSpec, ClientCredentialsSpec),
    "## App": (AppSpec,),
    "### Keys of every resource": (CommonSpec,),
    "## Health checks": (HttpSpec, TcpSpec, GrpcSpec, ExecSpec, SystemdSpec, CertificateSpec),
    "### After the rollout": (VigilSpec,),
    "## Traffic": (HaproxySpec, NginxSpec),
    "## RolloutPolicy": (RolloutPolicySpec,),
    "## Strategies": (
        RollingSpec,
        CanarySpec,
        CanaryStepSpec,
        BlueGreenSpec,
        PortionSpec,
        ProgressiveSpec,
        RingSpec,
        PauseSpec,
        ApproveSpec,
        HookSpec,
        HttpHookSpec,
    ),
    "## Analysis": (AnalysisSpec, ComparisonSpec, AnalyseSpec),
    "### Providers": (FromPrometheus, FromDatadog, FromHttp),
    **{f"### {name}": (kind.Spec,) for name, kind in CATALOG.items()},
}


def keys(model: type[BaseModel]) -> Iterator[str]:
    """The keys of a model as people write them, also those of the models inside."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_a_document_is_in_the_reference(heading: str) -> None:
    text = section(page("desired-state.md"), heading)
    missing = [key for model in SECTIONS[heading] for key in keys(model) if not named(key, text)]
    assert missing == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_document_is_in_the_reference(kind: str) -> None:
    assert f"`{kind}`" in page("desired-state.md")


@pytest.mark.parametrize("spec", [RoleSpec, RoleBindingSpec])
def test_every_key_about_rights_is_in_their_page(spec: type[BaseModel]) -> None:
    text = page("access.md")
    assert [key for key in keys(spec) if f"{key}:" not in text and f"`{key}`" not in text] == []


def test_every_action_and_built_in_role_is_in_the_page_of_rights() -> None:
    text = page("access.md")
    assert [action.value for action in Action if f"`{action.value}`" not in text] == []
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| (.*) \|$", section(text, "## Roles and bindings")))
    assert rows.keys() == BUILT_IN.keys()
    for role in BUILT_IN.keys() - {"admin"}:
        assert set(re.findall(r"`(\w+)`", rows[role])) == set(BUILT_IN[role].actions)


def test_every_setting_is_listed_with_its_environment_variable() -> None:
    text = section(page("operations.md"), "## Settings")
    missing = [key for key in settings() if f"| `{key}` |" not in text or variable(key) not in text]
    assert missing == []


def test_every_reason_to_wait_is_explained() -> None:
    text = section(page("operations.md"), "## What a unit waits for")
    assert [reason.value for reason in Reason if f"| `{reason.value}` |" not in text] == []


def test_every_state_of_a_rollout_is_in_the_architecture() -> None:
    text = section(page("architecture.md"), "## A rollout")
    assert [state.value for state in State if state.value not in text] == []


def test_every_part_of_the_program_is_in_the_architecture() -> None:
    text = page("architecture.md")
    parts = {path.relative_to(ROOT).parts[1] for path in files("reconciler/*.py")}
    named_there = [part for part in parts if f"`{part}/`" in text or f"`{part}`" in text]
    assert sorted(parts - set(named_there)) == ["__init__.py", "__main__.py"]


def test_every_decision_is_in_the_list_of_decisions() -> None:
    index = page("adr/README.md")
    names = [path.name for path in files("docs/adr/*.md") if path.name != "README.md"]
    assert names
    assert [name for name in names if f"({name})" not in index] == []


def named(key: str, text: str) -> bool:
    return f"`{key}`" in text or f"`{key}:" in text or f"{key}, " in text or f", {key}" in text


def settings(section: type[BaseModel] = Settings) -> Iterator[str]:
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from (f"{name}.{each}" for each in settings(inner))
        else:
            yield name


def variable(key: str) -> str:
    return "`RECONCILER_" + key.upper().replace(".", "__") + "`"
