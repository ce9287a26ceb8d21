"""GitLab, by its REST API (docs.gitlab.com/api: merge requests, notes, commit statuses)."""

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from reconciler.model.forge import Mark, Outcome, Proposal, PullRequest, Requests
from reconciler.ports.errors import Refused
from reconciler.providers.forges.comments import Comment, Comments, OurComment
from reconciler.providers.forges.github import moment
from reconciler.providers.forges.talk import Login, Talk, all_that, perhaps, wanted

LOGIN = Login("Authorization", "Bearer")
_LINE = 255
_STATES = {Outcome.PENDING: "running", Outcome.SUCCESS: "success", Outcome.FAILURE: "failed"}


class GitLab:
    """``ports.forge.Forge`` for a project of GitLab."""

    def __init__(self, talk: Talk, branch: str, ours: OurComment) -> None:
        self._talk = talk
        self._branch = branch
        self._ours = ours

    async def requests(self) -> Requests:
        """Return the open merge requests against the branch and the newest merged ones."""
        target = quote(self._branch, safe="")
        opened = await self._talk.pages(f"/merge_requests?state=opened&target_branch={target}&per_page=100")
        merged = await self._talk.pages(
            f"/merge_requests?state=merged&target_branch={target}&order_by=updated_at&sort=desc&per_page=30", most=1
        )
        return Requests(tuple(all_that(opened, _request)), tuple(all_that(merged, _merged)))

    async def comment(self, number: int, text: str) -> None:
        """Have our note on the merge request say this."""
        await self._ours.say(number, text, self._comments(number))

    async def amend(self, number: int, text: str) -> None:
        """Have our note say this where there is one."""
        await self._ours.amend(number, text, self._comments(number))

    async def mark(self, commit: str, mark: Mark) -> None:
        """Set our status of the commit. GitLab refuses a status that is set already; that is as good as setting it."""
        body = {"state": _STATES[mark.outcome], "name": mark.context, "description": mark.line[:_LINE]}
        try:
            await self._talk.send("POST", f"/statuses/{commit}", body)
        except Refused as error:
            if "Cannot transition status" not in str(error):
                raise

    async def propose(self, proposal: Proposal) -> str:
        """Open the merge request unless there is, or was, one from its branch."""
        source = quote(proposal.branch, safe="")
        for each in await self._talk.pages(f"/merge_requests?state=all&source_branch={source}&per_page=1", most=1):
            return wanted(each, "web_url")
        body = {
            "source_branch": proposal.branch,
            "target_branch": self._branch,
            "title": proposal.title,
            "description": proposal.text,
        }
        return wanted(await self._talk.send("POST", "/merge_requests", body), "web_url")

    def _comments(self, number: int) -> Comments:
        notes = f"/merge_requests/{number}/notes"
        return Comments(
            all=partial(self._all, notes), add=partial(self._add, notes), change=partial(self._change, notes)
        )

    async def _all(self, notes: str) -> tuple[Comment, ...]:
        found = await self._talk.pages(f"{notes}?order_by=created_at&sort=asc&per_page=100")
        return tuple(Comment(wanted(each, "id"), perhaps(each, "body") or "") for each in found)

    async def _add(self, notes: str, text: str) -> str:
        return wanted(await self._talk.send("POST", notes, {"body": text}), "id")

    async def _change(self, notes: str, comment: str, text: str) -> None:
        await self._talk.send("PUT", f"{notes}/{comment}", {"body": text})


def _request(said: dict[str, Any]) -> PullRequest:
    number = int(wanted(said, "iid"))
    return PullRequest(
        number=number,
        head=wanted(said, "sha"),
        ref=f"refs/merge-requests/{number}/head",
        fork=perhaps(said, "source_project_id") != wanted(said, "target_project_id"),
    )


def _merged(said: dict[str, Any]) -> PullRequest:
    """A fast-forward has no commit of its own: then it is the squashed one, or the head."""
    request = _request(said)
    commit = perhaps(said, "merge_commit_sha") or perhaps(said, "squash_commit_sha") or request.head
    return replace(request, merged=commit, merged_at=moment(wanted(said, "merged_at")))
