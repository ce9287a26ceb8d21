"""Prometheus: instant queries over its HTTP API, and whatever else speaks that API (Thanos, Mimir, VictoriaMetrics)."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from reconciler.model.analysis import PrometheusQuery
from reconciler.ports.errors import Broken
from reconciler.ports.metrics import Reading
from reconciler.ports.secrets import Secrets
from reconciler.providers.http import Http, Request, Response
from reconciler.providers.metrics_answers import bearer, json_of, line, listed, refusal, single


async def read(http: Http, secrets: Secrets, query: PrometheusQuery) -> Reading:
    """Ask an instant query: a scalar is a number, a vector a list of them in the order of the answer."""
    who = f"Prometheus at {query.url}"
    login = await asyncio.to_thread(bearer, secrets, query.token, who)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **login}
    request = Request(
        url=f"{query.url.rstrip('/')}/api/v1/query",
        method="POST",  # a query may be longer than a URL may be
        headers=headers,
        body=urlencode({"query": query.query}).encode(),
    )
    return reading(await http.exchange(request), who)


def reading(response: Response, who: str) -> Reading:
    """Return what the answer says; raise WorldError."""
    if refused := refusal(response, who, _error(response.body)):
        raise refused
    answer: Any = json_of(response.body, who)
    try:
        if answer["status"] != "success":
            raise Broken(f"{who} answered: {_error(response.body) or answer['status']}")
        data = answer["data"]
        match data["resultType"]:
            case "scalar":
                return single(float(data["result"][1]))
            case "vector":
                return listed([float(sample["value"][1]) for sample in data["result"]])
            case other:
                raise Broken(
                    f"the query gives a {other}; write one that gives a number for each series now, "
                    "for example with rate(...[1m]) or last_over_time(...[1m])"
                )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Broken(f"the answer of {who} is not one of its API: {line(response.body)}") from error


def _error(body: bytes) -> str:
    """What Prometheus says is wrong; the empty text where it is not Prometheus that answers."""
    try:
        said = json.loads(body)
        return line(f"{said['errorType']}: {said['error']}")
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
