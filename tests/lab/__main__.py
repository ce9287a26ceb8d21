"""``python -m tests.lab`` makes everything the lab needs, so that tests find it ready.

``hosts`` and ``kubernetes`` make one part of it, and ``stop`` ends what is left.
"""

import signal
import sys
from collections.abc import Callable, Mapping

from tests.lab import engine, hosts, machine
from tests.lab.engine import LabError
from tests.lab.kubernetes import binaries


def main(words: list[str]) -> int:
    """Return 0 when the lab is ready (or stopped), 1 with the reason when this machine cannot run it."""
    if words == ["stop"]:
        engine.stop_unused()
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was begun is ended in order
    try:
        for word in words or PARTS:
            print(f"the lab is ready: {PARTS[word]()}")  # noqa: T201
    except LabError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _hosts() -> str:
    reason = machine.obstacle()
    if reason is not None:
        raise LabError(reason)
    with hosts.opened() as lab:
        host = lab.host("trial")
        return f"{host.sh('uname -n -r').strip()} booted at {host.address}"


def _kubernetes() -> str:
    return f"Kubernetes lies in {binaries.made()}"


PARTS: Mapping[str, Callable[[], str]] = {"hosts": _hosts, "kubernetes": _kubernetes}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
