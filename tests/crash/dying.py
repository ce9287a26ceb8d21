"""``python -m tests.crash.dying WHEN NUMBER``: the real daemon, which kills itself with -9 at a write of its journal.

WHEN is ``before`` or ``after`` the write of that number; the first is 1. Counted is what passes and executions write;
what readers of the journal keep of their own (outbox, checkpoints, output) has crash tests of its own. Nothing else
differs from ``reconciler run``, and the program knows nothing of this.
"""

import os
import signal
import sys
from typing import Any

from reconciler.cli.main import cli
from reconciler.store.journal import SqliteStore

WRITES = ("append", "begin", "claim", "record")


def die_at(when: str, number: int) -> None:
    """Let this process die when it comes to that write."""
    left = {"before": number, "after": number}

    def due(now: str) -> None:
        left[now] -= 1
        if now == when and left[now] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(write: Any) -> Any:
        async def counted(self: SqliteStore, *args: Any, **kwargs: Any) -> Any:
            due("before")
            answer = await write(self, *args, **kwargs)
            due("after")
            return answer

        return counted

    # This process is there to die.
    for name in WRITES:
        setattr(SqliteStore, name, counting(getattr(SqliteStore, name)))


if __name__ == "__main__":
    die_at(sys.argv[1], int(sys.argv[2]))
    cli.main(["run"])
