"""Circles in graphs."""

from graphlib import CycleError, TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired.references import circles

graphs = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=4), max_size=6)


@given(graphs)
def test_a_circle_is_found_exactly_where_there_is_no_order(edges: dict[str, list[str]]) -> None:
    try:
        TopologicalSorter(edges).prepare()
        ordered = True
    except CycleError:
        ordered = False

    found = list(circles(edges))

    assert (not found) == ordered
    for circle in found:
        assert circle[0] == min(circle)
        assert all(after in edges[before] for before, after in zip(circle, (*circle[1:], circle[0]), strict=True))


def test_a_long_chain_is_no_matter_of_recursion() -> None:
    edges = {str(number): [str(number + 1)] for number in range(50_000)}

    assert list(circles(edges)) == []
