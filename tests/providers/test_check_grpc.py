"""The gRPC health protocol, with the real server of gRPC; and servers that speak something else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from reconciler.model.health import CheckResult, GrpcCheck, Timing, Tls
from tests.providers.local_shell import host
from tests.providers.test_check_http import PAGE
from tests.providers.test_check_http import server as http_server
from tests.providers.test_checks import checks
from tests.providers.tls import Authority

PATIENT = Timing(timeout=timedelta(seconds=10))
States = health_pb2.HealthCheckResponse


@asynccontextmanager
async def server(
    servicer: health.aio.HealthServicer | None, credentials: grpc.ServerCredentials | None = None
) -> AsyncIterator[int]:
    """Have gRPC's own server; None: one that has no health service."""
    there = grpc.aio.server()
    if servicer:
        health_pb2_grpc.add_HealthServicer_to_server(servicer, there)
    where = "127.0.0.1:0"
    port = there.add_secure_port(where, credentials) if credentials else there.add_insecure_port(where)
    await there.start()
    try:
        yield port
    finally:
        await there.stop(grace=None)


async def ask(folder: Path, check: GrpcCheck) -> CheckResult:
    return await checks(folder).ask(host(), check)


@pytest.mark.parametrize(
    ("service", "healthy", "said"),
    [
        ("", True, "gRPC of {place}: SERVING"),
        ("shop.Cart", False, "gRPC of shop.Cart at {place}: NOT_SERVING"),
        ("shop." + "Long" * 60, True, "gRPC of shop." + "Long" * 60 + " at {place}: SERVING"),
        ("shop.None", False, "gRPC of {place}: no service 'shop.None' is known there"),
    ],
)
async def test_what_a_server_says_of_itself_and_its_services(tmp_path, service, healthy, said) -> None:
    servicer = health.aio.HealthServicer()
    await servicer.set("shop.Cart", States.NOT_SERVING)
    await servicer.set("shop." + "Long" * 60, States.SERVING)
    async with server(servicer) as port:
        answer = await ask(tmp_path, GrpcCheck(port=port, service=service, timing=PATIENT))
    assert (answer.healthy, answer.detail) == (healthy, said.format(place=f"127.0.0.1:{port}"))


async def test_a_server_that_gets_ready_is_healthy_from_then_on(tmp_path: Path) -> None:
    servicer = health.aio.HealthServicer()
    await servicer.set("", States.NOT_SERVING)
    async with server(servicer) as port:
        check = GrpcCheck(port=port, timing=PATIENT)
        assert not (await ask(tmp_path, check)).healthy
        await servicer.set("", States.SERVING)
        assert (await ask(tmp_path, check)).healthy


async def test_a_server_without_the_health_service_is_unhealthy(tmp_path: Path) -> None:
    async with server(None) as port:
        answer = await ask(tmp_path, GrpcCheck(port=port, timing=PATIENT))
    assert (answer.healthy, answer.detail) == (
        False,
        f"gRPC of 127.0.0.1:{port}: it has no health service (grpc.health.v1)",
    )


@pytest.mark.parametrize(
    ("names", "tls", "wrong"),
    [
        (("127.0.0.1",), {}, None),
        (("shop.example",), {"server_name": "shop.example"}, None),
        (("shop.example",), {}, "is not valid for 127.0.0.1: IP address mismatch"),
        (("shop.example",), {"insecure": True}, None),
    ],
)
async def test_a_server_with_tls_is_verified(tmp_path: Path, names, tls, wrong) -> None:
    authority = Authority.make()
    certificate, key = authority.issue(*names)
    judged = Tls(ca=None if "insecure" in tls else authority.pem, **tls)
    async with server(health.aio.HealthServicer(), grpc.ssl_server_credentials([(key, certificate)])) as port:
        answer = await ask(tmp_path, GrpcCheck(port=port, tls=judged, timing=PATIENT))
        plain = await ask(tmp_path, GrpcCheck(port=port, timing=PATIENT))
    assert answer.healthy is (wrong is None), answer.detail
    assert wrong is None or wrong in answer.detail
    assert not plain.healthy


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (PAGE, "{place} closed the connection without an answer; does it speak HTTP/2?"),
        (b"", "{place} closed the connection without an answer; does it speak HTTP/2?"),
        (bytes([0, 0, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "what {place} says is not HTTP/2: "),
    ],
)
async def test_who_does_not_speak_http_2_is_unhealthy(tmp_path: Path, said: bytes, detail: str) -> None:
    async with http_server(said) as (port, _):
        answer = await ask(tmp_path, GrpcCheck(port=port, timing=Timing(timeout=timedelta(seconds=5))))
    assert not answer.healthy
    assert answer.detail.startswith(detail.format(place=f"127.0.0.1:{port}"))


async def test_a_server_that_is_silent_is_unhealthy_in_time(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with http_server(silent) as (port, _):
        answer = await ask(tmp_path, GrpcCheck(port=port, timing=Timing(timeout=timedelta(seconds=0.2))))
    assert (answer.healthy, answer.detail) == (False, f"no answer from 127.0.0.1:{port} within 0.2 s")
