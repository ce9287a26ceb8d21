"""What is written on pull requests: the plan, why there is none, and how far a merged one has come."""

from reconciler.cli.render import outline
from reconciler.cli.render.review_markdown import code, review_markdown, text
from reconciler.control.clean import clean, shortened
from reconciler.control.phrases import count, short
from reconciler.model.assessment import Review
from reconciler.model.forge import Outcome, Progress

_LINE = 300
_SHOWN = 50
_NOT_LOOKED = (
    "Compared with what the branch says now. Nothing was looked at and nothing was run; after the merge it is planned "
    "anew from what is there."
)
_SIGNS = {Outcome.SUCCESS: "✓", Outcome.FAILURE: "✗", Outcome.PENDING: "…"}


class PullRequestWords:
    """Implements ``daemon.pull_requests.Wording``."""

    def plan(self, review: Review) -> str:
        """Return the comment with the plan."""
        return f"{review_markdown(review)}\n> {_NOT_LOOKED}\n"

    def line(self, review: Review) -> str:
        """Return the plan in a line."""
        return outline.summary(review)

    def obstacle(self, head: str, problems: tuple[str, ...]) -> str:
        """Return the comment that says why there is no plan."""
        shown = "".join(f"- {code(shortened(clean(each), _LINE))}\n" for each in problems[:_SHOWN])
        more = f"- and {len(problems) - _SHOWN} more\n" if len(problems) > _SHOWN else ""
        return f"### reconciler has no plan for {code(short(head))}\n\n{shown}{more}"

    def progress(self, progress: Progress) -> str:
        """Return the comment on a request that was merged."""
        head = f"### reconciler: merged as {code(short(progress.commit))}\n\n**{text(self.rolled_out(progress))}**\n\n"
        if progress.refused:
            shown = progress.refused[:_SHOWN]
            return head + "".join(f"- {code(shortened(clean(each), _LINE))}\n" for each in shown)
        rows = (
            f"| {_SIGNS[row.outcome]} {code(str(row.unit))} | {text(clean(row.word))} | "
            f"{text(shortened(clean(row.detail), _LINE))} |\n"
            for row in progress.rows[:_SHOWN]
        )
        more = f"\nand {len(progress.rows) - _SHOWN} more\n" if len(progress.rows) > _SHOWN else ""
        table = "".join(rows)
        return head + (f"| unit | is | |\n|---|---|---|\n{table}{more}" if table else "")

    def rolled_out(self, progress: Progress) -> str:
        """Return in a line how far it has come."""
        if progress.refused:
            return "The commit is refused; the fleet stays as it was."
        if not progress.rows:
            return "No unit changes."
        done = sum(row.outcome is Outcome.SUCCESS for row in progress.rows)
        failed = [row for row in progress.rows if row.outcome is Outcome.FAILURE]
        told = f"{done} of {count(len(progress.rows), 'unit')} done"
        if not failed:
            return f"{told}."
        first = failed[0]
        why = f": {shortened(clean(first.detail), 80)}" if first.detail else ""
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return f"{told}; {first.unit} {first.word}{why}{more}"
