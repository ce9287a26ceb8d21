"""The kind that docs/write-a-kind.md writes is one, and does what the page says."""

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from mypy import api

from reconciler.kinds.catalog import CATALOG
from reconciler.model.operation import MakeSymlink
from reconciler.model.resource import Absent, Present
from reconciler.ports.kind import Conflict, Kind
from tests.kinds import cases
from tests.kinds.host import Sh, look, observed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "write-a-kind.md").read_text()


def block(language: str, start: str) -> str:
    found = [text for text in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if text.startswith(start)]
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "timezone_kind.py"
    path.write_text(block("python", '"""The time zone'))
    return path


@pytest.fixture
def timezone(source: Path, monkeypatch: pytest.MonkeyPatch) -> Kind:
    spec = spec_from_file_location("timezone_kind", source)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "timezone_kind", module)
    spec.loader.exec_module(module)
    kind: Any = module
    monkeypatch.setattr(cases, "CATALOG", {**CATALOG, "timezone": kind})
    return kind


def test_mypy_takes_the_page_s_module_for_a_kind(source: Path, tmp_path: Path) -> None:
    check = "from reconciler.ports.kind import Kind\nimport timezone_kind\n\nKIND: Kind = timezone_kind\n"
    (tmp_path / "check.py").write_text(check)
    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")]
    output, errors, status = api.run([*settings, str(source), str(tmp_path / "check.py")])
    assert status == 0, output + errors


def test_the_page_s_table_holds(timezone: Kind) -> None:
    table = yaml.safe_load(block("yaml", "kind: timezone"))
    resource = cases.resource_of("timezone", table["every"]["written"])
    for case in table["cases"]:
        seen = cases.seen_of(case["seen"])
        if "conflict" in case:
            with pytest.raises(Conflict) as caught:
                timezone.diff(resource, seen)
            assert str(caught.value) == case["conflict"]
            continue
        found = timezone.diff(resource, seen)
        fields = {field.path: [field.before, field.after] for field in found.fields} if found else {}
        assert (found.action if found else "nothing", fields) == (case["action"], case.get("fields", {}))


def test_the_page_s_probe_looks_at_this_very_machine(timezone: Kind, sh: Sh, tmp_path: Path) -> None:
    resource = cases.resource_of("timezone", yaml.safe_load(block("yaml", "resources:"))["resources"][0]["timezone"])
    assert isinstance(observed(timezone, resource, *look(sh, tmp_path, timezone.probe(resource, {}))), Present | Absent)
    assert timezone.commands(resource, Absent(), {}) == (
        MakeSymlink("/etc/localtime", "/usr/share/zoneinfo/Europe/Vienna"),
    )


def test_every_name_of_the_protocol_is_told_on_the_page() -> None:
    names = [name for name in vars(Kind) if not name.startswith("_")]
    assert names
    assert all(f"`{name}" in PAGE for name in names)
