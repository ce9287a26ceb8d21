"""What people write below ``httpResource``."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from reconciler.kinds.written import Text, Written, one_of
from reconciler.policy import condition, lookups, place

THING: Mapping[str, condition.Sort] = {"object": condition.Sort.JSON}
"""What ``healthy`` and ``failed`` are over: the thing as the API has it."""

BODY = "{body}"
ETAG = "{etag}"
HOLE = re.compile(r"\{(?:etag|seen(?:\.[A-Za-z_][A-Za-z0-9_-]*)+)\}")
"""What is filled in from what was seen: ``{etag}``, or a field of the thing such as ``{seen.id}``."""

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = ("host", "content-length", "content-type", "transfer-encoding", "connection")
_OF_LOGIN = ("authorization", "proxy-authorization", "cookie")


def _place(text: str) -> str:
    place.keys(text)
    return text


def _condition(variables: Mapping[str, condition.Sort]) -> Any:
    def compiled(text: str) -> str:
        try:
            condition.compile(text, variables)
        except condition.ConditionMistake as mistake:
            hint = f" ({mistake.suggestion})" if mistake.suggestion else ""
            raise ValueError(f"line {mistake.line}, column {mistake.column}: {mistake}{hint}") from mistake
        return text

    return AfterValidator(compiled)


def _path(path: str) -> str:
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("write a path that starts with one /; it is below the URL of the API")
    if re.search(r"[?#\\\x00-\x20\x7f]", path):
        raise ValueError("a path holds no spaces, ? or #; parameters go to query")
    if any(part in (".", "..") for part in path.split("/")):
        raise ValueError("write the path without . and ..")
    _only_holes(path)
    return path


def _only_holes(text: str) -> None:
    rest = HOLE.sub("", text)
    if "{" in rest or "}" in rest:
        raise ValueError("between { and } only etag or a field of what was read may stand, for example {seen.id}")


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or re.search(r"[\x00-\x1f\x7f]", value):
            raise ValueError(f"{name!r} is no header, or its value has a control character")
        if name.lower() in _OURS:
            raise ValueError(f"{name} is set by the request itself; the media type goes to media")
        if name.lower() in _OF_LOGIN:
            raise ValueError(f"{name} belongs to the HttpApi, under auth")
    return headers


def _worded(value: Any) -> Any:
    """Numbers and truth values in a query mean their JSON text."""
    if not isinstance(value, dict):
        return value
    return {name: _word(each) for name, each in value.items()}


def _word(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Place = Annotated[
    str, AfterValidator(_place), Field(description="a JSONPath that leads to one value, for example $.data.records")
]
ApiPath = Annotated[
    str,
    AfterValidator(_path),
    Field(json_schema_extra={"pattern": "^/"}, description="below the URL of the API, already quoted"),
]
Match = Annotated[Text, _condition(lookups.MATCH), Field(description="CEL over `item`")]
Rule = Annotated[Text, _condition(THING), Field(description="CEL over `object`, the thing as the API has it")]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Queries = Annotated[dict[str, str], BeforeValidator(_worded), Field(description="parameters, quoted for you")]
Size = Annotated[int, Field(ge=1, le=10_000)]


class Page(Written):
    """Pages by number, until one is empty, or has fewer items than its size."""

    parameter: Text = "page"
    first: int = 1
    size_parameter: Text | None = None
    size: Size | None = None


class Offset(Written):
    """Pages by the number of items before them."""

    parameter: Text = "offset"
    size_parameter: Text = "limit"
    size: Size = 100


class Cursor(Written):
    """Pages by what the page before says at a place; null, empty or nothing there ends it."""

    parameter: Text
    at: Place


class Next(Written):
    """How the next page of a list is asked for: exactly one of the keys."""

    link: Annotated[Literal[True] | None, Field(description="by the Link header")] = None
    url: Annotated[Place | None, Field(description="by the URL at this place")] = None
    page: Page | None = None
    offset: Offset | None = None
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        names = ("link", "url", "page", "offset", "cursor")
        one_of({name: getattr(self, name) for name in names}, at_least=1)
        return self


class Read(Written):
    """How the thing is found: asked for by its path, or looked for in a list."""

    path: ApiPath
    query: Queries = Field(default_factory=dict)
    headers: Headers = Field(default_factory=dict)
    items: Annotated[Place | None, Field(description="where the answer has the list")] = None
    match: Match | None = None
    object: Annotated[Place, Field(description="where the answer, or the item, has the thing itself")] = "$"
    next: Next | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.items is None) != (self.match is None):
            raise ValueError("items and match go together: the list, and which of its items it is")
        if self.next is not None and self.items is None:
            raise ValueError("next is of use with items only: without them the answer is the thing itself")
        if any(_holes(each) for each in (self.path, self.query, self.headers)):
            raise ValueError("nothing is seen before it is read: {seen...} and {etag} can be used in update and delete")
        return self


class Request(Written):
    """A request that changes something."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: ApiPath
    query: Queries = Field(default_factory=dict)
    headers: Headers = Field(default_factory=dict)


class Sending(Request):
    """A request with a body: that of the resource, or one that has it at ``{body}``."""

    body: Annotated[dict[str, Any] | None, Field(description="instead of the resource's body, which is `{body}`")] = (
        None
    )
    also: Annotated[dict[str, Any], Field(description="fields beside those of the resource's body")] = Field(
        default_factory=dict
    )
    media: Annotated[Text, Field(description="the media type; application/x-www-form-urlencoded sends a form")] = (
        "application/json"
    )

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.body is not None and self.also:
            raise ValueError("give one of body or also")
        return self


class Create(Sending):
    """How the thing is made."""

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    once: Annotated[
        Text | None, Field(description="the header of an API that does what has the same key once: Idempotency-Key")
    ] = None

    @model_validator(mode="after")
    def _nothing_seen(self) -> Self:
        if any(_holes(each) for each in (self.path, self.query, self.headers, self.body, self.also)):
            raise ValueError("nothing is seen before it is made: {seen...} and {etag} can be used in update and delete")
        return self


class Update(Sending):
    """How the thing is changed."""

    method: Literal["POST", "PUT", "PATCH"] = "PUT"


class Delete(Request):
    """How the thing is taken away."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "DELETE"


class Spec(Written):
    """A thing behind an HTTP API."""

    name: Text
    read: Read
    create: Create
    update: Annotated[Update | None, Field(description="without it, what differs is deleted and made anew")] = None
    delete: Annotated[Delete | None, Field(description="without it, it is never taken away")] = None
    body: Annotated[dict[str, Any], Field(min_length=1, description="the fields of the thing")]
    secrets: Annotated[dict[str, Text], Field(description="name (secrets.NAME): reference of the secret")] = Field(
        default_factory=dict
    )
    compare: Annotated[list[Place] | None, Field(description="only these fields of the body; all without it")] = None
    hidden: Annotated[list[Place], Field(description="fields that the API never shows, or shows masked")] = Field(
        default_factory=list
    )
    immutable: Annotated[list[Place], Field(description="fields that only a new thing can have otherwise")] = Field(
        default_factory=list
    )
    unordered: Annotated[list[Place], Field(description="lists whose order means nothing")] = Field(
        default_factory=list
    )
    status: Annotated[
        dict[str, Place], Field(description="what to show of it beside: a name and where it is, never a secret")
    ] = Field(default_factory=dict)
    healthy: Rule | None = None
    failed: Rule | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if any(_holes(value) for value in (self.body,)):
            raise ValueError("the body is what is asked for; {seen...} goes to `also` or `body` of update")
        if self.delete is None and (self.update is None or self.immutable):
            raise ValueError("what cannot be changed has to be deleted and made anew: write delete, too")
        if self.failed and not self.healthy:
            raise ValueError("failed needs healthy: the one says that it never will be, the other that it is")
        return self


def _holes(value: Any) -> set[str]:
    """All that has to be filled in from what was seen, anywhere in a value."""
    return {hole for text in texts(value) for hole in HOLE.findall(text)}


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, names of fields not."""
    match value:
        case str():
            yield value
        case Mapping():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)
        case _:
            return
