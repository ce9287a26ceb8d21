"""Which forge is spoken to how."""

from dataclasses import dataclass
from urllib.parse import quote

from reconciler.model.forge import ForgeKind
from reconciler.ports.forge import Forge
from reconciler.ports.secrets import Secrets
from reconciler.providers.forges import gitea, github, gitlab
from reconciler.providers.forges.comments import OurComment
from reconciler.providers.forges.talk import Talk
from reconciler.providers.http import Http


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where a repository is on a forge: the URL of the API, its name there, our branch, and the token's reference."""

    api: str
    name: str
    branch: str
    token: str


def forge(kind: ForgeKind, repository: Repository, http: Http, secrets: Secrets) -> Forge:
    """Return the forge; ValueError for one that has no pull requests that we know of."""
    ours = OurComment(secrets, repository.name)
    match kind:
        case ForgeKind.GITHUB:
            talk = Talk(http, f"{repository.api}/repos/{repository.name}", github.LOGIN, secrets, repository.token)
            return github.GitHub(talk, repository.name, repository.branch, ours)
        case ForgeKind.GITLAB:
            root = f"{repository.api}/projects/{quote(repository.name, safe='')}"
            return gitlab.GitLab(Talk(http, root, gitlab.LOGIN, secrets, repository.token), repository.branch, ours)
        case ForgeKind.GITEA:
            talk = Talk(http, f"{repository.api}/repos/{repository.name}", gitea.LOGIN, secrets, repository.token)
            return gitea.Gitea(talk, repository.branch, ours)
        case ForgeKind.BITBUCKET:
            raise ValueError("pull requests of Bitbucket are not known; its webhooks are")
