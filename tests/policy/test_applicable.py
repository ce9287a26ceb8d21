"""What is asked for only when something is so."""

from dataclasses import replace

import pytest

from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.policy.applicable import applies, idle
from tests.factory import thing, unit

FLAG = thing("flag", "web-1")


def asked(when: str, seen: Observation) -> tuple[list[str], list[str]]:
    """Return what is left as it is, and where that cannot be said, for one thing with that condition."""
    depends: Resource = replace(thing("x", "web-1"), when=when)
    facts = {"web-1": {"os": "debian", "cpus": 2, "memory": 8 * 2**30}}
    found = idle(unit(FLAG, depends), Survey({FLAG.id: seen, depends.id: Absent()}, facts=facts))
    return [each.name for each in found.resources], list(found.unclear.values())


@pytest.mark.parametrize(
    ("when", "left"),
    [
        ("facts.os == 'debian'", []),
        ("facts.os == 'alpine'", ["x"]),
        ("facts.cpus >= 2 && facts.memory > 1024", []),
        ("has(facts.init) && facts.init == 'systemd'", ["x"]),
        ("seen.exists(s, s.resource == 'thing:flag' && s.present)", []),
        ("seen.exists(s, s.resource == 'thing:flag' && s.status.ready > 2)", ["x"]),
        ("seen.exists(s, s.target == 'web-1' && s.attributes.colour == 'red')", []),
        ("seen.all(s, s.present)", ["x"]),
    ],
)
def test_a_resource_whose_condition_is_not_so_is_left_as_it_is(when: str, left: list[str]) -> None:
    assert asked(when, Present({"colour": "red"}, {"ready": 2})) == (left, [])


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("facts.init == 'systemd'", "cannot say whether facts.init == 'systemd' (thing:x): "),
        ("facts.cpus", "cannot say whether facts.cpus (thing:x): it is int and not true or false"),
        ("seen[7].present", "cannot say whether seen[7].present (thing:x): "),
    ],
)
def test_where_it_cannot_be_said_nothing_is_done_on_the_target(when: str, why: str) -> None:
    left, (told,) = asked(when, Present({"colour": "red"}))
    assert (left, told[: len(why)]) == ([], why)


def test_what_could_not_be_seen_is_not_among_what_was_seen() -> None:
    assert asked("seen.size() == 1", Unknown("no route")) == ([], [])


def test_a_plan_has_decided_what_it_changes() -> None:
    depends = replace(thing("x"), when="facts.os == 'debian'")
    assert applies(thing("y"), frozenset())
    assert applies(depends, frozenset({depends.id}))
    assert not applies(depends, frozenset())
