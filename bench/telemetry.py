"""What telemetry costs: no-op passes over hosts with it and without it, in turns in one process. Prints JSON.

    python -m bench.telemetry HOSTS PASSES ROUNDS

``with`` is what ``reconciler run`` does: stop-watches around hosts, journal and passes, figures counted, and traces,
figures and logs sent to a collector of another process, figures four times as often as a daemon does it, and a scrape
every 15 s. ``without`` is the same world with no stop-watch and no reader. Passes follow each other without a rest. CPU
is of all threads of the process. A round should last for half a minute at least.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from bench import tools
from bench.hosts import Hosts, serving
from reconciler.daemon import wiring
from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.logs import set_up
from reconciler.daemon.one_pass import one_pass
from reconciler.daemon.picture import picture
from reconciler.daemon.settings import Settings
from reconciler.daemon.settle import settle
from reconciler.daemon.telemetry_settings import TelemetrySettings
from reconciler.daemon.telling import telling
from reconciler.daemon.traced import passing
from reconciler.telemetry import table
from reconciler.telemetry.otlp import Collector, Whose
from reconciler.telemetry.sender import Sender

FIRST = 1.5
"""Seconds for what happens once in the life of a daemon: libraries are loaded, the collector is reached."""

WRAPPERS = ("TracedShell", "TracedTargets", "TracedJournal", "TracedLog")


class Taking(BaseHTTPRequestHandler):
    """Takes everything and keeps nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collector() -> Iterator[str]:
    """Have a collector in a process of its own; yields its URL."""
    command = [sys.executable, "-m", "bench.telemetry", "collector"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@asynccontextmanager
async def daemon(settings: Settings, *, told: bool) -> AsyncIterator[wiring.Acting]:
    """Have a daemon's parts, with telemetry or without."""
    kept = {name: getattr(wiring, name) for name in WRAPPERS}
    if not told:
        for name in WRAPPERS:
            setattr(wiring, name, lambda within, _: within)
    try:
        async with AsyncExitStack() as stack:
            parts = await stack.enter_async_context(wiring.acting(settings))
            if told:
                group = await stack.enter_async_context(asyncio.TaskGroup())
                readers = [group.create_task(keep()) for _, keep in telling(parts.sources)]
                readers.append(group.create_task(scraped(parts)))
                stack.callback(lambda: [each.cancel() for each in readers])
            await parts.world.commits.refresh()
            yield parts
    finally:
        for name, wrapper in kept.items():
            setattr(wiring, name, wrapper)


async def scraped(parts: wiring.Acting) -> None:
    """Do what a scrape does, as often as Prometheus does it."""
    sources = parts.sources
    while True:
        await asyncio.sleep(15)
        await sources.figures.text(await picture(sources.store, parts.world.clock.now(), at_work=True))


async def measured(settings: Settings, passes: int, *, told: bool) -> tuple[float, float]:
    """Return CPU and wall seconds of so many passes, the connections open already."""
    async with daemon(settings, told=told) as parts:
        around = partial(passing, parts.sources.recorder) if told else nullcontext
        await settle(parts.world, parts.hands, parts.wake, lambda _: True)
        await asyncio.sleep(FIRST)
        began, busy = time.perf_counter(), time.process_time()
        for _ in range(passes):
            with around():
                await carry_out(await one_pass(parts.world), parts.world, parts.hands)
        return time.process_time() - busy, time.perf_counter() - began


async def pieces(settings: Settings) -> dict[str, float]:
    """Return CPU milliseconds of one stop-watch, one scrape, and figures sent once."""
    async with daemon(settings, told=True) as parts:
        sources, meter = parts.sources, parts.sources.recorder.meter
        await settle(parts.world, parts.hands, parts.wake, lambda _: True)
        await asyncio.sleep(FIRST)

        async def stop_watch() -> None:
            with meter.timed(table.SSH_DURATION, "ask"):
                pass

        async def scrape() -> None:
            await sources.figures.text(await picture(sources.store, parts.world.clock.now(), at_work=True))

        async def send() -> None:
            now = parts.world.clock.now()
            found = await sources.figures.collected(await picture(sources.store, now, at_work=True))
            await sender.send(lambda collector: collector.metrics(found, now))

        whose = Whose(version="1", instance="bench", began=parts.world.clock.now())
        sender = Sender(lambda: Collector(settings.telemetry.otlp, {}, whose))
        await send()
        found = {}
        for work, times in ((stop_watch, 20000), (scrape, 50), (send, 50)):
            busy = time.process_time()
            for _ in range(times):
                await work()
            found[work.__name__] = (time.process_time() - busy) / times * 1000
        sender.close()
        return found


async def main(hosts: int, passes: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, collector() as url:
        made = Hosts(Path(folder), hosts)
        with serving(made):
            work = Path(folder) / "work"
            work.mkdir()
            plain = Settings.load(tools.repository(made, work))
            otlp = TelemetrySettings.model_validate({"otlp": url, "logs": True, "every": "15s"})
            sending = plain.model_copy(update={"telemetry": otlp})
            set_up(plain.log)
            await measured(sending, 2, told=True)
            apart = await pieces(sending)
            found: dict[str, list[tuple[float, float]]] = {"with": [], "without": []}
            for _ in range(rounds):
                found["with"].append(await measured(sending, passes, told=True))
                found["without"].append(await measured(plain, passes, told=False))
    print(json.dumps({**_told(found, hosts, passes), "cpu_ms_of_one": apart}))


def _told(found: dict[str, list[tuple[float, float]]], hosts: int, passes: int) -> dict[str, Any]:
    a_pass = {name: median(each[0] for each in of) / passes * 1000 for name, of in found.items()}
    best = {name: min(each[0] for each in of) / passes * 1000 for name, of in found.items()}
    return {
        "hosts": hosts,
        "cpu_ratio": a_pass["with"] / a_pass["without"],
        "cpu_ratio_of_best": best["with"] / best["without"],
        "cpu_ms_a_pass": a_pass,
        "cpu_ms_a_pass_best": best,
        "rounds": found,
    }


if __name__ == "__main__":
    if sys.argv[1] == "collector":
        server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
    asyncio.run(main(*(int(each) for each in sys.argv[1:4])))
