"""What 1,000 objects of a Kubernetes cluster cost: a first apply, a look that finds nothing to do, drift that is seen.

    python -m bench.kubernetes [--objects 1000] [--drifts 200]

The API server is the lab's own: a real one, on this machine, which it shares with what is measured.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.report import percentile
from reconciler.model.resource import Resource
from tests.apis.kubernetes_world import OneApp, config_map, deployment, one_app
from tests.lab.kubernetes import cluster as lab

FLUX_UNITS, FLUX_SECONDS = 1000, 4 * 60 + 13
"""Published by Flux for 2.9: 1,000 Kustomizations, on their machines, with 20 workers."""


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder, lab.opened(Path(folder)) as cluster:
        asyncio.run(_measured(cluster, asked.objects, asked.drifts))
        cluster.clear()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.kubernetes")
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--drifts", type=int, default=200)
    return parser.parse_args()


async def _measured(cluster: lab.Cluster, objects: int, drifts: int) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as counted:
            wanted = counted.of(*_manifests(20))
            await counted.bring(*wanted)
            await asyncio.sleep(2)
            await counted.seen(*wanted)
            proxy.forget()
            await counted.seen(*wanted)
            noop = len(proxy.requests())
    async with one_app(cluster) as app:
        begun = time.perf_counter()
        wanted = app.of(*_manifests(objects))
        _tell("rendering", time.perf_counter() - begun, objects)
        operations = await _timed("first look, nothing is there", app.operations(*wanted), objects)
        first = await _timed("first apply", app.apply(*operations), objects)
        await _timed("look after it", app.seen(*wanted), objects)
        await asyncio.sleep(3)
        assert await app.differences(*wanted) == [None] * objects
        await _timed("no-op look", app.seen(*wanted), objects)
        print(f"requests of a no-op look: {noop}")
        print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
        ways = await _drifts(app, wanted, drifts)
        print(f"drift seen, {drifts} times: " + ", ".join(_way(name, values) for name, values in ways.items()))
    speed, theirs = objects / first, FLUX_UNITS / FLUX_SECONDS
    print(f"first apply: {speed:.0f} objects/s; Flux 2.9 as published: {theirs:.1f} Kustomizations/s")


def _manifests(count: int) -> Sequence[dict[str, Any]]:
    """Nine ConfigMaps in ten, and Deployments that run nothing."""
    return [
        deployment(f"shop-{each}", replicas=0) if each % 10 == 0 else config_map(f"shop-{each}", text="a", more="b")
        for each in range(count)
    ]


async def _timed(what: str, work: Any, objects: int) -> Any:
    begun = time.perf_counter()
    found = await work
    took = time.perf_counter() - begun
    _tell(what, took, objects)
    return took if found is None else found


def _tell(what: str, seconds: float, objects: int) -> None:
    print(f"{what}: {seconds:.3f} s for {objects} objects, {seconds / objects * 1e6:.0f} us each")


async def _drifts(app: OneApp, wanted: Sequence[Resource], times: int) -> dict[str, list[float]]:
    """Edit one object after the other; how long it takes to be told, and until a look knows what differs."""
    told: asyncio.Queue[float] = asyncio.Queue()

    async def listen() -> None:
        async with aclosing(app.targets.changes(app.target, wanted, timedelta(seconds=1))) as changes:
            async for _ in changes:
                told.put_nowait(time.perf_counter())

    listening = asyncio.create_task(listen())
    await asyncio.sleep(1)
    rung, known = [], []
    maps = [each for each in wanted if each.attributes["kind"] == "ConfigMap"]
    for number in range(times):
        one = maps[number % len(maps)]
        path = app.path("v1", "configmaps", str(one.attributes["name"]))
        begun = await asyncio.to_thread(_edit, app, path, str(number))
        rung.append(await told.get() - begun)
        assert set(await app.fields(one)) == {"data.text"}
        await app.seen(*wanted)
        known.append(time.perf_counter() - begun)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return {"told": rung, "known": known}


def _edit(app: OneApp, path: str, text: str) -> float:
    begun = time.perf_counter()
    app.lab.merge(path, {"data": {"text": text}})
    return begun


def _way(name: str, values: Sequence[float]) -> str:
    shares = ", ".join(f"p{share} {percentile(values, share / 100) * 1000:.0f} ms" for share in (50, 99))
    return f"{name} {shares}, longest {max(values) * 1000:.0f} ms"


if __name__ == "__main__":
    main()
