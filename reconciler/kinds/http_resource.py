"""A thing behind an HTTP API: a DNS record, a dashboard, a feature flag. All that is done to it is written out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds import compare, http_resource_requests, no_process
from reconciler.kinds import http_resource_fields as fields
from reconciler.kinds.http_resource_requests import lookup_of, sent
from reconciler.kinds.http_resource_spec import THING
from reconciler.kinds.http_resource_spec import Spec as Spec
from reconciler.model.canonical import Json, canonical
from reconciler.model.change import Action
from reconciler.model.content import Content
from reconciler.model.health import CheckResult, ResourceCheck
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.policy import condition, place
from reconciler.policy.condition import Fault
from reconciler.ports.kind import Difference, InputError, Inputs, Rendered
from reconciler.ports.reads import Find

NAME = "httpResource"
TARGET = Sort.HTTP_API


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the thing with its fields, and the requests that are made about it; raise InputError."""
    try:
        spec = spec.model_copy(update={"body": fields.typed(spec.body)})
    except ValueError as error:
        raise InputError("body", str(error)) from error
    contents: dict[str, Content] = {}
    attributes: dict[str, Json] = {}
    named: dict[str, list[str]] = {"hidden": [], "immutable": [], "unordered": []}
    for keys, value in fields.leaves(spec.body):
        name = fields.name(keys)
        for what, places in (("hidden", spec.hidden), ("immutable", spec.immutable), ("unordered", spec.unordered)):
            if fields.within(keys, places):
                named[what].append(name)
        if spec.compare is not None and not fields.within(keys, spec.compare):
            continue
        attributes[name] = value
        if fields.is_secret(value):
            contents[name] = inputs.text(str(value), spec.secrets)
            attributes[name] = contents[name].digest
    _all_are_fields(spec)
    requests, bodies = http_resource_requests.written(spec, inputs)
    attributes |= {**requests, **{name: each for name, each in named.items() if each}}
    if spec.status:
        attributes["status"] = dict(spec.status)
    return Rendered(
        name=spec.name,
        attributes=attributes,
        contents={**contents, **bodies},
        health=tuple(_checks(spec, requests["read"])),
    )


def _all_are_fields(spec: Spec) -> None:
    known = [keys for keys, _ in fields.leaves(spec.body)]
    for where in ("compare", "hidden", "immutable", "unordered"):
        for index, each in enumerate(getattr(spec, where) or ()):
            if not any(fields.within(keys, [each]) for keys in known):
                raise InputError(f"{where}.{index}", f"the body has no field at {each}")


def _checks(spec: Spec, read: Json) -> Iterator[ResourceCheck]:
    if spec.healthy:
        subject = {"read": read, "healthy": spec.healthy, "failed": spec.failed}
        yield ResourceCheck(ref=f"{NAME}:{spec.name}", subject=canonical(subject), on=TARGET)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Find:
    """Look the thing up."""
    return Find(lookup_of(resource.attributes["read"]))


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what was found; ValueError when it is several things, or lacks what requests about it need."""
    found = [json.loads(line) for line in answer if line]
    if not found:
        return Absent()
    if len(found) > 1:
        raise ValueError(f"{len(found)} things are found, and it is to be one; make match of read more exact")
    etag, there = (found[0].get("etag"), found[0].get("object")) if isinstance(found[0], dict) else (None, None)
    if not isinstance(there, dict) or not isinstance(etag, str | None):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - it is the answer that is wrong
    status = http_resource_requests.seen_of(resource, there, etag)
    return Present(dict(_fields(resource, there)), status={**dict(_shown(resource, there)), **status})


def _fields(resource: Resource, there: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    hidden, unordered = _names(resource, "hidden"), _names(resource, "unordered")
    for name, keys in http_resource_requests.places(resource):
        if name in hidden:
            continue
        try:
            seen = place.below(there, keys)
        except place.NotThere:
            continue
        if name in resource.contents:
            if seen not in (None, ""):
                yield name, fields.digest_of(seen)
        else:
            yield name, fields.like(resource.attributes[name], seen, unordered=name in unordered)


def _names(resource: Resource, what: str) -> Sequence[str]:
    found = resource.attributes.get(what)
    return [str(each) for each in found] if isinstance(found, list | tuple) else []


def _shown(resource: Resource, there: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    shown = resource.attributes.get("status")
    for name, where in shown.items() if isinstance(shown, Mapping) else ():
        try:
            yield name, place.at(there, str(where))
        except place.NotThere:
            continue


def recalled(resource: Resource, seen: Present, applied: Resource | None) -> Present:
    """Return what was seen with what the API does not show of it as it was applied last."""
    known = applied.attributes if applied else {}
    hidden = _names(resource, "hidden")
    unseen = {
        name: known[name]
        for name, _ in http_resource_requests.places(resource)
        if name not in seen.attributes and (name in hidden or name in resource.contents) and name in known
    }
    return Present({**seen.attributes, **unseen}, seen.status) if unseen else seen


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs in the fields that we set."""
    found = compare.difference(resource, seen, [name for name, _ in http_resource_requests.places(resource)])
    if found is None or isinstance(seen, Absent):
        return found
    names = {field.path for field in found.fields}
    anew = "update" not in resource.attributes or names & set(_names(resource, "immutable"))
    lost = any(field.before is not None for field in found.fields)
    return Difference(
        action=Action.REPLACE if anew else Action.UPDATE,
        fields=found.fields,
        loses=(f"{resource.id.name} on {resource.id.target}",) if lost or anew else (),
    )


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Make it, change it, or delete it and make it anew."""
    if isinstance(seen, Absent):
        return (sent(resource, "create", seen),)
    found = diff(resource, seen)
    if found is None or found.action is Action.UPDATE:
        return (sent(resource, "update", seen),)
    return (sent(resource, "delete", seen), sent(resource, "create", seen))


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Delete it, where the document says how."""
    if isinstance(seen, Absent) or "delete" not in resource.attributes:
        return ()
    return (sent(resource, "delete", seen),)


restart = no_process.restart


def asked(subject: str) -> Find:
    """Return what to ask to tell how it does."""
    return Find(lookup_of(json.loads(subject)["read"]))


def judged(subject: str, answer: Sequence[str]) -> CheckResult:
    """Return whether the conditions of the document say that it does well."""
    found, rules = [json.loads(line) for line in answer if line], json.loads(subject)
    if len(found) != 1:
        return CheckResult(healthy=False, detail="it is not there" if not found else f"there are {len(found)} of it")
    given = {"object": found[0].get("object")}
    try:
        if rules["failed"] and condition.compile(rules["failed"], THING).holds(given):
            return CheckResult(healthy=False, detail=f"failed: {rules['failed']}")
        if condition.compile(rules["healthy"], THING).holds(given):
            return CheckResult(healthy=True, detail=f"as it shall be: {rules['healthy']}")
    except Fault as fault:
        return CheckResult(healthy=False, detail=f"cannot be told from {rules['healthy']}: {fault}")
    return CheckResult(healthy=False, detail=f"not yet: {rules['healthy']}", pending=bool(rules["failed"]))
