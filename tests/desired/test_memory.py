"""What is remembered from the load before is never seen in what comes out, and only what changed is made anew."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.documents import app, environment, host, many_documents
from reconciler.desired.folder import NoSecrets
from reconciler.desired.load import Folders, Invalid, Loading, load
from reconciler.kinds.catalog import CATALOG
from reconciler.model.problem import Problem
from reconciler.model.unit import Desired
from tests.providers.secret_values import SecretValues

POLICIES = [b"kind: RolloutPolicy\nmetadata: {name: all}\nspec: {drift: report}\n", b"kind: RolloutPolicy\n"]
APP = """\
kind: App
metadata: {{name: {name}}}
spec:
  version: "1"
  environments: {{e0: {{vars: {{level: {level}}}}}}}
  targets: {{hosts: {{role: r{role}}}}}
  dependsOn: {depends}
  resources: {resources}
"""


def fleet(**more: bytes) -> dict[str, bytes]:
    files = {
        "desired-state/e.yaml": environment(0),
        "desired-state/h0.yaml": host(0, 0, 0),
        "desired-state/h1.yaml": host(1, 0, 1),
        "desired-state/templates/t": b"{{ vars.level }} {{ target.name }}\n",
    }
    return files | {f"desired-state/{name}.yaml": text for name, text in more.items()}


def one(name: str, *resources: str, role: int = 0, level: int = 1, depends: str = "[]") -> bytes:
    written = ", ".join(f"{{file: {{path: {each}}}}}" for each in resources)
    return APP.format(name=name, level=level, role=role, depends=depends, resources=f"[{written}]").encode()


TEMPLATE, PLAIN, SECRET = (
    "/a, template: templates/t",
    "/a, content: 'x {{ vars.level }}'",
    "/s, template: templates/s, secrets: {db: x/y}",
)

variants: Mapping[str, list[bytes | None]] = {
    "desired-state/a.yaml": [one("a", TEMPLATE), one("a", PLAIN), one("a", TEMPLATE, level=2), one("a", "/b"), None],
    "desired-state/b.yaml": [one("b", "/b, content: x", depends="[a]"), one("b", PLAIN), one("b", PLAIN, role=1)],
    "desired-state/e.yaml": [environment(0), b"kind: Environment\nmetadata: {name: e0, labels: {a: b}}\n", None],
    "desired-state/h0.yaml": [host(0, 0, 0), host(0, 0, 1), host(7, 0, 0), None],
    "desired-state/templates/t": [b"{{ vars.level }}\n", b"{{ target.name }}", b"{{ nothing }}", None],
    "policies/p.yaml": [None, *POLICIES],
}

commits = st.lists(st.fixed_dictionaries({name: st.sampled_from(each) for name, each in variants.items()}), max_size=6)


def outcome(commit: str, files: Mapping[str, bytes], loading: Loading) -> Desired | tuple[Problem, ...]:
    try:
        return loading.load(commit, files)
    except Invalid as invalid:
        return invalid.problems


@settings(deadline=None, max_examples=40)
@given(commits)
def test_a_memory_changes_nothing_of_what_comes_out(history: list[dict[str, bytes | None]]) -> None:
    remembering = Loading(CATALOG, NoSecrets(), Folders())
    for number, changes in enumerate(history):
        files = {name: data for name, data in (fleet() | changes).items() if data is not None}
        anew = Loading(CATALOG, NoSecrets(), Folders())
        assert outcome(f"{number}", files, remembering) == outcome(f"{number}", files, anew)


def test_only_what_changed_is_read_and_made_again() -> None:
    files = many_documents(300)
    loading = Loading(CATALOG, NoSecrets(), Folders())
    first = loading.load("a", files)
    loading.load("b", files)
    assert loading.memory.work.made == 0
    name = "desired-state/apps/a7.yaml"
    files[name] = files[name].replace(b"one 0", b"two 0")
    changed = loading.load("c", files)
    assert loading.memory.work.made == 4  # the file, its resources, and the units in two environments
    assert changed == load("c", files, CATALOG, NoSecrets(), Folders())
    assert sum(unit.digest != first.units[name].digest for name, unit in changed.units.items()) == 2


def test_a_template_that_changed_is_rendered_again_where_it_is_used() -> None:
    files = fleet(a=one("a", TEMPLATE), b=one("b", "/b, content: x"))
    loading = Loading(CATALOG, NoSecrets(), Folders())
    loading.load("a", files)
    files["desired-state/templates/t"] = b"new {{ target.name }}\n"
    loading.load("b", files)
    assert loading.memory.work.made == 1 + 1  # the file, and the one unit


def test_what_depends_on_a_secret_is_made_anew_each_time() -> None:
    secrets = {"x/y": "first"}
    files = fleet(a=one("a", SECRET)) | {"desired-state/templates/s": b"{{ secrets.db }}"}
    loading = Loading(CATALOG, SecretValues(secrets), Folders())
    before = loading.load("a", files)
    secrets["x/y"] = "second"
    after = loading.load("a", files)
    assert [unit.digest for unit in before.units.values()] != [unit.digest for unit in after.units.values()]
    del secrets["x/y"]
    assert all(unit.blocked for unit in loading.load("a", files).units.values())


def test_a_mistake_that_is_mended_elsewhere_is_forgotten_and_one_that_is_not_is_told_again() -> None:
    files = fleet(a=one("a", "/same, content: x"), b=one("b", "/same, content: y"))
    loading = Loading(CATALOG, NoSecrets(), Folders())
    for _ in range(2):
        with pytest.raises(Invalid, match="two resources cannot share one thing"):
            loading.load("a", files)
    files["desired-state/a.yaml"] = one("a", "/other, content: x")
    assert len(loading.load("b", files).units) == 2


def test_the_memory_is_as_large_as_one_commit() -> None:
    loading = Loading(CATALOG, NoSecrets(), Folders())
    files = fleet(a=app(0, 0, 1, "e0: {}"))
    for number in range(5):
        loading.load("a", files | {f"desired-state/x{number}.yaml": app(number + 1, 1, 1, "e0: {}")})
    assert len(loading.memory._now) == len({*loading.memory._before})
