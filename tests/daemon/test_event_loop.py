"""The event loop that the daemon runs in."""

import asyncio
from importlib.util import find_spec

from reconciler.daemon import event_loop


def test_it_is_uvloop_where_that_is_installed_and_asyncios_own_where_not() -> None:
    async def home() -> str:
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    assert event_loop.run(home()) == ("uvloop" if find_spec("uvloop") else "asyncio")
