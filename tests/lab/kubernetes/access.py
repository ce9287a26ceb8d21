"""Who may use a cluster, and the papers they show: tokens, client certificates, kubeconfigs."""

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.lab.kubernetes.certificates import Authority, Pair

USERS: Mapping[str, tuple[str, ...]] = {
    "admin": ("system:masters",),
    "viewer": ("lab:viewers",),
    "deployer": (),
    "nobody": (),
}
"""The groups of each user: admin may everything, viewer may read as the ClusterRole view does.

deployer and nobody may nothing; a test gives deployer what it needs by a RoleBinding of its own.
"""


class Access:
    """The papers of all USERS for one cluster at the URL, whose authority this is. They lie in the folder."""

    def __init__(self, folder: Path, url: str, authority: Authority) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._url = url
        self._ca = authority.certificate
        self._tokens = {user: (secrets.token_hex(16), secrets.token_hex(16)) for user in USERS}
        self._pairs = {user: authority.client(user, groups) for user, groups in USERS.items()}
        self.tokens_file = folder / "tokens.csv"
        self.tokens_file.touch(mode=0o600)
        self.tokens_file.write_text(
            "".join(
                f'{token},{user},{user},"{",".join(groups)}"\n'
                for user, groups in USERS.items()
                for token in self._tokens[user]
            )
        )

    def token(self, user: str) -> str:
        """Return the user's token."""
        return self._tokens[user][0]

    def spare_token(self, user: str) -> str:
        """Return another token of the user, that is as good: the one after a rotation."""
        return self._tokens[user][1]

    def certificate(self, user: str) -> Pair:
        """Return the user's client certificate."""
        return self._pairs[user]

    def kubeconfig(self, user: str, url: str | None = None) -> Path:
        """Write a kubeconfig that holds the user's token, and names the authority's file; URL: of a proxy."""
        authority = {"certificate-authority": str(self._ca)}
        return self._write(f"{user}.token", url, authority, {"token": self.token(user)})

    def kubeconfig_by_certificate(self, user: str, url: str | None = None) -> Path:
        """Write a kubeconfig that holds the user's client certificate and the authority's, and names no file."""
        pair = self.certificate(user)
        papers = {"client-certificate-data": _data(pair.certificate), "client-key-data": _data(pair.key)}
        return self._write(f"{user}.certificate", url, {"certificate-authority-data": _data(self._ca)}, papers)

    def _write(self, name: str, url: str | None, authority: dict[str, str], papers: dict[str, str]) -> Path:
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": url or self._url, **authority}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
            "users": [{"name": name, "user": papers}],
        }
        suffix = f".{url.rpartition(':')[2]}" if url else ""
        path = self._folder / f"{name}{suffix}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content))
        return path


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
