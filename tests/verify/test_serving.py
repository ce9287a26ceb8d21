"""The words of gRPC's health protocol, and what they are worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.health import GrpcCheck
from reconciler.verify.serving import Said, question, serving

HERE = "web-1:50051"


def body(state: int) -> bytes:
    return bytes([0, 0, 0, 0, 2, 8, state])


@pytest.mark.parametrize(
    ("said", "healthy", "detail"),
    [
        (Said(0, body=body(1)), True, "gRPC of shop.Cart at web-1:50051: SERVING"),
        (Said(0, body=body(2)), False, "gRPC of shop.Cart at web-1:50051: NOT_SERVING"),
        (Said(0, body=bytes(5)), False, "gRPC of shop.Cart at web-1:50051: UNKNOWN"),
        (Said(0, body=body(3)), False, "gRPC of shop.Cart at web-1:50051: SERVICE_UNKNOWN"),
        (Said(0, body=body(9)), False, "gRPC of shop.Cart at web-1:50051: 9"),
        (Said(0), False, "gRPC of shop.Cart at web-1:50051: its answer is no HealthCheckResponse"),
        (
            Said(0, body=b"\x01" + body(1)[1:]),
            False,
            "gRPC of shop.Cart at web-1:50051: its answer is no HealthCheckResponse",
        ),
        (
            Said(0, body=bytes([0, 0, 0, 0, 2, 8])),
            False,
            "gRPC of shop.Cart at web-1:50051: its answer is no HealthCheckResponse",
        ),
        (Said(5), False, "gRPC of web-1:50051: no service 'shop.Cart' is known there"),
        (Said(12), False, "gRPC of web-1:50051: it has no health service (grpc.health.v1)"),
        (Said(14, "try later"), False, "gRPC of shop.Cart at web-1:50051: status 14: try later"),
        (Said(None), False, "web-1:50051 does not speak gRPC: no grpc-status in its answer"),
    ],
)
def test_only_who_serves_is_healthy(said, healthy, detail) -> None:
    result = serving(GrpcCheck(port=50051, service="shop.Cart"), HERE, said)
    assert (result.healthy, result.detail) == (healthy, detail)


@pytest.mark.parametrize(
    ("service", "sent"),
    [("", bytes(5)), ("a.B", b"\0\0\0\0\x05\x0a\x03a.B"), ("x" * 200, b"\0\0\0\0\xcb\x0a\xc8\x01" + b"x" * 200)],
)
def test_a_question_is_a_message_with_its_length_before_it(service, sent) -> None:
    assert question(service) == sent


@given(st.binary(max_size=40))
def test_no_answer_is_too_strange_to_be_judged(data: bytes) -> None:
    assert serving(GrpcCheck(port=1), HERE, Said(0, body=data)).detail.startswith(f"gRPC of {HERE}: ")
