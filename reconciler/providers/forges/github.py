"""GitHub, by its REST API (docs.github.com/rest: pulls, issue comments, commit statuses)."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from reconciler.model.forge import Mark, Proposal, PullRequest, Requests
from reconciler.ports.errors import Broken
from reconciler.providers.forges.comments import Comment, Comments, OurComment
from reconciler.providers.forges.talk import Login, Talk, all_that, perhaps, wanted

LOGIN = Login(
    "Authorization",
    "Bearer",
    {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
)
_LINE = 140
"""The most characters of a status that GitHub takes."""


class GitHub:
    """``ports.forge.Forge`` for a repository of GitHub, or of a GitHub Enterprise Server."""

    def __init__(self, talk: Talk, repository: str, branch: str, ours: OurComment) -> None:
        self._talk = talk
        self._repository = repository
        self._branch = branch
        self._ours = ours

    async def requests(self) -> Requests:
        """Return the open pull requests against the branch and the newest merged ones."""
        base = quote(self._branch, safe="")
        opened = await self._talk.pages(f"/pulls?state=open&base={base}&per_page=100")
        closed = await self._talk.pages(
            f"/pulls?state=closed&base={base}&sort=updated&direction=desc&per_page=30", most=1
        )
        merged = tuple(each for each in closed if perhaps(each, "merged_at"))
        return Requests(tuple(all_that(opened, self._request)), tuple(all_that(merged, self._merged)))

    async def comment(self, number: int, text: str) -> None:
        """Have our comment on the pull request say this."""
        await self._ours.say(number, text, self._comments(number))

    async def amend(self, number: int, text: str) -> None:
        """Have our comment say this where there is one."""
        await self._ours.amend(number, text, self._comments(number))

    async def mark(self, commit: str, mark: Mark) -> None:
        """Set our status of the commit."""
        body = {"state": str(mark.outcome), "context": mark.context, "description": mark.line[:_LINE]}
        await self._talk.send("POST", f"/statuses/{commit}", body)

    async def propose(self, proposal: Proposal) -> str:
        """Open the pull request unless there is, or was, one from its branch."""
        owner = self._repository.partition("/")[0]
        head = quote(f"{owner}:{proposal.branch}", safe="")
        for each in await self._talk.pages(f"/pulls?state=all&head={head}&per_page=1", most=1):
            return wanted(each, "html_url")
        body = {"title": proposal.title, "head": proposal.branch, "base": self._branch, "body": proposal.text}
        return wanted(await self._talk.send("POST", "/pulls", body), "html_url")

    def _request(self, said: dict[str, Any]) -> PullRequest:
        number = int(wanted(said, "number"))
        return PullRequest(
            number=number,
            head=wanted(said, "head", "sha"),
            ref=f"refs/pull/{number}/head",
            fork=perhaps(said, "head", "repo", "full_name") != wanted(said, "base", "repo", "full_name"),
        )

    def _merged(self, said: dict[str, Any]) -> PullRequest:
        commit, at = wanted(said, "merge_commit_sha"), moment(wanted(said, "merged_at"))
        return replace(self._request(said), merged=commit, merged_at=at)

    def _comments(self, number: int) -> Comments:
        return Comments(
            all=partial(self._all, number),
            add=partial(self._add, number),
            change=self._change,
        )

    async def _all(self, number: int) -> tuple[Comment, ...]:
        found = await self._talk.pages(f"/issues/{number}/comments?per_page=100")
        return tuple(Comment(wanted(each, "id"), perhaps(each, "body") or "") for each in found)

    async def _add(self, number: int, text: str) -> str:
        return wanted(await self._talk.send("POST", f"/issues/{number}/comments", {"body": text}), "id")

    async def _change(self, comment: str, text: str) -> None:
        await self._talk.send("PATCH", f"/issues/comments/{comment}", {"body": text})


def moment(text: str) -> datetime:
    """Read a time as forges write them; raise Broken."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Broken(f"the forge answers a time that is none: {text[:40]!r}") from error
    if found.tzinfo is None:
        raise Broken(f"the forge answers a time without a zone: {text[:40]!r}")
    return found
