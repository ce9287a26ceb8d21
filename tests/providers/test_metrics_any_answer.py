"""Whatever a monitoring system answers is a reading or an error that tells what can be done."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.analysis import HttpQuery
from reconciler.ports.errors import WorldError
from reconciler.ports.metrics import NoData, Value
from reconciler.ports.shell import Completed
from reconciler.providers import metrics_command, metrics_datadog, metrics_http, metrics_prometheus
from reconciler.providers.http import Response

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400)])
    | st.floats()
    | st.sampled_from(["success", "error", "vector", "scalar", "matrix", "NaN", "+Inf", "1.5", "ok", ""])
    | st.text(max_size=5)
)
KEYS = st.sampled_from(
    ["status", "data", "resultType", "result", "value", "metric", "series", "pointlist", "error", "errorType"]
)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)
POINTS = st.lists(st.tuples(SCALARS, SCALARS) | ANY, max_size=3)
PROMETHEUS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["success", "error"]) | ANY,
        "data": st.fixed_dictionaries(
            {
                "resultType": st.sampled_from(["vector", "scalar", "matrix", "string"]) | ANY,
                "result": ANY
                | st.tuples(SCALARS, SCALARS)
                | st.lists(st.fixed_dictionaries({"value": st.tuples(SCALARS, SCALARS)}), max_size=3),
            }
        )
        | ANY,
    }
)
DATADOG = st.fixed_dictionaries(
    {"status": SCALARS, "series": st.lists(st.fixed_dictionaries({"pointlist": POINTS}) | ANY, max_size=3) | ANY}
)
STATUS = st.just(200) | st.integers(100, 599)


def by_path(response: Response, _: str) -> Any:
    return metrics_http.reading(response, HttpQuery(url="http://m", value="$..value"))


def by_cel(response: Response, _: str) -> Any:
    return metrics_http.reading(response, HttpQuery(url="http://m", value="body.data", language="cel"))


def printed(response: Response, who: str) -> Any:
    return metrics_command.reading(Completed(response.status % 2, response.body, ""), who)


@pytest.mark.parametrize(
    "reading",
    [metrics_prometheus.reading, metrics_datadog.reading, by_path, by_cel, printed],
    ids=lambda r: r.__module__,
)
@given(body=ANY | PROMETHEUS | DATADOG, status=STATUS)
def test_any_json_is_a_reading_or_an_error(reading: Callable[..., Any], body: Any, status: int) -> None:
    _is_told(reading, Response(status, json.dumps(body).encode()))


@pytest.mark.parametrize(
    "reading",
    [metrics_prometheus.reading, metrics_datadog.reading, by_path, by_cel, printed],
    ids=lambda r: r.__module__,
)
@given(body=st.binary(max_size=50), status=STATUS)
def test_any_bytes_are_a_reading_or_an_error(reading: Callable[..., Any], body: bytes, status: int) -> None:
    _is_told(reading, Response(status, body))


def test_a_whole_number_of_any_length_is_a_number() -> None:
    long = "9" * 400
    vector = f'{{"status":"success","data":{{"resultType":"scalar","result":[1,{long}]}}}}'.encode()
    assert metrics_prometheus.reading(Response(200, vector), "it") == Value(float("inf"))
    series = f'{{"series":[{{"pointlist":[[1,{long}]]}}]}}'.encode()
    assert metrics_datadog.reading(Response(200, series), "it") == Value([float("inf")])
    assert by_cel(Response(200, f'{{"data":{long}}}'.encode()), "it") == Value(float("inf"))
    assert by_cel(Response(200, b'{"data":123456789012345678}'), "it") == Value(123456789012345678)


def _is_told(reading: Callable[..., Any], response: Response) -> None:
    said = "nothing is wrong"
    try:
        assert isinstance(reading(response, "it"), Value | NoData)
    except WorldError as error:
        said = str(error)
    assert said
    assert "\n" not in said
    assert len(said) < 500
