"""Figures from Datadog, from JSON over HTTP and from commands: what is asked, and what answers mean."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.analysis import CommandQuery, DatadogQuery, HttpQuery, PrometheusQuery
from reconciler.ports.errors import Broken, Denied, Unreachable, WorldError
from reconciler.ports.metrics import NoData, Value
from reconciler.providers import metrics_datadog, metrics_http
from reconciler.providers.by_sort import AllTargets
from reconciler.providers.http import Http, Response
from reconciler.providers.metrics import Monitoring
from reconciler.providers.remembering import Remembering
from tests.factory import NOW
from tests.providers.listener import Listener
from tests.providers.local_shell import DASH, LocalShell, host
from tests.providers.secret_values import SecretValues
from tests.sim.clock import SimClock

SECRETS = SecretValues({"dd/api": "api-key", "dd/app": "app-key", "mon/token": "hunter2"})
CLOCK = SimClock(NOW)
NOTHING_SEEN = Remembering(AllTargets({}), CLOCK)


@pytest.fixture
async def monitoring(shell: LocalShell) -> AsyncIterator[Monitoring]:
    http = Http()
    yield Monitoring(http, shell, SECRETS, CLOCK, NOTHING_SEEN)
    await http.close()


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Monitoring]:
    """The same where no command is run: once is enough."""
    http = Http()
    yield Monitoring(
        http, LocalShell(tmp_path, *DASH), SECRETS, SimClock(NOW), Remembering(AllTargets({}), SimClock(NOW))
    )
    await http.close()


# Datadog

NOW_SECONDS = int(NOW.timestamp())
SERIES = {  # the form of the vendor's documentation of "Query timeseries points"
    "status": "ok",
    "res_type": "time_series",
    "from_date": 1000 * (NOW_SECONDS - 300),
    "to_date": 1000 * NOW_SECONDS,
    "query": "avg:shop.errors{env:prod} by {host}",
    "group_by": ["host"],
    "message": "",
    "series": [
        {
            "metric": "shop.errors",
            "scope": "host:web-1",
            "expression": "avg:shop.errors{host:web-1}",
            "aggr": "avg",
            "interval": 60,
            "length": 3,
            "pointlist": [[1772366400000.0, 0.5], [1772366460000.0, 0.25], [1772366520000.0, None]],
        },
        {"metric": "shop.errors", "scope": "host:web-2", "length": 1, "pointlist": [[1772366400000.0, 7]]},
    ],
}


async def test_datadog_is_asked_as_its_documentation_says(web: Monitoring) -> None:
    with Listener({"/api/v1/query": (200, json.dumps(SERIES).encode())}) as listener:
        query = DatadogQuery(
            query="avg:shop.errors{env:prod} by {host}",
            api_key="dd/api",
            app_key="dd/app",
            over=timedelta(minutes=2),
            url=listener.url,
        )
        assert await web.read(query, None) == Value([0.25, 7.0])
    (asked,) = listener.asked
    assert (asked.method, asked.path) == ("GET", "/api/v1/query")
    assert asked.query == {
        "from": [str(NOW_SECONDS - 120)],
        "to": [str(NOW_SECONDS)],
        "query": ["avg:shop.errors{env:prod} by {host}"],
    }
    assert asked.headers["DD-API-KEY"] == "api-key"
    assert asked.headers["DD-APPLICATION-KEY"] == "app-key"
    assert "key" not in asked.target


@pytest.mark.parametrize(
    ("series", "detail"),
    [
        ([], "the answer is empty"),
        ([{"pointlist": [[1.0, None]]}, {"pointlist": [[1.0, 2.0]]}], "1 of 2 series have no value in that time"),
        ([{"pointlist": []}], "1 of 1 series have no value in that time"),
    ],
)
def test_datadog_without_points_is_no_data(series: list[Any], detail: str) -> None:
    body = json.dumps({"status": "ok", "series": series}).encode()
    assert metrics_datadog.reading(Response(200, body), "Datadog") == NoData(detail)


@pytest.mark.parametrize(
    ("status", "body", "error", "text"),
    [
        (403, b'{"errors":["Forbidden"]}', Denied, 'HTTP 403: {"errors":["Forbidden"]}'),
        (429, b"", Unreachable, "HTTP 429"),
        (400, b'{"errors":["Error parsing query"]}', Broken, "Error parsing query"),
        (200, b'{"status":"error","error":"Error parsing query: unexpected token"}', Broken, "unexpected token"),
        (200, b'{"status":"ok"}', Broken, "not one of its API"),
        (200, b"[]", Broken, "not one of its API"),
    ],
)
def test_what_datadog_refuses_is_told_by_what_can_be_done(
    status: int, body: bytes, error: type[WorldError], text: str
) -> None:
    with pytest.raises(error) as caught:
        metrics_datadog.reading(Response(status, body), "Datadog")
    assert text in str(caught.value)


# JSON over HTTP

BODY = {"rates": [{"code": 500, "rate": 0.5}, {"code": 503, "rate": 1}], "name": "shop", "nothing": None, "no": []}


@pytest.mark.parametrize(
    ("language", "value", "expected"),
    [
        ("jsonpath", "$.rates[0].rate", Value(0.5)),
        ("jsonpath", "$.rates[*].rate", Value([0.5, 1])),
        ("jsonpath", "$.rates[?@.code == 503].rate", Value(1)),
        ("jsonpath", "$.name", Value("shop")),
        ("jsonpath", "$", Value(BODY)),
        ("jsonpath", "$.rate", NoData("there is nothing at $.rate")),
        ("jsonpath", "$.nothing", NoData("there is nothing at $.nothing")),
        ("jsonpath", "$.no", NoData("there is nothing at $.no")),
        ("cel", "body.rates.map(each, each.rate)", Value([0.5, 1])),
        ("cel", "body.rates.filter(each, each.code == 503)[0].rate * 2", Value(2)),
        ("cel", "body.nothing", NoData("there is nothing at body.nothing")),
        ("cel", "0.0 / 0.0", NoData("NaN at 0.0 / 0.0")),
        ("cel", "[0.0 / 0.0, 1.0]", NoData("NaN at [0.0 / 0.0, 1.0]")),
    ],
)
async def test_a_result_is_taken_out_of_a_document(
    web: Monitoring, language: Any, value: str, expected: Value | NoData
) -> None:
    with Listener({"/figures": (200, json.dumps(BODY).encode())}) as listener:
        query = HttpQuery(
            url=f"{listener.url}/figures",
            value=value,
            language=language,
            headers={"X-App": "shop"},
            token="mon/token",
        )
        assert await web.read(query, None) == expected
    (asked,) = listener.asked
    assert (asked.method, asked.headers["X-App"], asked.headers["Authorization"]) == ("GET", "shop", "Bearer hunter2")


@pytest.mark.parametrize(
    ("status", "body", "value", "error", "text"),
    [
        (200, b"{}", "body.rate", Broken, "body.rate cannot be taken out of the answer of http://m: "),
        (200, b"{}", "body.", Broken, "cannot be taken out"),
        (200, b"<html>", "body", Broken, "the answer of http://m is not JSON: <html>"),
        (200, b"[" * 100_000, "body", Broken, "not JSON"),
        (404, b"gone", "body", Broken, "http://m answered HTTP 404: gone"),
        (503, b"", "body", Unreachable, "http://m answered HTTP 503: nothing else"),
    ],
)
def test_a_document_that_makes_no_sense_is_told(
    status: int, body: bytes, value: str, error: type[WorldError], text: str
) -> None:
    with pytest.raises(error) as caught:
        metrics_http.reading(Response(status, body), HttpQuery(url="http://m", value=value, language="cel"))
    assert text in str(caught.value)


async def test_a_document_that_is_too_large_is_not_read(web: Monitoring) -> None:
    large = {"/": (200, b" " * 4 * 1024 * 1024 + b"1")}
    with Listener(large) as listener, pytest.raises(Broken, match="more than 4 MiB"):
        await web.read(HttpQuery(url=f"{listener.url}/", value="$"), None)


# commands


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("echo", "0.25"), Value(0.25)),
        (("echo", " 3 "), Value(3.0)),
        (("echo", "1e3"), Value(1000.0)),
        (("echo", "-inf"), Value(float("-inf"))),
        (("echo", '{"errors": 3}'), Value({"errors": 3})),
        (("echo", "[1, 2]"), Value([1, 2])),
        (("echo", "it's; $(id)"), Broken),
        (("printf", "%s", "NaN"), NoData("the answer is NaN")),
        (("echo", "[NaN]"), NoData("NaN at what echo on web-1 printed")),
        (("true",), NoData("true on web-1 printed nothing")),
        (("echo", "null"), NoData("there is nothing at what echo on web-1 printed")),
        (("sh", "-c", "echo no such app >&2; exit 3"), Broken),
        (("no-such-program",), Broken),
    ],
)
async def test_a_command_prints_a_number_or_json(
    monitoring: Monitoring, command: tuple[str, ...], expected: Any
) -> None:
    query = CommandQuery(command=command)
    if expected is Broken:
        with pytest.raises(Broken) as caught:
            await monitoring.read(query, host())
        assert any(word in str(caught.value) for word in ("no such app", "is not JSON: it's; $(id)", "not found"))
    else:
        assert await monitoring.read(query, host()) == expected


async def test_a_command_needs_a_target(monitoring: Monitoring) -> None:
    with pytest.raises(Broken, match="no host to run count on"):
        await monitoring.read(CommandQuery(command=("count",)), None)


async def test_each_query_goes_to_its_own_system(web: Monitoring) -> None:
    body = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}'
    with Listener({"/api/v1/query": (200, body)}) as listener:
        assert await web.read(PrometheusQuery(url=listener.url, query="up"), host()) == Value([2.0])


def test_the_time_is_that_of_the_clock() -> None:
    assert datetime.fromtimestamp(NOW_SECONDS, UTC) == NOW
