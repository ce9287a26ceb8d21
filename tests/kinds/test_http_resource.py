"""The requests that follow from what was seen: what an API says is one part of a path, one value, and nothing else."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.catalog import CATALOG
from reconciler.model.canonical import Json
from reconciler.model.content import SECRET_OPEN
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present
from reconciler.store.codec import decode, encode
from tests.kinds.cases import resource_of

KIND = CATALOG["httpResource"]
WWW: dict[str, Any] = {
    "name": "www",
    "read": {"path": "/zone/records", "items": "$.records", "match": "item.name == 'www'", "next": {"page": {}}},
    "create": {"path": "/zone/records", "query": {"dry": False}, "once": "Idempotency-Key"},
    "update": {
        "method": "PATCH",
        "path": "/zone/records/{seen.id}/now",
        "headers": {"If-Match": "{etag}"},
        "body": {"record": "{body}", "version": "{seen.version}"},
    },
    "delete": {"path": "/zone/records/{seen.id}", "query": {"version": "{seen.version}"}},
    "body": {"name": "www", "ttl": 300},
}
# As JSON says them: every text and number that an API may give as an id.
ANY_ID = st.one_of(st.integers(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))


def seen_with(identity: Json, version: Json = 3) -> Present | Absent:
    thing = {"id": identity, "version": version, "name": "www", "ttl": 60}
    return KIND.parse(resource_of("httpResource", WWW), [json.dumps({"etag": '"e"', "object": thing})])


def sends(operations: object) -> list[Send]:
    assert isinstance(operations, tuple)
    assert all(isinstance(each, Send) for each in operations)
    return list(operations)


def test_it_is_made_where_it_is_not_there_and_looked_for_first() -> None:
    (send,) = sends(KIND.commands(resource_of("httpResource", WWW), Absent(), {}))
    assert (send.method, send.path, send.query, send.once) == (
        "POST",
        "/zone/records",
        (("dry", "false"),),
        "Idempotency-Key",
    )
    assert send.unless is not None
    assert send.unless.match == "item.name == 'www'"
    assert decode(Send, encode(send)) == send, "a stored plan has all of it"


def test_what_was_seen_goes_along() -> None:
    www = resource_of("httpResource", WWW)
    (send,) = sends(KIND.commands(www, seen_with("a/b"), {}))
    assert (send.method, send.path, send.headers) == ("PATCH", "/zone/records/a%2Fb/now", (("If-Match", '"e"'),))
    assert send.values == (("/version", 3),)
    assert send.stale == (409, 412)
    assert decode(Send, encode(send)) == send
    (gone,) = sends(KIND.removal(www, seen_with("a/b")))
    assert (gone.method, gone.path, gone.query, gone.fine) == (
        "DELETE",
        "/zone/records/a%2Fb",
        (("version", "3"),),
        (404, 410),
    )


@given(identity=ANY_ID)
def test_whatever_an_id_is_it_is_one_part_of_the_path(identity: Json) -> None:
    try:
        seen = seen_with(identity)
    except ValueError:
        assert identity in (".", "..") or SECRET_OPEN in str(identity)
        return
    (send,) = sends(KIND.commands(resource_of("httpResource", WWW), seen, {}))
    parts = urlsplit("https://api.example.org/v1" + send.path)
    assert (parts.hostname, parts.query, parts.fragment) == ("api.example.org", "", "")
    words = parts.path.split("/")
    assert words[:4] == ["", "v1", "zone", "records"]
    assert (unquote(words[4]), words[5:]) == (str(identity), ["now"])


def test_where_nobody_has_looked_nothing_is_filled_in() -> None:
    (send,) = sends(KIND.commands(resource_of("httpResource", WWW), Present({"body.ttl": 1}), {}))
    assert send.path == "/zone/records/%7Bseen.id%7D/now"
