"""Tells a random rollout again: ``python -m tests.properties.replay SEED``."""

import sys
from pprint import pformat

from tests.properties.tale import drawn
from tests.properties.telling import told


def main(seed: int) -> int:
    """Print the tale, its transcript and what was against the rules in it."""
    tale = drawn(seed)
    ended = told(tale)
    lines = (pformat(tale, width=120), "", *ended.transcript, "", f"ends {ended.state}: {ended.versions}")
    sys.stdout.write("\n".join((*lines, *(f"WRONG: {wrong}" for wrong in ended.wrong))) + "\n")
    return 1 if ended.wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
