"""Ask a server for one path at a steady rate, whether it answers in time or not; prints what came of it as JSON.

    python -m bench.asking_api PORT TOKEN RATE SECONDS

The time of an answer is counted from when it should have been asked for: who waits for the one before counts too.
"""

import asyncio
import json
import sys
import time

PATH = "/v1/units"
CONNECTIONS = 32


class Asker:
    """One kept connection."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._request = f"GET {PATH} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()

    async def ask_all(self, due: "asyncio.Queue[float | None]", took: list[float], wrong: list[str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while (at := await due.get()) is not None:
            writer.write(self._request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            took.append(time.perf_counter() - at)
            if not head.startswith(b"HTTP/1.1 200 "):
                wrong.append(head.partition(b"\r\n")[0].decode())
        writer.close()


async def asked(port: int, token: str, rate: int, seconds: float) -> dict[str, object]:
    due: asyncio.Queue[float | None] = asyncio.Queue()
    took: list[float] = []
    wrong: list[str] = []
    askers = [asyncio.create_task(Asker(port, token).ask_all(due, took, wrong)) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        at = began + number / rate
        if (early := at - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        due.put_nowait(at)
    for _ in askers:
        due.put_nowait(None)
    await asyncio.gather(*askers)
    return {"took": took, "wrong": wrong, "seconds": time.perf_counter() - began}


def main() -> None:
    port, token, rate, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(asked(int(port), token, int(rate), float(seconds)))))


if __name__ == "__main__":
    main()
