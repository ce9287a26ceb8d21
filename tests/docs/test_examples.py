"""Every example in the documentation is true: documents load, settings are read."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from reconciler.daemon.settings import Settings
from reconciler.desired.load import Folders, load
from reconciler.kinds.catalog import CATALOG
from reconciler.model.identity import UnitId
from reconciler.model.unit import Desired
from tests.docs.pages import Block, blocks
from tests.providers.secret_values import SecretValues

SECRETS = SecretValues({"shop/db": "a secret", "sudo/web-1": "another"})

AROUND = """
kind: Environment
metadata: {{name: home}}
---
kind: Host
metadata: {{name: one}}
spec: {{environment: home, address: 192.0.2.1, user: me, hostKey: "{key}"}}
---
kind: DockerEngine
metadata: {{name: engine}}
spec: {{environment: home, host: one}}
---
kind: Swarm
metadata: {{name: swarm}}
spec: {{environment: home, host: one}}
---
kind: KubernetesCluster
metadata: {{name: cluster}}
spec: {{environment: home, inCluster: {{}}}}
---
kind: HttpApi
metadata: {{name: api}}
spec: {{environment: home, url: https://api.example.net}}
---
kind: App
metadata: {{name: example}}
spec:
  version: "1"
  environments: {{home: {{}}}}
  targets: {targets}
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHB1dCB0aGUga2V5IG9mIHlvdXIgb3duIGhvc3QgaGVy"
NOTHING = "  resources: [{directory: {path: ~/nothing}}]\n"
BLOCKS = blocks()
_KINDS = re.compile(r"\.kind (?:in|==) (\[[^]]*\]|\S+)")
PAGES = sorted({block.page for block in BLOCKS if block.is_file})


def loaded(files: dict[str, str]) -> Desired:
    encoded = {path: text.encode() for path, text in files.items()}
    return load("0" * 40, encoded, CATALOG, SECRETS, Folders())


def files_of(page: str) -> dict[str, str]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for block in BLOCKS:
        if block.page == page and block.is_file:
            found[block.what].append(block.text)
    return {path: "---\n".join(texts) for path, texts in found.items()}


def in_an_app(block: Block) -> dict[str, str]:
    """The block as part of an App, beside the files of its page that are no documents."""
    written = block.text if block.what == "resources" else "- directory:"
    sorts = {f"{CATALOG[name].TARGET}s" for name in re.findall(r"(?m)^- (\w+):", written)}
    text = AROUND.format(key=KEY, targets=f"{{{', '.join(f'{sort}: {{}}' for sort in sorted(sorts))}}}")
    text += ("" if block.what == "resources" else NOTHING) + f"  {block.what}:\n"
    text += "".join(f"    {line}\n" for line in block.text.splitlines())
    beside = {path: each for path, each in files_of(block.page).items() if "/templates/" in path or "/files/" in path}
    return {**beside, "desired-state/apps/example.yaml": text}


def marked(*words: str) -> list[Block]:
    return [block for block in BLOCKS if block.what in words]


@pytest.mark.parametrize("page", PAGES)
def test_the_documents_of_a_page_load_together(page: str) -> None:
    assert loaded(files_of(page)).units


@pytest.mark.parametrize("block", marked("resources", "health"), ids=str)
def test_a_part_of_an_app_loads_in_an_app(block: Block) -> None:
    unit = loaded(in_an_app(block)).units[UnitId("example", "home")]
    assert unit.blocked is None
    assert unit.resources


def test_rules_in_the_pages_name_kinds_that_there_are() -> None:
    policies = [block for block in BLOCKS if block.what.startswith("policies/")]
    said = [(str(block), part) for block in policies for part in _KINDS.findall(block.text)]
    named = [(block, name) for block, part in said for name in re.findall(r"['\"]([^'\"]*)['\"]", part)]
    assert len(named) > 3, "no rule asks for kinds"
    assert [each for each in named if each[1] not in CATALOG] == []


@pytest.mark.parametrize("block", marked("settings"), ids=str)
def test_settings_in_a_page_are_read(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "reconciler.toml"
    file.write_text(block.text)
    assert Settings.load(file)


def test_no_example_is_left_untried() -> None:
    ours = {block.page for block in BLOCKS if block.is_file or block.what}
    untried = [str(block) for block in BLOCKS if block.page in ours and block.language == "yaml" and not block.what]
    assert ours, "no page has examples"
    assert untried == []
