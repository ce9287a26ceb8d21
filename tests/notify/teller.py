"""A process that tells people by adding lines to a file until it is killed: ``-m tests.notify.teller FOLDER``."""

import asyncio
import sys
from pathlib import Path

from reconciler.ports.channels import Delivered, Outgoing
from tests.notify.telling import HurryingClock, Receiver, saying, telling
from tests.notify.test_delivering import everything


async def main(folder: Path) -> None:
    with (folder / "told").open("a", buffering=1) as told:

        def answers(message: Outgoing) -> Delivered:
            told.write(f"{message.key} {message.notice.thread} {message.notice.detail}\n")
            return Delivered(thread="known")

        following = saying(everything("deploys"))
        async with telling(folder / "journal.db", following, Receiver(answers), HurryingClock(1)):
            print("begun", flush=True)  # noqa: T201 - whoever kills us waits for it
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
