"""In which order the resources of a host are changed: what speaks of an account comes after it, whatever is written."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.identity import ResourceId
from reconciler.model.resource import Resource
from reconciler.plan.order import Cycle, needs, ordered
from tests.factory import SHOP


def thing(ref: str, *depends_on: str, **attributes: Any) -> Resource:
    kind, _, name = ref.partition(":")
    return Resource(id=ResourceId(SHOP, "web-1", kind, name), attributes=attributes, depends_on=depends_on)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (thing("user:shop"), thing("file:/a", owner="shop")),
        (thing("group:shop"), thing("directory:/a", group="shop")),
        (thing("user:shop"), thing("command:x", user="shop")),
        (thing("group:web"), thing("user:shop", group="web")),
        (thing("group:web"), thing("user:shop", groups=["adm", "web"])),
        (thing("group:shop"), thing("user:shop")),
        (thing("user:shop", home="/srv/shop"), thing("file:/srv/shop/.ssh/authorized_keys")),
        (thing("file:/etc/apt/sources.list.d/x.list"), thing("package:x")),
        (thing("file:/usr/share/keyrings/x.gpg"), thing("package:x")),
        (thing("file:/etc/yum.repos.d/x.repo"), thing("package:x")),
        (thing("user:shop", state="absent"), thing("group:shop", state="absent")),
        (thing("user:shop", group="other"), thing("group:shop", state="absent")),
        (thing("package:curl"), thing("file:/etc/apt/x", "package:curl")),
    ],
    ids=lambda each: each.id.ref if isinstance(each, Resource) else None,
)
def test_what_is_needed_comes_first(first: Resource, then: Resource) -> None:
    assert ordered([then, first]) == (first, then)
    assert needs([then, first])[then.id.ref] == {first.id.ref}


@pytest.mark.parametrize(
    "pair",
    [
        (thing("file:/a", owner="root"), thing("user:shop")),
        (thing("file:/srv/shopping"), thing("user:shop", home="/srv/shop")),
        (thing("directory:/srv/shop"), thing("user:shop", home="/srv/shop")),
        (thing("package:x"), thing("file:/etc/apticron")),
        (thing("file:/a", owner="shop"), thing("user:shop", state="absent")),
    ],
    ids=lambda pair: f"{pair[0].id.ref} {pair[1].id.ref}",
)
def test_what_needs_nothing_stays_where_it_is_written(pair: tuple[Resource, Resource]) -> None:
    assert ordered(pair) == pair


def test_a_package_that_a_source_is_fetched_with_is_not_kept_waiting_for_it() -> None:
    source = thing("file:/etc/apt/x.list", "file:/key")
    key, curl, shop = thing("file:/key", "package:curl"), thing("package:curl"), thing("package:shop")
    assert ordered([shop, source, key, curl]) == (curl, key, source, shop)


def test_a_circle_over_accounts_is_told() -> None:
    with pytest.raises(Cycle, match="file:/a → user:shop → file:/a"):
        ordered([thing("file:/a", owner="shop"), thing("user:shop", "file:/a")])


WORLD = (
    thing("group:web"),
    thing("user:shop", group="web", home="/srv/shop"),
    thing("directory:/srv/shop/data", owner="shop", group="web"),
    thing("file:/srv/shop/data/x", owner="shop"),
    thing("file:/etc/apt/x.list"),
    thing("package:shop"),
)


@given(st.sampled_from(list(permutations(WORLD))))
def test_everything_comes_after_all_that_it_needs(written: tuple[Resource, ...]) -> None:
    needed = needs(written)
    done: set[str] = set()
    for resource in ordered(written):
        assert needed[resource.id.ref] <= done
        done.add(resource.id.ref)
    assert len(done) == len(WORLD)
