"""What is in the repository: tracked files, and files that are not tracked yet but not ignored either."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def files(*patterns: str) -> list[Path]:
    """Return the project's files that match any of the patterns, sorted; all of them when there is no pattern."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = {ROOT / name for name in done.stdout.split("\0") if name}
    return sorted(path for path in paths if path.is_file())


def modules(folder: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield name (from the root) and syntax tree of each module under the folder."""
    for path in files(f"{folder}/*.py"):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(), path)
