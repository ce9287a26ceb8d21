"""A real Git repository to read commits from."""

import os
import subprocess
from pathlib import Path

_IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.net",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.net",
}


class Repository:
    """A work tree with a branch ``main``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, given: str = "") -> str:
        command = ["git", *arguments]
        environment = {**os.environ, **_IDENTITY}
        done = subprocess.run(
            command, cwd=self.path, env=environment, input=given, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, data: bytes) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def bomb(self, wide: int, deep: int) -> str:
        """Commit a tree of ``wide ** deep`` files that is a few objects; return the commit."""
        kind, made = "blob", self.git("hash-object", "-w", "--stdin-paths", given=".git/HEAD\n")
        for _ in range(deep):
            mode = "100644" if kind == "blob" else "040000"
            made = self.git("mktree", given="".join(f"{mode} {kind} {made}\tfile{each}\n" for each in range(wide)))
            kind = "tree"
        top = self.git("mktree", given=f"040000 tree {made}\tdesired-state\n")
        return self.git("commit-tree", "-m", "bomb", "-p", "HEAD", top)

    def commit(self, subject: str, **files: bytes) -> str:
        for name, data in files.items():
            self.write(f"desired-state/{name}", data)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")
