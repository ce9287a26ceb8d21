"""Datadog: timeseries points over the v1 query API."""

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from reconciler.model.analysis import DatadogQuery
from reconciler.ports.errors import Broken
from reconciler.ports.metrics import NoData, Reading
from reconciler.ports.secrets import Secrets
from reconciler.providers.http import Http, Request, Response
from reconciler.providers.metrics_answers import json_of, line, listed, refusal, secret


async def read(http: Http, secrets: Secrets, query: DatadogQuery, now: datetime) -> Reading:
    """Ask for the last ``query.over``: a list with the newest value of each series."""
    who = f"Datadog at {query.url}"
    asked = {"from": int((now - query.over).timestamp()), "to": int(now.timestamp()), "query": query.query}
    request = Request(
        url=f"{query.url.rstrip('/')}/api/v1/query?{urlencode(asked)}",
        headers={
            "DD-API-KEY": await asyncio.to_thread(secret, secrets, query.api_key, who),
            "DD-APPLICATION-KEY": await asyncio.to_thread(secret, secrets, query.app_key, who),
            "Accept": "application/json",
        },
    )
    return reading(await http.exchange(request), who)


def reading(response: Response, who: str) -> Reading:
    """Return what the answer says; raise WorldError."""
    if refused := refusal(response, who):
        raise refused
    answer: Any = json_of(response.body, who)
    try:
        if answer.get("status") == "error" or answer.get("error"):
            raise Broken(f"{who} answered: {line(str(answer.get('error') or answer.get('message')))}")
        series = [_newest(each["pointlist"]) for each in answer["series"]]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Broken(f"the answer of {who} is not one of its API: {line(response.body)}") from error
    known = [value for value in series if value is not None]
    if len(known) < len(series):
        return NoData(f"{len(series) - len(known)} of {len(series)} series have no value in that time")
    return listed(known)


def _newest(points: list[tuple[float, float | None]]) -> float | None:
    """The last point with a value: buckets without one are null."""
    return next((float(value) for _, value in reversed(points) if value is not None), None)
