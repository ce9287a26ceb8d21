"""Every value that is stored can be read back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.canonical import canonical, plain
from reconciler.model.content import Content
from reconciler.model.event import Event
from reconciler.model.health import CertificateCheck, ExecCheck, GrpcCheck, HttpCheck, SystemdCheck, TcpCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import Operation
from reconciler.model.plan import Plan
from reconciler.model.request import Send
from reconciler.model.resource import Present, Resource
from reconciler.model.rollout import Rollout
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.target import Host
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Snapshot, VerdictRecord
from reconciler.store.codec import decode, encode
from reconciler.store.times import moment, stamp
from tests import factory
from tests.sim import plans

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - it adds the zone
UNITS = st.builds(UnitId, NAMES, NAMES)
IDS = st.builds(ResourceId, UNITS, NAMES, NAMES, st.text(min_size=1, max_size=8))
for kind, values in (
    (UnitId, UNITS),
    (ResourceId, IDS),
    (datetime, TIMES),
    (timedelta, st.integers(0, 10**12).map(lambda number: timedelta(microseconds=number))),
    # What is measured and is no number is no data.
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (Resource, st.builds(Resource, id=IDS, attributes=st.dictionaries(NAMES, JSON, max_size=3))),
    (Present, st.builds(Present, st.dictionaries(NAMES, JSON, max_size=3))),
    (Send, st.builds(Send, values=st.lists(st.tuples(st.text(max_size=8), JSON), max_size=3).map(tuple))),
):
    st.register_type_strategy(kind, values)


@pytest.mark.parametrize(
    "kind",
    [
        *get_args(Event),
        *get_args(Operation),
        *(
            HttpCheck,
            TcpCheck,
            GrpcCheck,
            SystemdCheck,
            ExecCheck,
            CertificateCheck,
            Content,
            Resource,
            Owned,
            VerdictRecord,
            Snapshot,
            Unit,
            Host,
            Rollout,
        ),
    ],
)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_back(kind: Any, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert decode(kind, encode(value)) == value


def test_a_plan_is_read_back_with_every_sort_of_step() -> None:
    plan = plans.rolling(plans.shop("2", ("web-1", "web-2")))
    assert decode(Plan, encode(plan)) == plan


def test_ids_are_keys_by_their_text() -> None:
    thing = factory.thing("first")
    known = UnitStanding(unit=factory.SHOP, owned={thing.id: Owned(resource=thing, created=True)})
    assert list(json.loads(encode(known))["owned"]) == ["shop@production/web-1/thing:first"]
    assert decode(UnitStanding, encode(known)) == known
    standing = Standing(units={factory.SHOP: known})
    assert decode(Standing, encode(standing)) == standing


def test_a_truth_is_not_a_number() -> None:
    thing = factory.thing("first", one=1, yes=True, point=1.0)
    assert canonical(plain(decode(Resource, encode(thing)))) == encode(thing)


def test_a_field_of_a_later_version_is_passed_over_and_a_missing_one_takes_its_default() -> None:
    text = encode(factory.unit(factory.thing("first")))
    raw = json.loads(text)
    del raw["blocked"]
    assert decode(Unit, json.dumps({**raw, "colour of 2029": 1})) == decode(Unit, text)


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        (Host, "[]", "Host is not an object"),
        (Host, "{}", "Host cannot be read: .*missing 6 required"),
        (Event, '{"event": "moon_landing"}', "there is no known event"),
        (Event, "7", "there is no known event"),
        (Content, "nonsense", "Expecting value"),
        (HttpCheck, '{"port": 1, "scheme": "gopher"}', "'gopher' is none of"),
    ],
)
def test_text_of_another_form_is_told(kind: Any, text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        decode(kind, text)


def test_a_type_that_cannot_be_stored_is_a_bug() -> None:
    with pytest.raises(TypeError, match="internal error"):
        decode(bytes, "1")


@given(TIMES, TIMES)
def test_times_sort_as_text_whatever_their_zone(one: datetime, other: datetime) -> None:
    east = timezone(timedelta(hours=9))
    assert (stamp(one) < stamp(other.astimezone(east))) == (one < other)
    assert moment(stamp(one.astimezone(east))) == one


def test_a_rollout_with_a_step_in_hand_is_read_back() -> None:
    rollout = plans.pending(plans.at_once(plans.shop("2", ("web-1",))), "r1", factory.NOW)
    assert decode(Rollout, encode(replace(rollout, wake_at=factory.NOW))) == replace(rollout, wake_at=factory.NOW)
