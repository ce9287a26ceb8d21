"""Ask a journal for the newest rollout of one unit, again and again, until told to end: as somebody looks at a status.

python -m bench.asking JOURNAL     # ends when its input does, and prints the seconds each answer took, as JSON
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path

from reconciler.model.identity import UnitId
from reconciler.store.journal import SqliteStore

REST_SECONDS = 0.02
UNIT = UnitId("app7", "bench")


async def asked(path: Path, over: threading.Event) -> list[float]:
    """Return how long each answer took."""
    looking, took = SqliteStore.open_read_only(path), []
    while not over.wait(REST_SECONDS):
        began = time.perf_counter()
        await looking.history.rollouts(UNIT, limit=1)
        took.append(time.perf_counter() - began)
    await looking.close()
    return took


def _until_told(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def main() -> None:
    over = threading.Event()
    threading.Thread(target=_until_told, args=(over,), daemon=True).start()
    print(json.dumps(asyncio.run(asked(Path(sys.argv[1]), over))))


if __name__ == "__main__":
    main()
