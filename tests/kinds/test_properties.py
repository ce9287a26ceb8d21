"""What holds for every kind whatever a host prints and whatever things are called."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.kinds.catalog import CATALOG
from reconciler.kinds.prelude import UNIT_PROPERTIES
from reconciler.kinds.written import path_problem
from reconciler.model.canonical import digest
from reconciler.model.resource import Absent, Present
from reconciler.model.target import Sort
from tests.kinds.cases import cases, resource_of
from tests.kinds.every import WRITTEN
from tests.kinds.host import Sh, home, look, observed

# Whatever begins a line in the tables of answers.
WORDS = sorted({line.partition(" ")[0] for _, case in cases("parse") for line in str(case["answer"]).splitlines()})

ENTRIES = ("c2hvcDp4OjE6Mjo6L3M6L2Jpbi9zaA==", "c2hvcDp4OjI6YSxi", "L2hvbWUvc2hvcA==", "apt", "1:1.2-3")
"""Those of a user and a group, a home, and what is said of a package."""

# A host's bytes that are not UTF-8 come as surrogates.
ANY_TEXT = st.text(st.characters(), max_size=80)

ROUGHLY = st.one_of(
    ANY_TEXT,
    st.builds(
        "{} {}".format,
        st.sampled_from(WORDS),
        st.one_of(
            ANY_TEXT,
            st.from_regex(r"[0-9a-f]{4}( [0-9]{1,3}){4}", fullmatch=True),
            st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
            st.sampled_from(
                [
                    "",
                    "eA==",
                    "cmVsZWFzZXMvMQ==",
                    "MQ== eA== 0 0 root:root",
                    "no",
                    "cm8gdG1wZnMgeA==",
                    "1795219793",
                    *ENTRIES,
                ]
            ),
        ),
    ),
    st.just("next"),
    st.builds(
        "{}={}".format,
        st.sampled_from(UNIT_PROPERTIES),
        st.sampled_from(
            ["", "loaded", "active", "masked", "yes", "no", "Sat 2026-11-21 00:23:45 UTC", "Sat 2026-99-99"]
        ),
    ),
)

ON_HOSTS = {name for name, kind in CATALOG.items() if kind.TARGET is Sort.HOST}
"""What hosts answer is theirs; what APIs answer has been read by a provider of ours."""

ANY_CONTENT = st.text(st.characters(exclude_categories=("Cs",)))
A_NAME = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=20)


def test_every_kind_of_the_catalog_takes_part() -> None:
    assert ON_HOSTS <= set(WRITTEN) <= set(CATALOG)
    assert all(name == kind.NAME for name, kind in CATALOG.items())


@pytest.mark.parametrize("name", WRITTEN)
@given(answer=st.lists(ROUGHLY, max_size=12))
@settings(max_examples=200, deadline=None)
def test_an_answer_is_read_or_refused_with_a_value_error(name: str, answer: list[str]) -> None:
    kind, resource = CATALOG[name], resource_of(name, WRITTEN[name])
    try:
        seen = kind.parse(resource, answer)
    except ValueError:
        return
    if isinstance(seen, Present):
        digest(seen.attributes)
    else:
        assert seen == Absent()


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_absent_is_made_and_nothing_is_there_to_remove(name: str) -> None:
    kind, resource = CATALOG[name], resource_of(name, WRITTEN[name])
    assert kind.diff(resource, Absent()) is not None
    assert kind.commands(resource, Absent(), {}) != ()
    assert kind.removal(resource, Absent()) == ()


@pytest.mark.parametrize("name", WRITTEN)
@settings(deadline=None)
@given(extra=st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.integers(), st.text(max_size=5)), min_size=1))
def test_a_key_that_a_kind_does_not_know_is_a_mistake(name: str, extra: dict[str, Any]) -> None:
    assume(not extra.keys() & set(CATALOG[name].Spec.model_json_schema()["properties"]))
    with pytest.raises(ValidationError):
        CATALOG[name].Spec.model_validate({**WRITTEN[name], **extra})


@given(parts=st.lists(A_NAME, min_size=1, max_size=3), content=ANY_CONTENT)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_file_of_any_name_is_found_as_it_is(sh: Sh, parts: list[str], content: str) -> None:
    path = "~/" + "/".join(parts)
    assume(path_problem(path) is None)
    kind, resource = CATALOG["file"], resource_of("file", {"path": path, "content": content})
    text = kind.probe(resource, {})
    with home() as root:
        assert observed(kind, resource, *look(sh, root, text)) == Absent()
        there = root / path[2:]
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(content.encode())
        seen = observed(kind, resource, *look(sh, root, text))
    assert isinstance(seen, Present)
    assert seen.attributes["content"] == resource.attributes["content"]


@given(to=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=30))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_link_to_anything_is_found_as_it_is(sh: Sh, to: str) -> None:
    assume(not to.startswith("~"))
    kind, resource = CATALOG["symlink"], resource_of("symlink", {"path": "~/link", "to": to})
    with home() as root:
        (root / "link").symlink_to(to)
        seen = observed(kind, resource, *look(sh, root, kind.probe(resource, {})))
    assert isinstance(seen, Present)
    assert kind.diff(resource, seen) is None
