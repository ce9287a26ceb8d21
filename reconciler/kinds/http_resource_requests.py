"""The requests of a thing behind an HTTP API: written out when it is rendered, and filled in from what was seen. Pure.

What is filled in is one part of a path, one value of a query or a header, or one value of a JSON body, whatever it is:
it is quoted for where it goes, so nothing that an API says can lead a request elsewhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from reconciler.kinds import http_resource_fields as fields
from reconciler.kinds.http_resource_spec import BODY, ETAG, HOLE, Create, Next, Request, Sending, Spec, texts
from reconciler.model.canonical import Json, canonical, said
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Content
from reconciler.model.lookup import CursorPages, LinkedPages, Lookup, NumberedPages, OffsetPages, Pages
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Resource
from reconciler.policy import place
from reconciler.policy.place import Keys
from reconciler.ports.kind import InputError, Inputs

SHOWN_ETAG = "ETag"
"""The name in the status for the ETag of a thing."""

_FORM = "application/x-www-form-urlencoded"
_JSON = re.compile(r"[^;]*[/+]json\s*(;.*)?", re.IGNORECASE)
_MARKER = f"{SECRET_OPEN}[^{SECRET_CLOSE}]*{SECRET_CLOSE}"
_GONE = (404, 410)
_PAGES: Mapping[str, type[Any]] = {
    "link": LinkedPages,
    "numbered": NumberedPages,
    "offset": OffsetPages,
    "cursor": CursorPages,
}


def written(spec: Spec, inputs: Inputs) -> tuple[dict[str, Json], dict[str, Content]]:
    """Return the attributes that tell of the requests, and their bodies; raise InputError."""
    bodies: dict[str, Content] = {}
    _no_secrets("read.path", [spec.name, spec.read.path, dict(spec.read.query), spec.read.match])
    read = Lookup(
        path=spec.read.path,
        query=tuple(spec.read.query.items()),
        headers=tuple(spec.read.headers.items()),
        secrets=_secrets(spec, inputs, "read", spec.read.headers),
        items=spec.read.items,
        match=spec.read.match,
        object=spec.read.object,
        next=_pages(spec.read.next),
    )
    attributes: dict[str, Json] = {"read": said(read)}
    for name, request in (("create", spec.create), ("update", spec.update), ("delete", spec.delete)):
        if request is None:
            continue
        its = _request(spec, inputs, name, request)
        if isinstance(request, Sending):
            content, more = _body(spec, inputs, name, request)
            bodies[f"{name}.body"], its = content, {**its, **more}
            attributes[f"{name}.body"] = content.digest
        attributes[name] = its
    return attributes, bodies


def _request(spec: Spec, inputs: Inputs, name: str, request: Request) -> dict[str, Json]:
    _no_secrets(f"{name}.path", [request.path, dict(request.query)])
    once = request.once if isinstance(request, Create) else None
    return {
        "method": request.method,
        "path": request.path,
        "query": [[key, value] for key, value in request.query.items()],
        "headers": [[key, value] for key, value in request.headers.items()],
        "secrets": [list(each) for each in _secrets(spec, inputs, name, request.headers)],
        **({"once": once} if once else {}),
    }


def _no_secrets(where: str, value: Json) -> None:
    if fields.is_secret(value):
        raise InputError(where, "a secret cannot stand here, where it is logged; put it into headers or body")


def _secrets(spec: Spec, inputs: Inputs, name: str, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    used = sorted({marker[1:-1] for value in headers.values() for marker in re.findall(_MARKER, value)})
    if used:
        inputs.text("\n".join(headers.values()), spec.secrets)
    return tuple((each, spec.secrets[each]) for each in used)


def _pages(following: Next | None) -> Pages | None:
    if following is None:
        return None
    if page := following.page:
        return NumberedPages(
            parameter=page.parameter, first=page.first, size_parameter=page.size_parameter, size=page.size
        )
    if offset := following.offset:
        return OffsetPages(parameter=offset.parameter, size_parameter=offset.size_parameter, size=offset.size)
    if cursor := following.cursor:
        return CursorPages(at=cursor.at, parameter=cursor.parameter)
    return CursorPages(at=following.url) if following.url else LinkedPages()


def _body(spec: Spec, inputs: Inputs, name: str, request: Sending) -> tuple[Content, dict[str, Json]]:
    """The body, and what to know of it: its media type, where in it that of the resource is, and what is filled in."""
    try:
        body: Any = fields.typed({**spec.body, **request.also} if request.body is None else request.body)
    except ValueError as error:
        raise InputError(f"{name}.body", str(error)) from error
    all_leaves = list(fields.leaves(body))
    within = [keys for keys, value in all_leaves if value == BODY]
    holes = {place.pointer(keys): value for keys, value in all_leaves if isinstance(value, str) and HOLE.search(value)}
    for text in holes.values():
        if not HOLE.fullmatch(text):
            raise InputError(f"{name}.body", f"what is filled in has to be all of the text, not a part of {text!r}")
    for pointer in holes:
        body = place.put(body, pointer, None)
    if within:
        body = place.put(body, place.pointer(within[0]), spec.body)
    at = "" if request.body is None else place.pointer(within[0]) if within else None
    text = _text(name, request.media, body, holes)
    return inputs.text(text, spec.secrets), {"media": request.media, "values": dict(holes), "at": at}


def _text(name: str, media: str, body: Mapping[str, Json], holes: Mapping[str, str]) -> str:
    if _JSON.fullmatch(media):
        return canonical(body)
    if media != _FORM:
        raise InputError(f"{name}.media", f"expected a media type of JSON, or {_FORM}, got {media!r}")
    if holes or any(isinstance(value, Mapping | list | tuple) for value in body.values()):
        raise InputError(
            f"{name}.body", "a form has texts, numbers and truth values only, none of them filled in later"
        )
    words = [(key, value if isinstance(value, str) else canonical(value)) for key, value in body.items()]
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in words)


def _quoted(text: str) -> str:
    """The text as a part of a form; markers stay, since what they stand for is quoted when it is filled in."""
    parts = re.split(f"({_MARKER})", text)
    return "".join(part if part.startswith(SECRET_OPEN) else quote(part, safe="") for part in parts)


def lookup_of(read: Any) -> Lookup:
    """Return the lookup that the attribute ``read`` tells of."""
    following = dict(read.get("next") or {})
    return Lookup(
        path=read["path"],
        query=_pairs(read.get("query", ())),
        headers=_pairs(read.get("headers", ())),
        secrets=_pairs(read.get("secrets", ())),
        items=read.get("items"),
        match=read.get("match"),
        object=read.get("object", "$"),
        next=_PAGES[following["pages"]](**following) if following else None,
    )


def _pairs(value: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one), str(other)) for one, other in value)


def places(resource: Resource) -> Iterator[tuple[str, Keys]]:
    """Yield the names of the attributes that are fields, with the keys that lead to them in the thing."""
    for name in resource.attributes:
        if name.startswith(fields.FIELD):
            yield name, place.of(name.removeprefix(fields.FIELD))


def seen_of(resource: Resource, there: Mapping[str, Json], etag: str | None) -> dict[str, Json]:
    """Return what requests about the thing are filled in with; ValueError where it does not have that."""
    found: dict[str, Json] = {SHOWN_ETAG: etag} if etag and not fields.is_secret(etag) else {}
    for name in ("update", "delete"):
        for hole in sorted(_holes(resource.attributes.get(name))):
            if hole == ETAG:
                if SHOWN_ETAG not in found:
                    raise ValueError(f"the API gives no ETag, which {name} needs")
                continue
            try:
                value = place.at(there, f"$.{_field(hole)}")
            except place.NotThere:
                raise ValueError(f"it has no {_field(hole)}, which {name} needs") from None
            if isinstance(value, Mapping | list | tuple | None) or value in ("", ".", "..") or fields.is_secret(value):
                raise ValueError(f"its {_field(hole)}, which {name} needs, is neither a text nor a number: {value!r}")
            found[_field(hole)] = value
    return found


def _holes(request: Any) -> set[str]:
    return {hole for text in texts(request) for hole in HOLE.findall(text)}


def _field(hole: str) -> str:
    return SHOWN_ETAG if hole == ETAG else hole[len("{seen.") : -1]


def sent(resource: Resource, which: str, seen: Present | Absent) -> Send:
    """Return the request ``create``, ``update`` or ``delete`` of the resource."""
    request: Any = resource.attributes[which]
    known = seen.status if isinstance(seen, Present) else {}
    values = {pointer: known.get(_field(hole), hole) for pointer, hole in request.get("values", {}).items()}
    headers = [(name, _filled(value, known)) for name, value in request["headers"]]
    sure = bool(values) or any(name.lower() == "if-match" for name, _ in headers)
    return Send(
        what=f"{which} {resource.id.ref}",
        method=request["method"],
        path=HOLE.sub(lambda hole: quote(_word(known.get(_field(hole[0]), hole[0])), safe=""), request["path"]),
        query=tuple((name, _filled(value, known)) for name, value in request["query"]),
        headers=tuple(headers),
        body=resource.contents.get(f"{which}.body"),
        media=request.get("media", "application/json"),
        fine=_GONE if which == "delete" else (),
        stale=(409, 412) if sure and which != "create" else (412,),
        unless=lookup_of(resource.attributes["read"]) if which == "create" else None,
        values=(*values.items(), *_as_they_are(resource, which, seen)),
        secrets=_pairs(request["secrets"]),
        once=request.get("once"),
    )


def _as_they_are(resource: Resource, which: str, seen: Present | Absent) -> Iterator[tuple[str, Json]]:
    """What is ignored stays as it is when the rest is changed."""
    request: Any = resource.attributes[which]
    if which != "update" or request["at"] is None or isinstance(seen, Absent) or not resource.ignore:
        return
    for name, keys in places(resource):
        ignored = any(fnmatchcase(name, pattern) for pattern in resource.ignore)
        if ignored and name in seen.attributes and name not in resource.contents:
            yield request["at"] + place.pointer(keys), seen.attributes[name]


def _filled(text: str, known: Mapping[str, Json]) -> str:
    return HOLE.sub(lambda hole: _word(known.get(_field(hole[0]), hole[0])), text)


def _word(value: Json) -> str:
    return value if isinstance(value, str) else canonical(value)
