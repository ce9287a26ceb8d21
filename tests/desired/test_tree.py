"""YAML in, data out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired import tree


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told_to_be_wrong(data: bytes) -> None:
    documents, problems = tree.read({"a.yaml": data})

    assert all(document.data is not None for document in documents)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


@given(st.text(alphabet="ab:-[]{},&*!'\"|>#%?~ \n.0", max_size=60))
def test_any_text_that_looks_like_yaml_is_read_or_told_to_be_wrong(text: str) -> None:
    documents, problems = tree.read({"a.yaml": text.encode()})

    lines = text.count("\n") + 1
    assert all(problem.line <= lines + 1 for problem in problems)
    assert all(document.problem((), "x").line <= lines + 1 for document in documents)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 010", {"a": 10}),
        ("a: 0o17", {"a": 15}),
        ("a: -1.5e3", {"a": -1500.0}),
        ("a: on", {"a": "on"}),
        ("a: No", {"a": "No"}),
        ("a: False", {"a": False}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 0b11", {"a": "0b11"}),
        ("a: 12:30:45", {"a": "12:30:45"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: !!str 1", {"a": "1"}),
        ("a: '1'", {"a": "1"}),
        ("a: ~", {"a": None}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("\ufeffa: 1", {"a": 1}),
        ("%YAML 1.2\n---\na: 1", {"a": 1}),
        ("--- {a: 1}", {"a": 1}),
        ("a: |\n  ---\n  b", {"a": "---\nb"}),
        ("a:\r\n  b: 1\r\n---\r\n", {"a": {"b": 1}}),
    ],
)
def test_a_text_means(text: str, data: Any) -> None:
    documents, problems = tree.read({"a.yaml": text.encode()})

    assert ([document.data for document in documents], problems) == ([data], [])


def test_every_place_is_known_in_every_document_of_a_file() -> None:
    text = "# first\na: 1\n---\nb:\n  - c: 2\n    d: [3, 4]\n"
    _, second = tree.read({"a.yaml": text.encode()})[0]

    places = {path: second.problem(path, "") for path in [("b",), ("b", 0), ("b", 0, "d", 1), ("b", 0, "none", "x")]}
    key = second.key_problem(("b", 0, "d"), "")

    assert [(each.line, each.column) for each in places.values()] == [(5, 3), (5, 5), (6, 12), (5, 5)]
    assert (key.line, key.column, key.path) == (6, 5, "b[0].d")
