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
    write, left = Database.write, {"before": number, "after": number}

    def due(now: str) -> None:
        left[now] -= 1
        if now == when and left[now] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def counting(self: Database, *args: Any, **kwargs: Any) -> Any:
        due("before")
        answer = await write(self, *args, **kwargs)
        due("after")
        return answer

    Database.write = counting  # type: ignore[method-assign] # this process is there to die


if __name__ == "__main__":
    die_at(sys.argv[1], int(sys.argv[2]))
    cli.main(["run"])
