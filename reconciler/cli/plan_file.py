"""The file between ``plan --out`` and ``apply``: which plans a person has seen, and all of their text.

``apply`` plans again and carries out only what has the same id: a plan names its commit and a digest of what was
observed, so a plan for another world has another id. The rest of the file is for people and for audits.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.errors import Failure

if TYPE_CHECKING:
    from reconciler.model.assessment import Review

FORMAT = "reconciler/plan-file/v1"


def write_plan(review: "Review", file: Path) -> None:
    """Write what was reviewed; raise Failure when it cannot be written."""
    from reconciler.cli.render.review_json import review_json

    plans = {str(each.unit): each.plan.id for each in review.assessments if each.plan}
    body = {"format": FORMAT, "commit": review.commit, "plans": plans, "review": review_json(review)}
    try:
        file.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror}") from error


def read_plan(file: Path) -> tuple[str, Mapping[str, str]]:
    """Return the commit and the plan ids by unit; raise Failure when it is no plan of ours."""
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Failure(f"{file} is not a plan: {error}") from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise Failure(f"{file} is not a plan of this version; write it with: reconciler plan --out {file}")
    commit, plans = body.get("commit"), body.get("plans")
    if not _plain(commit) or not isinstance(plans, dict) or not all(map(_plain, (*plans, *plans.values()))):
        raise Failure(f"{file} is damaged; write it again with: reconciler plan --out {file}")
    return str(commit), plans


def _plain(value: object) -> bool:
    """Whether it is a text that can be shown: the file may come from anybody, and the terminal is ours."""
    return isinstance(value, str) and value.isprintable()
