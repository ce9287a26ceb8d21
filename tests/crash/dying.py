"""``python -m tests.crash.dying WHEN NUMBER``: the real daemon, which kills itself with -9 at a write of its journal.

WHEN is ``before`` or ``after`` the write of that number; the first is 1. Nothing else differs from ``reconciler run``,
and the program knows nothing of this.
"""

import os
import signal
import sys
from typing import Any

from reconciler.cli.main import cli
from reconciler.store.sqlite import Database


def die_at(when: str, number: int) -> None:
    """Let this process die when it comes to that write."""
    left = {"before": number, "after": number}

    def due(now: str) -> None:
        left[now] -= 1
        if now == when and left[now] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(write: Any) -> Any:
        async def counted(self: Database, *args: Any, **kwargs: Any) -> Any:
            due("before")
            answer = await write(self, *args, **kwargs)
            due("after")
            return answer

        return counted

    # This process is there to die.
    Database.write = counting(Database.write)  # type: ignore[method-assign]
    Database.write_first = counting(Database.write_first)  # type: ignore[method-assign]


if __name__ == "__main__":
    die_at(sys.argv[1], int(sys.argv[2]))
    cli.main(["run"])
