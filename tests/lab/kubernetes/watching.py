"""Follow a collection of the API for ever: list it, watch it, and begin anew when that breaks."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

AGAIN = 0.2
"""Seconds until a broken watch is tried again."""

Json = dict[str, Any]


async def follow(client: httpx.AsyncClient, path: str, seen: Callable[[str, Json], None]) -> None:
    """Tell ``seen`` the event (ADDED, MODIFIED, DELETED) and the object, from what is there on; never return.

    What is deleted while the watch is broken is not told.
    """
    while True:
        try:
            version = await _list(client, path, seen)
            await _watch(client, path, version, seen)
        except (httpx.HTTPError, json.JSONDecodeError):
            await asyncio.sleep(AGAIN)


async def _list(client: httpx.AsyncClient, path: str, seen: Callable[[str, Json], None]) -> str:
    answer = (await client.get(path)).raise_for_status().json()
    for item in answer["items"]:
        seen("ADDED", item)
    version: str = answer["metadata"]["resourceVersion"]
    return version


async def _watch(client: httpx.AsyncClient, path: str, version: str, seen: Callable[[str, Json], None]) -> None:
    words = {"watch": "1", "resourceVersion": version}
    async with client.stream("GET", path, params=words, timeout=httpx.Timeout(10, read=None)) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            event = json.loads(line)
            if event["type"] == "ERROR":
                return  # the version is too old: list again
            seen(event["type"], event["object"])
