"""One JSON Schema for all kinds of documents, for editors."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from reconciler.desired.documents import CommonSpec, Metadata
from reconciler.desired.fleet import API_VERSION, KINDS
from reconciler.model.duration import format_duration
from reconciler.model.policy import Amount
from reconciler.ports.kind import Kind

_REFERENCE = "#/$defs/{model}"


def schema(kinds: Mapping[str, Kind], others: Mapping[str, type[BaseModel]] | None = None) -> dict[str, Any]:
    """Return the schema, as JSON: draft 2020-12, told apart by ``kind``, with the resources of the given kinds.

    ``others`` are documents beside those of desired state: what is in their spec, by ``kind``.
    """
    shared: dict[str, Any] = {}
    documents = {name: _document(name, spec, shared) for name, spec in {**KINDS, **(others or {})}.items()}
    resources = [_resource(kind, shared) for kind in kinds.values()]
    shared["AppSpec"]["properties"]["resources"]["items"] = {"oneOf": resources}
    environments = shared["AppSpec"]["properties"]["environments"]
    environments["additionalProperties"] = {"anyOf": [environments["additionalProperties"], {"type": "null"}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "reconciler documents",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in documents],
        "discriminator": {"propertyName": "kind", "mapping": {name: f"#/$defs/{name}" for name in documents}},
        "$defs": dict(sorted({**shared, **documents}.items())),
    }


def _document(name: str, spec: type[BaseModel], shared: dict[str, Any]) -> dict[str, Any]:
    needed = any(field.is_required() for field in spec.model_fields.values())
    return {
        "type": "object",
        "description": (spec.__doc__ or "").strip(),
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": name},
            "metadata": _part(Metadata, shared),
            "spec": _part(spec, shared),
        },
        "required": ["kind", "metadata", *(["spec"] if needed else [])],
        "additionalProperties": False,
    }


def _resource(kind: Kind, shared: dict[str, Any]) -> dict[str, Any]:
    """A one-key map: the kind, and its Spec together with the keys that every resource may have."""
    # Two kinds may have parts of the same name.
    reference = _REFERENCE.format(model=f"{kind.NAME}.{{model}}")
    own = TypeAdapter(kind.Spec).json_schema(schema_generator=_Generator, ref_template=reference)
    common = TypeAdapter(CommonSpec).json_schema(schema_generator=_Generator)
    shared.update({f"{kind.NAME}.{name}": part for name, part in own.pop("$defs", {}).items()})
    own["properties"] = {**own["properties"], **common["properties"]}
    own.pop("title", None)
    return {
        "type": "object",
        "properties": {kind.NAME: own},
        "required": [kind.NAME],
        "additionalProperties": False,
    }


def _part(model: type[BaseModel], shared: dict[str, Any]) -> dict[str, Any]:
    own = TypeAdapter(model).json_schema(schema_generator=_Generator, ref_template=_REFERENCE)
    shared.update(own.pop("$defs", {}))
    shared[model.__name__] = own
    return {"$ref": _REFERENCE.format(model=model.__name__)}


class _Generator(GenerateJsonSchema):
    """Defaults as people write them."""

    def encode_default(self, dft: Any) -> Any:
        return super().encode_default(_written(dft))


def _written(value: Any) -> Any:
    """Return a value as it is written in a document."""
    match value:
        case timedelta():
            return format_duration(value)
        case Amount():
            return str(value) if value.percent else value.value
        case BaseModel():
            fields = ((each.alias or name, getattr(value, name)) for name, each in type(value).model_fields.items())
            return {key: _written(each) for key, each in fields if each is not None}
        case tuple() | list():
            return [_written(each) for each in value]
        case _:
            return value
