"""Runs what failed in the crowd once more, alone: ``python -m tests.again``. Its status is that of these tests.

A test that passes only alone is a fault, of the test or of the program, and is named as one. But it does not take the
verdict of thousands of others with it: what the crowd was short of was time. Many failures are no matter of time.
"""

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
AT_MOST = 3


def main() -> int:
    """Return 0 when all of few failed tests pass alone."""
    failed = sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []
    if not 0 < len(failed) <= AT_MOST:
        say(f"{len(failed)} tests failed; only 1 to {AT_MOST} are run again")
        return 1
    again = subprocess.run([sys.executable, "-m", "pytest", "-n0", *failed], check=False)
    for name in failed:
        say(f"failed in the crowd{'' if again.returncode else ', passed alone, and has to be mended'}: {name}")
    return again.returncode


def say(line: str) -> None:
    """Print a line that stands out."""
    print(f"=== {line}", flush=True)  # noqa: T201 - it is what this program is for


if __name__ == "__main__":
    sys.exit(main())
