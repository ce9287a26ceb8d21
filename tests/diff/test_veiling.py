"""What was a secret is not shown when it is to be something plain."""

from typing import Any

from reconciler.diff import pair
from reconciler.model.resource import Present, Survey
from reconciler.model.verdict import Owned
from tests import factory as f


def shown(before: str) -> str:
    """What is said of a variable that was this when it was applied, and is to be gone."""
    env: dict[str, Any] = {"env.DB": before, "env.LEVEL": "info"}
    applied = f.thing("shop", **env)
    wanted = f.thing("shop", **{**env, "env.DB": "db://local"})
    survey = Survey({wanted.id: Present({"env.DB": "db://hunter2@db", "env.LEVEL": "debug"})})
    owned = {wanted.id: Owned(resource=applied, created=True)}
    found = pair.compare(f.unit(wanted), survey, owned, f.KINDS, {})
    return repr([each.change.fields for each in found.differing])


def test_a_secret_that_is_to_be_something_plain_is_not_shown() -> None:
    said = shown("keyed:" + "0" * 64)
    assert "hunter2" not in said
    assert "before='debug'" in said


def test_what_was_plain_is_shown() -> None:
    assert "hunter2" in shown("db://hunter2@db")
