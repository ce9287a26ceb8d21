"""The JSON Schema says what the loader does."""

import json
import re
from typing import Any

import pytest
from pydantic import create_model

from reconciler.desired.fleet import SORTS
from reconciler.desired.schema import schema
from reconciler.desired.urls import web_address
from tests.desired.note import KINDS, Note


def definitions() -> dict[str, Any]:
    found: dict[str, Any] = schema(KINDS)["$defs"]
    return found


def test_documents_are_told_apart_by_their_kind() -> None:
    made = schema(KINDS)

    names = [
        "Environment",
        *SORTS,
        "App",
        "RolloutPolicy",
        "Analysis",
        "ApprovalPolicy",
        "ChangeWindow",
        "Guardrail",
        "ConcurrencyPolicy",
        "SignerPolicy",
        "Role",
        "RoleBinding",
        "SecretStore",
        "ArtifactPolicy",
        "NotificationChannel",
        "NotificationPolicy",
    ]
    assert [each["$ref"] for each in made["oneOf"]] == [f"#/$defs/{name}" for name in names]
    assert [made["$defs"][name]["properties"]["kind"] for name in names] == [{"const": name} for name in names]


def test_every_reference_within_the_schema_leads_somewhere() -> None:
    made = schema(KINDS)
    text = json.dumps(made)

    referred = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert referred <= made["$defs"].keys()


def test_resources_are_one_key_maps_with_the_fields_of_their_kind_and_those_of_all() -> None:
    (note,) = definitions()["AppSpec"]["properties"]["resources"]["items"]["oneOf"]

    fields = note["properties"]["note"]["properties"]
    assert note["required"] == ["note"]
    assert {"path", "restartOn", "drift", "ignore", "dependsOn"} <= fields.keys()
    assert note["properties"]["note"]["additionalProperties"] is False


def test_defaults_stand_as_people_write_them() -> None:
    found = definitions()

    assert found["HttpSpec"]["properties"]["period"]["default"] == "10s"
    assert found["RolloutPolicySpec"]["properties"]["progressDeadline"]["default"] == "10m"
    assert found["PruneSpec"]["properties"]["atMost"]["default"] == "20%"
    assert found["HostSpec"]["properties"]["port"] == {
        "default": 22,
        "maximum": 65535,
        "minimum": 1,
        "title": "Port",
        "type": "integer",
    }


def test_defaults_within_defaults_stand_as_people_write_them_too() -> None:
    policy = definitions()["RolloutPolicySpec"]["properties"]

    assert policy["health"]["default"] == {"onUnhealthy": "report", "period": "30s", "revertWithin": "1h"}
    assert policy["prune"]["default"] == {"mode": "keep", "atMost": "20%", "confirm": []}
    assert "PT" not in json.dumps([each.get("default") for each in policy.values()])


def test_a_text_that_speaks_of_the_slot_may_stand_for_any_value_of_a_health_check() -> None:
    found = definitions()
    checks = [found[name] for name in ("HttpSpec", "TcpSpec", "GrpcSpec", "ExecSpec", "SystemdSpec", "CertificateSpec")]
    parts = [found["TlsSpec"], found["BodySpec"]]

    for value in (value for each in (*checks, *parts) for value in each["properties"].values()):
        texts = [one["pattern"] for one in value["anyOf"] if one.get("type") == "string" and "pattern" in one]
        assert any(re.search(pattern, "{{ slot.port }}") for pattern in texts)
        assert not any(re.search(pattern, "{{ vars.port }}") for pattern in texts[-1:])
    assert checks[0]["properties"]["port"]["anyOf"][0] == {"maximum": 65535, "minimum": 1, "type": "integer"}


def test_parts_of_the_same_name_of_two_kinds_stay_apart() -> None:
    ports: dict[str, Any] = {
        "first": create_model("Port", inside=(int, ...)),
        "second": create_model("Port", outside=(str, ...)),
    }
    kinds: dict[str, Any] = {}
    for name, port in ports.items():
        kinds[name] = Note()
        kinds[name].NAME = name
        kinds[name].Spec = create_model("Spec", ports=(tuple[port, ...], ...))

    found = schema(kinds)["$defs"]

    assert list(found["first.Port"]["properties"]) == ["inside"]
    assert list(found["second.Port"]["properties"]) == ["outside"]


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        ("DockerEngineSpec", ["unix", "tls", "host"]),
        ("SwarmSpec", ["unix", "tls", "host"]),
        ("KubernetesClusterSpec", ["kubeconfig", "token", "inCluster"]),
    ],
)
def test_the_ways_to_a_target_are_one_of_several(spec: str, keys: list[str]) -> None:
    made = definitions()[spec]

    assert made["oneOf"] == [{"required": [key]} for key in keys]
    assert made["properties"].keys() >= set(keys)


@pytest.mark.parametrize(
    "url",
    [
        "https://dns.example.net",
        "http://127.0.0.1:8080/v1/",
        "https://[2001:db8::1]:8443/a@b",
        "https://a:b@dns.example.net",
        "ftp://dns.example.net",
        "https://dns.example.net/?a=b",
        "https://dns.example.net#a",
        "https://a b/",
        "https://",
        "dns.example.net",
    ],
)
def test_the_schema_takes_the_urls_that_the_loader_takes(url: str) -> None:
    check = web_address(("https", "http"))
    try:
        taken = bool(check(url))
    except ValueError:
        taken = False

    assert (re.search(definitions()["HttpApiSpec"]["properties"]["url"]["pattern"], url) is not None) == taken
