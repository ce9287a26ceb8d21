"""From what is there to the one next request: every state that a replacement can be cut off in."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.container import PutContainer
from reconciler.model.content import Content
from reconciler.providers.docker.placing import (
    Connect,
    Create,
    Do,
    Done,
    GiveUp,
    Known,
    Next,
    Places,
    There,
    Wait,
    next_step,
)

WANTED = PutContainer(name="shop", spec="two", create=Content("b", "b", 1))
AHEAD = replace(WANTED, ahead=True)
KEEPS = {"RestartPolicy": {"Name": "always"}}
STAYS = {"RestartPolicy": {"Name": "no"}}

OLD = There(id="old", spec="one", state="running", limits=KEEPS)
STOPPED = replace(OLD, state="exited")
RETIRED = replace(STOPPED, limits=STAYS)
MADE = There(id="new", spec="two", state="created", limits=KEEPS)
NEW = replace(MADE, state="running")
THEIRS = There(id="x", spec=None, state="running", limits=KEEPS)
FRESH, STARTED, SETTLED = Known(), Known(started=True), Known(started=True, settled=True)


def said(step: Next) -> str:
    """A step in words."""
    match step:
        case Do(verb=verb, container=container, name=name, to=to):
            return f"{verb} {container.id} as {name}" + (f" to {to}" if to else "")
        case Connect(network=network):
            return f"connect {network}"
        case GiveUp(reason=reason) | Wait(reason=reason):
            return f"{type(step).__name__}: {reason}"
        case _:
            return type(step).__name__


@pytest.mark.parametrize(
    ("places", "wanted", "known", "step"),
    [
        (Places(), WANTED, FRESH, "Create"),
        (Places(new=MADE), WANTED, FRESH, "start new as shop.new"),
        (Places(new=NEW), WANTED, STARTED, "rename new as shop.new to shop"),
        (Places(current=NEW), WANTED, STARTED, "Done"),
        (Places(current=OLD), WANTED, FRESH, "Create"),
        (Places(current=OLD, new=replace(NEW, state="paused")), WANTED, FRESH, "remove new as shop.new"),
        (Places(current=OLD, new=MADE), WANTED, FRESH, "stop old as shop"),
        (Places(current=STOPPED, new=MADE), WANTED, FRESH, "start new as shop.new"),
        (Places(current=STOPPED, new=NEW), WANTED, STARTED, "Wait: the new container shop was just started"),
        (Places(current=STOPPED, new=NEW), WANTED, SETTLED, "rename old as shop to shop.previous"),
        (Places(current=STOPPED, new=NEW), WANTED, FRESH, "rename old as shop to shop.previous"),
        (Places(new=NEW, previous=STOPPED), WANTED, SETTLED, "rename new as shop.new to shop"),
        (Places(current=NEW, previous=STOPPED), WANTED, SETTLED, "retire old as shop.previous"),
        (Places(current=NEW, previous=RETIRED), WANTED, SETTLED, "Done"),
        (Places(current=OLD, new=MADE), AHEAD, FRESH, "start new as shop.new"),
        (Places(current=OLD, new=NEW), AHEAD, SETTLED, "rename old as shop to shop.previous"),
        (Places(current=NEW, previous=OLD), AHEAD, SETTLED, "retire old as shop.previous"),
        (Places(current=NEW, previous=replace(OLD, limits=STAYS)), AHEAD, SETTLED, "stop old as shop.previous"),
        (
            Places(current=STOPPED, new=NEW, previous=replace(RETIRED, id="older")),
            WANTED,
            SETTLED,
            "remove older as shop.previous",
        ),
        (Places(current=OLD, new=replace(MADE, spec="three")), WANTED, FRESH, "remove new as shop.new"),
        (Places(current=NEW, new=replace(MADE, id="left")), WANTED, FRESH, "remove left as shop.new"),
        (Places(current=replace(MADE, state="exited")), WANTED, FRESH, "start new as shop"),
        (Places(current=replace(MADE, state="exited")), WANTED, STARTED, "Done"),
        (
            Places(current=OLD, previous=replace(RETIRED, id="kept", spec="two")),
            WANTED,
            FRESH,
            "rename kept as shop.previous to shop.new",
        ),
        (
            Places(current=OLD, new=replace(RETIRED, id="kept", spec="two")),
            WANTED,
            Known(limits=KEEPS),
            "limit kept as shop.new",
        ),
        (Places(current=OLD, new=MADE), replace(WANTED, networks=("a", "b")), FRESH, "connect a"),
        (
            Places(current=STOPPED, new=replace(NEW, health="starting")),
            WANTED,
            SETTLED,
            "Wait: the new container shop is not healthy yet",
        ),
        (
            Places(current=STOPPED, new=replace(NEW, health="unhealthy", why="no database")),
            WANTED,
            SETTLED,
            "GiveUp: the new container shop is unhealthy (no database)",
        ),
        (
            Places(current=STOPPED, new=replace(NEW, state="restarting", why="exit 1")),
            WANTED,
            STARTED,
            "GiveUp: the new container shop does not keep running (exit 1)",
        ),
        (Places(current=NEW), replace(WANTED, instead_of="new"), FRESH, "Create"),
        (Places(current=NEW, previous=RETIRED), replace(WANTED, running=False), FRESH, "stop new as shop"),
        (Places(current=OLD, new=MADE), replace(WANTED, running=False), FRESH, "rename old as shop to shop.previous"),
        (Places(current=THEIRS, new=NEW), AHEAD, SETTLED, "stop x as shop"),
        (
            Places(current=OLD, new=THEIRS),
            WANTED,
            FRESH,
            "GiveUp: there is a container shop.new that is not ours; rename it or remove it",
        ),
        (
            Places(current=OLD, previous=THEIRS),
            WANTED,
            FRESH,
            "GiveUp: there is a container shop.previous that is not ours; rename it or remove it",
        ),
    ],
)
def test_the_next_request(places: Places, wanted: PutContainer, known: Known, step: str) -> None:
    assert said(next_step(places, wanted, known)) == step


def _container(name: str) -> st.SearchStrategy[There | None]:
    made = st.builds(
        There,
        id=st.just(name),
        spec=st.sampled_from(("one", "two", "three")),
        state=st.sampled_from(("created", "running", "exited", "paused")),
        limits=st.sampled_from((KEEPS, STAYS)),
    )
    return st.none() | made


@given(
    current=_container("a"),
    new=_container("b"),
    previous=_container("c"),
    ahead=st.booleans(),
    running=st.booleans(),
    cut_after=st.integers(0, 12),
)
def test_from_anything_it_ends_with_the_wanted_one_at_the_name_however_often_it_is_cut_off(
    *, current: There | None, new: There | None, previous: There | None, ahead: bool, running: bool, cut_after: int
) -> None:
    places = Places(current=current, new=new, previous=previous)
    wanted = replace(WANTED, ahead=ahead, running=running)
    known = Known(limits=KEEPS)
    for count in range(30):
        step = next_step(places, wanted, known)
        if isinstance(step, Done):
            break
        places = done(step, places)
        begun = isinstance(step, Do) and step.verb == "start"
        # Whoever is cut off and comes back knows nothing of a start.
        known = (
            Known(limits=KEEPS) if count == cut_after else replace(known, started=known.started or begun, settled=True)
        )
    else:
        raise AssertionError(f"it never ends: {places}")
    assert places.current is not None
    assert places.current.spec == "two"
    assert places.current.runs == running
    assert places.new is None
    assert places.previous is None or (not places.previous.runs and places.previous.stays_down)


def done(step: Next, places: Places) -> Places:
    """What is there after the request."""
    by_name = {"shop": places.current, "shop.new": places.new, "shop.previous": places.previous}
    match step:
        case Create():
            by_name["shop.new"] = MADE
        case Do(verb="rename", container=container, name=name, to=to):
            assert by_name[to] is None, "a name is given once"
            by_name |= {name: None, to: container}
        case Do(verb="remove", name=name):
            by_name[name] = None
        case Do(verb=verb, container=container, name=name):
            changed: dict[str, object] = {
                "start": {"state": "running"},
                "stop": {"state": "exited"},
                "retire": {"limits": STAYS},
                "limit": {"limits": KEEPS},
            }[verb]  # type: ignore[assignment]
            by_name[name] = replace(container, **changed)  # type: ignore[arg-type]
        case _:
            raise AssertionError(f"nothing was to be waited for: {step}")
    return Places(current=by_name["shop"], new=by_name["shop.new"], previous=by_name["shop.previous"])
