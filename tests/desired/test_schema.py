"""The JSON Schema says what the loader does."""

import json
from typing import Any

from reconciler.desired.fleet import SORTS
from reconciler.desired.schema import schema
from tests.desired.note import KINDS


def definitions() -> dict[str, Any]:
    found: dict[str, Any] = schema(KINDS)["$defs"]
    return found


def test_documents_are_told_apart_by_their_kind() -> None:
    made = schema(KINDS)

    names = ["Environment", *SORTS, "App", "RolloutPolicy", "Analysis"]
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
