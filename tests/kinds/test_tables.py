"""Every kind against its tables: what people write, probes run for real, captured answers, differences, operations."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.kinds.catalog import CATALOG
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.ports.kind import Conflict, InputError
from tests.kinds.cases import (
    Repository,
    cases,
    filled,
    operation_text,
    resource_of,
    seen_of,
    seen_text,
    siblings_of,
)
from tests.kinds.host import NOBODY, Sh, look, observed, plant

Case = dict[str, Any]


def table(name: str) -> pytest.MarkDecorator:
    found = list(cases(name))
    return pytest.mark.parametrize("case", [case for _, case in found], ids=[label for label, _ in found])


@table("spec")
def test_what_people_write_becomes_what_is_compared(case: Case) -> None:
    kind = CATALOG[case["kind"]]
    if "problem" in case:
        with pytest.raises((ValidationError, InputError)) as caught:
            kind.render(kind.Spec.model_validate(case["written"]), Repository(version=case.get("version", "1.4.2")))
        assert case["problem"] in str(caught.value)
        if "at" in case:
            assert case["at"] == place(caught.value)
    else:
        resource = resource_of(case["kind"], case["written"])
        assert resource.id.name == case["name"]
        assert resource.attributes == case["attributes"]
        assert list(resource.restart_on) == case.get("restart_on", [])
        assert {name: dict(content.secrets) for name, content in resource.contents.items() if content.secrets} == (
            case.get("secrets", {})
        )


def place(error: BaseException) -> str:
    if isinstance(error, InputError):
        return error.where
    assert isinstance(error, ValidationError)
    return ".".join(str(part) for part in error.errors()[0]["loc"])


@table("probe")
def test_a_probe_run_for_real_tells_what_is_there(case: Case, sh: Sh, root: Path) -> None:
    case = filled(case, str(root))
    if case.get("programs", {}).keys() & sh.own:
        pytest.skip("busybox takes its own program, whatever PATH says")
    plant(root, case["tree"])
    kind, resource = CATALOG[case["kind"]], resource_of(case["kind"], case["written"])
    uid = NOBODY if case.get("as") == "somebody without rights" and os.geteuid() == 0 else None
    text = kind.probe(resource, siblings_of(case.get("siblings", [])))
    status, output = look(sh, root, text, programs=programs(root, case), uid=uid)
    found = observed(kind, resource, status, output)
    if "unknown" in case:
        assert isinstance(found, Unknown), output
        assert case["unknown"] in found.reason
    else:
        assert isinstance(found, Present | Absent), output
        assert seen_text(found) == case["seen"]


def programs(root: Path, case: Case) -> Path | None:
    """The folder with programs that answer as captured, where the case has some."""
    answers = dict(case.get("programs", {}))
    if "systemctl" in case:
        answers["systemctl"] = f'cat <<"end"\n{case["systemctl"].rstrip()}\nend\nexit {case.get("status", 0)}'
    if not answers:
        return None
    folder = root / "programs"
    folder.mkdir()
    for name, script in answers.items():
        (folder / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "$TZ $*" >{folder}/asked\n{script}\n')
        (folder / name).chmod(0o755)
    return folder


@table("parse")
def test_a_captured_answer_is_read(case: Case) -> None:
    kind, resource = CATALOG[case["kind"]], resource_of(case["kind"], case["written"])
    lines = case["answer"].splitlines()
    if "error" in case:
        with pytest.raises(ValueError, match=case["error"]):
            kind.parse(resource, lines)
    else:
        assert seen_text(kind.parse(resource, lines)) == case["seen"]


@table("diff")
def test_what_differs_is_told_field_by_field(case: Case) -> None:
    kind, resource = CATALOG[case["kind"]], resource_of(case["kind"], case["written"])
    seen = seen_of(case["seen"])
    if "conflict" in case:
        with pytest.raises(Conflict) as caught:
            kind.diff(resource, seen)
        assert str(caught.value) == case["conflict"]
        return
    found = kind.diff(resource, seen)
    if found is None:
        assert case["action"] == "nothing"
    else:
        told = {each.path: [each.before, each.after, *(["secret"] if each.secret else [])] for each in found.fields}
        assert (found.action, told) == (case["action"], case.get("fields", {}))


@table("commands")
def test_what_has_to_be_done_follows_from_what_was_seen(case: Case) -> None:
    kind, resource = CATALOG[case["kind"]], resource_of(case["kind"], case["written"])
    siblings = siblings_of(case.get("siblings", []))
    if "commands" in case:
        done = kind.commands(resource, seen_of(case["seen"]), siblings)
        assert [operation_text(each) for each in done] == case["commands"]
    if "removal" in case:
        assert [operation_text(each) for each in kind.removal(resource, seen_of(case["seen"]))] == case["removal"]
    if "restart" in case:
        assert [operation_text(each) for each in kind.restart(resource, siblings)] == case["restart"]
