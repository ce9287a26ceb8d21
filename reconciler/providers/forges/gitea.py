"""Gitea and Forgejo, by the API that they share (docs.gitea.com/api: pulls, issue comments, statuses)."""

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from reconciler.model.forge import Mark, Proposal, PullRequest, Requests
from reconciler.providers.forges.comments import Comment, Comments, OurComment
from reconciler.providers.forges.github import moment
from reconciler.providers.forges.talk import Login, Talk, all_that, perhaps, wanted

LOGIN = Login("Authorization", "token")
_LINE = 255


class Gitea:
    """``ports.forge.Forge`` for a repository of Gitea or Forgejo."""

    def __init__(self, talk: Talk, branch: str, ours: OurComment) -> None:
        self._talk = talk
        self._branch = branch
        self._ours = ours

    async def requests(self) -> Requests:
        """Return the open pull requests against the branch and the newest merged ones."""
        opened = await self._talk.pages("/pulls?state=open&limit=50")
        closed = await self._talk.pages("/pulls?state=closed&sort=recentupdate&limit=50", most=1)
        merged = tuple(each for each in closed if each.get("merged") is True)
        return Requests(
            tuple(all_that(self._against(opened), _request)), tuple(all_that(self._against(merged), _merged))
        )

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
        base, head = quote(self._branch, safe=""), quote(proposal.branch, safe="")
        if known := await self._talk.one(f"/pulls/{base}/{head}"):
            return wanted(known, "html_url")
        body = {"title": proposal.title, "head": proposal.branch, "base": self._branch, "body": proposal.text}
        return wanted(await self._talk.send("POST", "/pulls", body), "html_url")

    def _against(self, said: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        return tuple(each for each in said if perhaps(each, "base", "ref") == self._branch)

    def _comments(self, number: int) -> Comments:
        return Comments(all=partial(self._all, number), add=partial(self._add, number), change=self._change)

    async def _all(self, number: int) -> tuple[Comment, ...]:
        found = await self._talk.pages(f"/issues/{number}/comments")
        return tuple(Comment(wanted(each, "id"), perhaps(each, "body") or "") for each in found)

    async def _add(self, number: int, text: str) -> str:
        return wanted(await self._talk.send("POST", f"/issues/{number}/comments", {"body": text}), "id")

    async def _change(self, comment: str, text: str) -> None:
        await self._talk.send("PATCH", f"/issues/comments/{comment}", {"body": text})


def _request(said: dict[str, Any]) -> PullRequest:
    number = int(wanted(said, "number"))
    return PullRequest(
        number=number,
        head=wanted(said, "head", "sha"),
        ref=f"refs/pull/{number}/head",
        fork=perhaps(said, "head", "repo_id") != wanted(said, "base", "repo_id"),
    )


def _merged(said: dict[str, Any]) -> PullRequest:
    commit, at = wanted(said, "merge_commit_sha"), moment(wanted(said, "merged_at"))
    return replace(_request(said), merged=commit, merged_at=at)
