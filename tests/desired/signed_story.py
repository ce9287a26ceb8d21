"""A repository whose commits are signed by whom one says, and the question that an admission asks about them."""

import json
import os
import subprocess
from pathlib import Path

from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.history import History
from reconciler.desired.load import Folders
from reconciler.desired.remote import remote
from reconciler.desired.signed_changes import SignedChanges
from tests.desired.repository import Repository
from tests.desired.signing import SshPerson

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.net"
PRODUCTION, STAGING = "desired-state/production/shop.yaml", "desired-state/staging/shop.yaml"


class Story:
    """A repository whose commits are signed by whom one says, and the question that an admission asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = Repository(folder / "fleet")
        self.people = {each: SshPerson.new(folder, each) for each in (ANN, BOB, EVE)}
        self.line = GitLine(remote(str(self.repository.path)), folder / "mirror")
        self.gpg_keys: Path | None = None

    def git(self, *words: str) -> str:
        return self.repository.git(*words)

    def by(self, email: str | None, *words: str) -> str:
        """Commit, or merge, signed by somebody or by nobody; return the id."""
        person = self.people.get(email or "")
        environment = {
            **os.environ,
            **{f"GIT_{who}_{what}": email or EVE for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        command = ["git", *(person.options if person else ()), *words, *(["-S"] if person else [])]
        subprocess.run(command, cwd=self.repository.path, env=environment, check=True, capture_output=True)
        return self.git("rev-parse", "HEAD")

    def commit(self, email: str | None, **files: str) -> str:
        return self.change(
            email, {f"desired-state/{name.replace('__', '/')}.yaml": text for name, text in files.items()}
        )

    def change(self, email: str | None, files: dict[str, str]) -> str:
        for path, text in files.items():
            self.repository.write(path, text.encode())
        self.git("add", "--all")
        return self.by(email, "commit", "--quiet", "--allow-empty", "-m", "change")

    def policy(self, *signers: str, **spec: object) -> str:
        """Return a policy for production with these signers."""
        keys = [{"principal": each, "ssh": self.public(each)} for each in signers]
        fields = {"paths": ["desired-state/production/**", "policies/**"], "signers": keys, **spec}
        return f"kind: SignerPolicy\nmetadata: {{name: production}}\nspec: {json.dumps(fields)}\n"

    def public(self, email: str) -> str:
        key = self.people[email].key
        return " ".join(key.with_name(key.name + ".pub").read_text().split()[:2])

    def begin(self, *signers: str, **spec: object) -> str:
        return self.change(
            None, {"policies/signers.yaml": self.policy(*signers, **spec), PRODUCTION: "1", STAGING: "1"}
        )

    async def asked(self, accepted: str) -> str | None:
        source = GitSource(self.line, "main", ("desired-state", "policies"))
        head = await source.head()
        changes = SignedChanges(source, History(self.line), Folders(), self.gpg_keys)
        return await changes.objection(head.id, accepted)
