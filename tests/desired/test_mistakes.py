"""Bad documents and what is said about them. A new case needs no Python: see cases/*.yaml.

A case with ``fleet: many`` has a target of each sort around it.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.desired.load import Invalid
from tests.desired import many, note

CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text())
]


@pytest.mark.parametrize("case", CASES)
def test_every_mistake_is_told_with_its_place_and_what_was_expected(case: dict[str, Any]) -> None:
    files = dict(case.get("files", {}))
    if "document" in case:
        files["desired-state/it.yaml"] = case["document"]
    if "bytes" in case:
        files["desired-state/it.yaml"] = bytes.fromhex(case["bytes"])

    with pytest.raises(Invalid) as invalid:
        (many if case.get("fleet") == "many" else note).loaded(files)

    assert [str(problem) for problem in invalid.value.problems] == case["problems"]
