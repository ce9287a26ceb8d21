"""``python -m tests.lab``: make everything the lab needs, so that the tests find it ready."""

import sys

from tests.lab import hosts, machine


def main() -> int:
    """Return 0 when the lab is ready, 1 with the reason when this machine cannot run it."""
    reason = machine.obstacle()
    if reason is not None:
        print(reason, file=sys.stderr)  # noqa: T201
        return 1
    with hosts.opened() as lab:
        host = lab.host("trial")
        print(f"the lab is ready: {host.sh('uname -n -r').strip()} booted at {host.address}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
