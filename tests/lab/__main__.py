"""``python -m tests.lab`` makes everything the lab needs, so that tests find it ready; ``stop`` ends what is left."""

import sys

from tests.lab import engine, hosts, machine


def main(words: list[str]) -> int:
    """Return 0 when the lab is ready (or stopped), 1 with the reason when this machine cannot run it."""
    if words == ["stop"]:
        engine.stop_unused()
        return 0
    reason = machine.obstacle()
    if reason is not None:
        print(reason, file=sys.stderr)  # noqa: T201
        return 1
    with hosts.opened() as lab:
        host = lab.host("trial")
        print(f"the lab is ready: {host.sh('uname -n -r').strip()} booted at {host.address}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
