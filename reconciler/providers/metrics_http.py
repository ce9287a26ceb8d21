"""Any system that answers JSON over HTTP: the result is taken out of it with JSONPath (RFC 9535) or CEL."""

import asyncio
import math

from reconciler.model.analysis import HttpQuery
from reconciler.model.canonical import Json
from reconciler.policy.condition import ConditionMistake, Fault
from reconciler.policy.extraction import extraction
from reconciler.ports.errors import Broken
from reconciler.ports.metrics import NoData, Reading, Value
from reconciler.ports.secrets import Secrets
from reconciler.providers.http import Http, Request, Response
from reconciler.providers.metrics_answers import bearer, json_of, refusal


async def read(http: Http, secrets: Secrets, query: HttpQuery) -> Reading:
    """GET the document, and take the result out of it."""
    login = await asyncio.to_thread(bearer, secrets, query.token, query.url)
    headers = {"Accept": "application/json", **query.headers, **login}
    return reading(await http.exchange(Request(url=query.url, headers=headers)), query)


def reading(response: Response, query: HttpQuery) -> Reading:
    """Return what the answer says; raise WorldError."""
    if refused := refusal(response, query.url):
        raise refused
    body = json_of(response.body, query.url)
    try:
        found = extraction(query.value, query.language).of(body)
    except (Fault, ConditionMistake) as error:
        raise Broken(f"{query.value} cannot be taken out of the answer of {query.url}: {error}") from error
    return taken(found, query.value)


def taken(found: Json, how: str) -> Reading:
    """Return what was found as a reading: nothing, an empty list and NaN are no data."""
    if found is None or found in ([], {}, ""):
        return NoData(f"there is nothing at {how}")
    if _has_nan(found):
        return NoData(f"NaN at {how}")
    return Value(found)


def _has_nan(found: Json) -> bool:
    if isinstance(found, float):
        return math.isnan(found)
    if isinstance(found, list):
        return any(_has_nan(each) for each in found)
    return isinstance(found, dict) and any(_has_nan(each) for each in found.values())
