"""``python -m tests.fuzz [--seconds N] [target...]``: libFuzzer on each target in turn, each in a process of its own.

What it learns stays in .cache/fuzz/<target>/, and is begun with the next time. The first finding ends a target: its
input is told as a case for tests/fuzz/found.yaml.
"""

import argparse
import base64
import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.target import LIMIT
from tests.fuzz.targets import TARGETS

_HERE = Path(".cache/fuzz")
_MEMORY = 1500
_LONGEST = 1 << 14


def main() -> int:
    """Return 1 where something was found."""
    wanted = argparse.ArgumentParser(prog="python -m tests.fuzz")
    wanted.add_argument("--seconds", type=int, default=60, help="for each target")
    wanted.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    wanted.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    given = wanted.parse_args()
    if unknown := set(given.targets) - set(TARGETS):
        wanted.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if given.one:
        _fuzz(given.targets[0], given.seconds)
    found = [_told(name, given.seconds) for name in given.targets or TARGETS]
    return int(any(found))


def _told(name: str, seconds: int) -> bool:
    """Fuzz a target and say what came of it; return whether something was found."""
    folder = _HERE / name
    for part in ("corpus", "found"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for index, seed in enumerate(TARGETS[name].seeds()):
        (folder / "corpus" / f"seed-{index}").write_bytes(seed)
    before = set((folder / "found").iterdir())
    command = (sys.executable, "-m", "tests.fuzz", "--one", "--seconds", str(seconds), name)
    ended = subprocess.run(command, capture_output=True, check=False)
    said = ended.stderr.decode(errors="replace")
    (folder / "log").write_text(said + ended.stdout.decode(errors="replace"))
    runs = re.findall(r"^#(\d+)\s", said, re.MULTILINE) + re.findall(r"Done (\d+) runs", said)
    new = sorted(set((folder / "found").iterdir()) - before)
    outcome = "FOUND" if new else "it did not run" if ended.returncode else "nothing found"
    print(f"{name}: {runs[-1] if runs else 0} runs, {outcome}; see {folder}/log", flush=True)
    for file in new:
        print(f"- {{case: what is wrong, target: {name}, base64: {base64.b64encode(file.read_bytes()).decode()}}}")
    return ended.returncode != 0


def _fuzz(name: str, seconds: int) -> None:
    # From the folder of `make fuzz`, and not among what the project needs.
    import atheris

    folder = _HERE / name
    with atheris.instrument_imports(include=["reconciler"]):
        _again()
        from tests.fuzz.targets import TARGETS as INSTRUMENTED
    options = (
        f"-max_total_time={seconds}",
        f"-timeout={int(LIMIT * 6)}",
        f"-rss_limit_mb={_MEMORY}",
        f"-max_len={_LONGEST}",
        f"-artifact_prefix={folder}/found/",
    )
    atheris.Setup([sys.argv[0], *options, str(folder / "corpus")], INSTRUMENTED[name].run)
    atheris.Fuzz()


def _again() -> None:
    """Forget our modules, so that they are imported anew with what counts their branches."""
    for name in [each for each in sys.modules if each.split(".")[0] in ("reconciler", "tests")]:
        if name != "tests.fuzz.__main__":
            del sys.modules[name]


if __name__ == "__main__":
    sys.exit(main())
