"""Figures from a real Prometheus: what queries answer, and what is told when it cannot answer."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.analysis import PrometheusQuery
from reconciler.ports.errors import Broken, Denied, TimedOut, Unreachable, WorldError
from reconciler.ports.metrics import NoData, Reading, Value
from reconciler.providers import metrics_prometheus
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http, Request, Response
from tests.conftest import unavailable
from tests.lab.prometheus import obstacle, prometheus
from tests.providers.listener import Listener
from tests.providers.secret_values import SecretValues


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two servers with 100 requests a second each, of which 1 % and 30 % fail."""
    if missing := obstacle():
        unavailable(missing)
    with prometheus(tmp_path_factory.mktemp("prometheus"), _requests({"web-1": 1, "web.2": 30})) as url:
        yield url


def _requests(failing: dict[str, int]) -> str:
    # From a quarter of an hour ago to a quarter ahead: a rate at the edge of what is known would be a guess.
    start = int(SystemClock().now().timestamp()) - 900
    lines = ["# TYPE http_requests counter"]
    for instance, percent in failing.items():
        for code, share in (("200", 100 - percent), ("500", percent)):
            labels = f'app="shop",instance="{instance}",code="{code}"'
            lines += [f"http_requests_total{{{labels}}} {15 * share * n} {start + 15 * n}" for n in range(120)]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.close()


async def ask(http: Http, url: str, query: str) -> Reading:
    return await metrics_prometheus.read(http, SecretValues({}), PrometheusQuery(url=url, query=query))


RATIO = (
    'sum(rate(http_requests_total{{app="shop",code=~"5..",instance=~"{0}"}}[5m]))'
    ' / sum(rate(http_requests_total{{app="shop",instance=~"{0}"}}[5m]))'
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("1 + 1", 2.0),
        ("vector(0.5)", [0.5]),
        ("scalar(vector(0.5))", 0.5),
        (RATIO.format("web-1"), [0.01]),
        (RATIO.format("web[.]2"), [0.3]),
        (RATIO.format("web-1|web[.]2"), [0.155]),
        ('sort(sum by (instance) (rate(http_requests_total{code="500"}[5m])))', [1.0, 30.0]),
        ("1 / 0", float("inf")),
    ],
)
async def test_a_query_answers_with_numbers(server: str, http: Http, query: str, expected: float | list[float]) -> None:
    answer = await ask(http, server, query)
    assert isinstance(answer, Value)
    assert answer.value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ('http_requests_total{app="shopp"}', "the answer is empty"),
        (RATIO.format("web-9"), "the answer is empty"),
        ("0 / 0", "the answer is NaN"),
        ("vector(0) / 0", "the answer is NaN"),
        ('(http_requests_total{code="500"} * 0 / 0) or vector(1)', "2 of 3 numbers are NaN"),
    ],
)
async def test_what_is_not_there_and_what_is_no_number_are_no_data(
    server: str, http: Http, query: str, detail: str
) -> None:
    assert await ask(http, server, query) == NoData(detail)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("rate(http_requests_total)", "bad_data: invalid parameter .query.: 1:6: parse error: expected type range"),
        ("sum(", "bad_data: .*unclosed left parenthesis"),
        ("http_requests_total[1m]", "the query gives a matrix; write one that gives a number"),
        ('"text"', "the query gives a string"),
    ],
)
async def test_a_query_that_makes_no_sense_is_told_in_the_words_of_prometheus(
    server: str, http: Http, query: str, text: str
) -> None:
    with pytest.raises(Broken, match=text):
        await ask(http, server, query)


async def test_a_prometheus_that_is_away_is_unreachable(http: Http, tmp_path: Path) -> None:
    if missing := obstacle():
        unavailable(missing)
    with prometheus(tmp_path) as url:
        assert await ask(http, url, "1") == Value(1.0)
    with pytest.raises(Unreachable, match=f"no answer from {url}/api/v1/query: connection refused"):
        await ask(http, url, "1")


async def test_the_token_of_a_secret_goes_along_and_is_never_told(http: Http) -> None:
    secrets = SecretValues({"mon/token": "hunter2"})
    body = b'{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}'
    with Listener({"/prom/api/v1/query": (200, body)}) as listener:
        query = PrometheusQuery(url=f"{listener.url}/prom/", query="up{a='&b'}", token="mon/token")
        assert await metrics_prometheus.read(http, secrets, query) == Value(1.0)
        asked = listener.asked[0]
        assert asked.headers["Authorization"] == "Bearer hunter2"
        assert (asked.method, asked.form) == ("POST", {"query": ["up{a='&b'}"]})
    with Listener({"/api/v1/query": (401, b"who are you")}) as listener:
        query = PrometheusQuery(url=listener.url, query="up", token="mon/token")
        with pytest.raises(Denied, match="HTTP 401: who are you") as caught:
            await metrics_prometheus.read(http, secrets, query)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", ["two\nlines", "schlüssel"])
async def test_a_secret_that_is_no_header_is_not_sent(http: Http, value: str) -> None:
    query = PrometheusQuery(url="http://127.0.0.1:1", query="up", token="mon/token")
    with pytest.raises(Denied, match="characters that cannot stand in a header") as caught:
        await metrics_prometheus.read(http, SecretValues({"mon/token": value}), query)
    assert value not in str(caught.value)


async def test_a_secret_that_is_not_there_is_denied(http: Http) -> None:
    query = PrometheusQuery(url="http://127.0.0.1:1", query="up", token="mon/token")
    with pytest.raises(Denied, match="mon/token"):
        await metrics_prometheus.read(http, SecretValues({}), query)


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    http = Http()
    with Listener({}, silent=True) as listener, pytest.raises(TimedOut, match=r"within 0.2 s"):
        await http.exchange(Request(url=listener.url, limit=timedelta(seconds=0.2)))
    await http.close()


@pytest.mark.parametrize(
    ("status", "body", "error", "text"),
    [
        (503, b'{"status":"error","errorType":"unavailable","error":"starting"}', Unreachable, "unavailable: starting"),
        (429, b"slow down", Unreachable, "HTTP 429: slow down"),
        (404, b"<html>\n  nginx</html>", Broken, "HTTP 404: <html> nginx</html>"),
        (302, b"", Broken, "HTTP 302: nothing else"),
        (200, b"<html>", Broken, "is not JSON: <html>"),
        (200, b"[]", Broken, "is not one of its API"),
        (200, b'{"status":"success"}', Broken, "is not one of its API"),
        (
            200,
            b'{"status":"success","data":{"resultType":"vector","result":[{"histogram":[1,{}]}]}}',
            Broken,
            "not one",
        ),
        (200, b'{"status":"error","errorType":"x","error":"y"}', Broken, "answered: x: y"),
    ],
)
def test_whatever_else_answers_is_told_by_what_can_be_done(
    status: int, body: bytes, error: type[WorldError], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        metrics_prometheus.reading(Response(status, body), "Prometheus at http://p")
    assert type(caught.value) is error
